//! What can be done with a message. The buttons have no listeners of their own: one at the conversation hears them all.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::super::composer::microphone::labelled;
use super::super::dom::{El, View, button, dynamic, el, next_frame, truth, when};
use super::super::icon;
use super::super::markdown::{to_clipboard, told};
use crate::app::{App, MessageView};
use crate::credits::price_text;
use crate::locale::Text;
use crate::reactive::Memo;
use crate::session::MessageId;

/// The buttons below a message of the user.
pub(super) fn of_user(app: App, view: MessageView) -> View {
    bar()
        .child(tool(app, "tool", "edit", Text::Edit, icon::edit()))
        .child(tool(app, "tool", "copy", Text::CopyMessage, icon::copy()))
        .child(versions(app, view))
        .view()
}

/// The buttons below an answer.
pub(super) fn of_answer(app: App, id: MessageId, view: MessageView) -> View {
    let rate = |act: &'static str, text: Text, good: bool, icon: View| {
        let state = view.state.clone();
        tool(app, "tool", act, text, icon)
            .attr_of("aria-pressed", move || truth(state.with(|state| state.feedback) == Some(good)))
    };
    bar()
        .child(tool(app, "tool", "copy", Text::CopyAnswer, icon::copy()))
        .child(when(move || app.can_read_aloud(), move || aloud(app, id)))
        .child(rate("good", Text::GoodAnswer, true, icon::good()))
        .child(rate("bad", Text::BadAnswer, false, icon::bad()))
        .child(tool(app, "tool", "again", Text::Regenerate, icon::retry()))
        .child(versions(app, view))
        .view()
}

/// What is left of it below an answer that never came.
pub(super) fn of_nothing(app: App, view: MessageView) -> View {
    bar().child(versions(app, view)).view()
}

fn bar() -> El {
    el("div", "toolbar").attr("part", "toolbar")
}

fn tool(app: App, class: &str, act: &str, text: Text, icon: View) -> El {
    let label = app.text(text);
    button(class).attrs(&[("data-act", act), ("aria-label", label), ("title", label)]).child(icon)
}

/// Reads the answer aloud, and no more of it.
fn aloud(app: App, id: MessageId) -> El {
    let reading = Memo::new(move || app.signals.voice.reading.get() == Some(id));
    let on = move || reading.get();
    let label = Memo::new(move || match reading.get() {
        true => app.text(Text::StopReading).to_owned(),
        false => {
            let price = app.price_aloud(id).map(|price| price_text(app.words(), price));
            labelled(app.text(Text::ReadAloud), price)
        }
    });
    let label = move || label.get();
    let icons = dynamic(move || if on() { icon::stop() } else { icon::speaker() });
    button("tool")
        .attr("data-act", "aloud")
        .class_of("on", on)
        .attr_of("aria-label", label)
        .attr_of("title", label)
        .child(icons)
}

/// The way between versions of a message, where there are several.
fn versions(app: App, view: MessageView) -> View {
    let state = view.state;
    let version = move || state.with(|state| state.version);
    let several = version.clone();
    when(
        move || several().is_some(),
        move || {
            let [label, seen] = [(); 2].map(|()| version.clone());
            let step = |act: &'static str, text: Text, possible: fn((u32, u32)) -> bool, icon: View| {
                let version = version.clone();
                // Not `disabled`, which would take the focus away from whoever comes to the end.
                tool(app, "tool step", act, text, icon)
                    .attr_of("aria-disabled", move || truth(!version().is_some_and(possible)))
            };
            el("div", "versions")
                .attr("role", "group")
                .attr_of("aria-label", move || {
                    let [place, count] = numbers(app, label());
                    app.words().fill(Text::Versions, &[&place, &count])
                })
                .child(step("earlier", Text::EarlierVersion, |(place, _)| place > 1, icon::earlier()))
                .child(
                    el("span", "")
                        .attr("aria-hidden", "true")
                        .text_of(move || numbers(app, seen()).join(" / ")),
                )
                .child(step("later", Text::LaterVersion, |(place, count)| place < count, icon::later()))
        },
    )
}

fn numbers(app: App, version: Option<(u32, u32)>) -> [String; 2] {
    let (place, count) = version.unwrap_or_default();
    [place, count].map(|number| app.words().number(&number.to_string()))
}

/// Does what a button of a message is for, where the click was on one.
pub(in crate::view) fn act(app: App, event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|target| target.closest("[data-act]").ok().flatten()) else { return };
    let Some(article) = button.closest("article").ok().flatten() else { return };
    let name = article.get_attribute("data-message").and_then(|name| name.parse().ok());
    let (Some(id), Some(act)) = (name.map(MessageId), button.get_attribute("data-act")) else { return };
    let transcript = transcript(&article);
    match act.as_str() {
        "copy" => wasm_bindgen_futures::spawn_local(copy(app, id, button)),
        "good" => app.rate(id, true),
        "bad" => app.rate(id, false),
        "aloud" => app.read_aloud(id),
        "edit" => app.signals.editing.set(Some(id)),
        "again" => {
            app.regenerate(id);
            // The answer with the button has given way to the next one.
            focus_later(transcript, None);
        }
        "earlier" | "later" => {
            let Some(other) = app.turn(id, if act == "later" { 1 } else { -1 }) else { return };
            let selector = format!("article[data-message=\"{}\"] [data-act={act}]", other.0);
            focus_later(transcript, Some(selector));
            if let Some(version) = app.version(other) {
                let [place, count] = numbers(app, Some(version));
                app.announce(&app.words().fill(Text::Versions, &[&place, &count]));
            }
        }
        _ => {}
    }
}

/// What a part of a message stands in, which stays where messages give way to others.
pub(super) fn transcript(part: &Element) -> Option<Element> {
    part.closest(".transcript").ok().flatten()
}

/// Moves the focus once the view has followed: to what the selector finds in the element, or to the element.
pub(in crate::view) fn focus_later(element: Option<Element>, selector: Option<String>) {
    next_frame(move || {
        let found = match selector {
            Some(selector) => element.and_then(|element| element.query_selector(&selector).ok().flatten()),
            None => element,
        };
        if let Some(found) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = found.focus_with_options(&options);
        }
    });
}

async fn copy(app: App, id: MessageId, button: Element) {
    let copied = to_clipboard(&app.said(id)).await;
    app.announce(app.text(if copied { Text::Copied } else { Text::CopyFailed }));
    let _ = button.set_attribute("data-done", if copied { "yes" } else { "no" });
    told().await;
    let _ = button.remove_attribute("data-done");
}
