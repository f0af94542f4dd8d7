//! What is seen. Views read signals and call methods of `App`; none of them fetches, parses or decides.

mod chat;
mod composer;
mod credits;
mod dom;
mod fields;
mod icon;
mod image;
mod job;
mod launcher;
pub(crate) mod markdown;
mod message;
mod panels;
mod part;
mod picture;
mod region;
mod resize;
mod results;
mod send;
mod settings;
mod text;
mod threads;
mod video;

use reactive_graph::graph::untrack;
use web_sys::{HtmlElement, KeyboardEvent};

use self::dom::{El, View, button, dynamic, el, nothing, when};
pub(crate) use self::markdown::Chunks;
use self::resize::on_resize;
use crate::app::{App, Catalogue};
use crate::config::{Mode, Theme};
use crate::locale::Text;

/// From this width on, in CSS pixels, all panels stand side by side.
const WIDE: i32 = 1_100;

/// The whole widget, drawn anew in another language.
pub(crate) fn copilot(app: App) -> web_sys::Node {
    let whole = dynamic(move || {
        app.signals.words.track();
        untrack(|| root(app))
    });
    whole.0
}

fn root(app: App) -> El {
    let signals = app.signals;
    let shown = move || signals.mode.get() == Mode::Inline || signals.open.get();
    let root = el("div", "copilot")
        .class_of("light", move || signals.theme.get() == Theme::Light)
        .class_of("dark", move || signals.theme.get() == Theme::Dark)
        .class_of("docked", move || signals.mode.get() == Mode::Launcher)
        .class_of("open", shown)
        .class_of("wide", move || signals.wide.get())
        .attr("lang", app.words().tag())
        .attr_of("dir", move || signals.direction.get())
        .child(launcher::launcher(app))
        .child(when(shown, move || window(app)))
        .child(
            el("div", "hidden")
                .attrs(&[("role", "log"), ("aria-live", "polite"), ("aria-atomic", "true")])
                .text_of(move || signals.announcement.get()),
        );
    observe_width(app, &root.html());
    root
}

fn window(app: App) -> El {
    let signals = app.signals;
    let docked = move || signals.mode.get() == Mode::Launcher;
    el("section", "window")
        .attr("part", "window")
        .attr_of("role", move || if docked() { "dialog" } else { "region" })
        .attr_of("aria-label", move || signals.heading.get())
        .on("keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                if app.hush() {
                    event.stop_propagation();
                } else if docked() {
                    event.stop_propagation();
                    app.set_open(false);
                }
            }
            region::move_between(&event);
        })
        .child(
            el("header", "top")
                .attrs(&[("part", "header"), ("data-region", "")])
                .child(el("span", "mark").child(icon::mark()))
                .child(el("h2", "heading").text_of(move || signals.heading.get()))
                .child(threads::opener(app))
                .child(credits::status(app))
                .child(settings::settings(app))
                .child(when(docked, move || {
                    let close = button("icon").attr("aria-label", app.text(Text::Close));
                    close.click(move || app.set_open(false)).child(icon::close())
                })),
        )
        .child(when(
            move || !signals.online.get(),
            move || el("p", "notice").attr("role", "note").text(app.text(Text::Offline)),
        ))
        .child(dynamic(move || failure(app)))
        .child(panels::panels(app))
}

/// Why there is nothing to choose from, and another try.
fn failure(app: App) -> View {
    let Catalogue::Failed(failure) = app.signals.catalogue.get() else { return nothing() };
    el("div", "notice bad")
        .attr("role", "alert")
        .child(el("p", "").text(&app.words().failure(&failure)))
        .child(button("quiet").text(app.text(Text::TryAgain)).click(move || app.reconnect()))
        .view()
}

/// Side by side or one at a time follows the widget's own width, whatever the page's is.
fn observe_width(app: App, root: &HtmlElement) {
    let wide = app.signals.wide;
    on_resize(root, move |element| {
        let is_wide = element.offset_width() >= WIDE;
        if wide.try_get_untracked().is_some_and(|was| was != is_wide) {
            wide.set(is_wide);
        }
    });
}
