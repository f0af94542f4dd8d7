//! What is seen. Views read signals and call methods of `App`; none of them fetches, parses or decides.

mod chat;
mod composer;
mod credits;
mod fields;
mod icon;
mod image;
mod job;
mod launcher;
pub(crate) mod markdown;
mod message;
mod panels;
mod picture;
mod region;
mod resize;
mod send;
mod settings;
mod text;
mod threads;
mod video;

use leptos::html;
use leptos::prelude::*;

pub(crate) use self::markdown::Chunks;
use self::resize::on_resize;
use crate::app::{App, Catalogue};
use crate::config::{Mode, Theme};
use crate::locale::Text;

/// From this width on, in CSS pixels, all panels stand side by side.
const WIDE: i32 = 1_100;

/// The whole widget, drawn anew in another language.
pub(crate) fn copilot(app: App) -> impl IntoView {
    move || {
        app.signals.words.track();
        root(app).into_any()
    }
}

fn root(app: App) -> impl IntoView {
    let signals = app.signals;
    let root = NodeRef::<html::Div>::new();
    let shown = move || signals.mode.get() == Mode::Inline || signals.open.get();
    observe_width(app, root);
    view! {
        <div
            class="copilot"
            class:light=move || signals.theme.get() == Theme::Light
            class:dark=move || signals.theme.get() == Theme::Dark
            class:docked=move || signals.mode.get() == Mode::Launcher
            class:open=shown
            class:wide=move || signals.wide.get()
            lang=app.words().tag()
            dir=move || signals.direction.get()
            node_ref=root
        >
            {launcher::launcher(app)}
            <Show when=shown>{window(app)}</Show>
            <div class="hidden" role="log" aria-live="polite" aria-atomic="true">
                {move || signals.announcement.get()}
            </div>
        </div>
    }
}

fn window(app: App) -> AnyView {
    let signals = app.signals;
    let docked = move || signals.mode.get() == Mode::Launcher;
    view! {
        <section
            class="window"
            part="window"
            role=move || if docked() { "dialog" } else { "region" }
            aria-label=move || signals.heading.get()
            on:keydown=move |event| {
                if event.key() == "Escape" && docked() {
                    event.stop_propagation();
                    app.set_open(false);
                }
                region::move_between(&event);
            }
        >
            <header class="top" part="header" data-region="">
                <span class="mark">{icon::mark()}</span>
                <h2 class="heading">{move || signals.heading.get()}</h2>
                {threads::button(app)}
                {credits::status(app)}
                {settings::settings(app)}
                <Show when=docked>
                    <button type="button" class="icon" aria-label=app.text(Text::Close) on:click=move |_| app.set_open(false)>
                        {icon::close()}
                    </button>
                </Show>
            </header>
            <Show when=move || !signals.online.get()>
                <p class="notice" role="note">{app.text(Text::Offline)}</p>
            </Show>
            {move || match signals.catalogue.get() {
                Catalogue::Failed(failure) => {
                    view! {
                        <div class="notice bad" role="alert">
                            <p>{app.words().failure(&failure)}</p>
                            <button type="button" class="quiet" on:click=move |_| app.reconnect()>{app.text(Text::TryAgain)}</button>
                        </div>
                    }
                        .into_any()
                }
                _ => ().into_any(),
            }}
            {panels::panels(app)}
        </section>
    }
    .into_any()
}

/// Side by side or one at a time follows the widget's own width, whatever the page's is.
fn observe_width(app: App, root: NodeRef<html::Div>) {
    let wide = app.signals.wide;
    on_resize(root, move |element| {
        let is_wide = element.offset_width() >= WIDE;
        if wide.try_get_untracked().is_some_and(|was| was != is_wide) {
            wide.set(is_wide);
        }
    });
}
