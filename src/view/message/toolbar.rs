//! What can be done with a message. The buttons have no listeners of their own: one at the conversation hears them all.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlElement};

use super::super::icon;
use super::super::markdown::{to_clipboard, told};
use crate::app::{App, MessageView};
use crate::locale::Text;
use crate::session::MessageId;

/// The buttons below a message of the user.
pub(super) fn of_user(app: App, view: MessageView) -> AnyView {
    view! {
        <div class="toolbar" part="toolbar">
            {button(app, "edit", Text::Edit, icon::edit())}
            {button(app, "copy", Text::CopyMessage, icon::copy())}
            {versions(app, view)}
        </div>
    }
    .into_any()
}

/// The buttons below an answer.
pub(super) fn of_answer(app: App, view: MessageView) -> AnyView {
    let rated = {
        let state = view.state.clone();
        Memo::new(move |_| state.with(|state| state.feedback))
    };
    let rate = move |act: &'static str, text: Text, good: bool, icon: AnyView| {
        let label = app.text(text);
        view! {
            <button type="button" class="tool" data-act=act aria-label=label title=label
                aria-pressed=move || (rated.get() == Some(good)).to_string()
            >{icon}</button>
        }
    };
    view! {
        <div class="toolbar" part="toolbar">
            {button(app, "copy", Text::CopyAnswer, icon::copy())}
            {rate("good", Text::GoodAnswer, true, icon::good())}
            {rate("bad", Text::BadAnswer, false, icon::bad())}
            {button(app, "again", Text::Regenerate, icon::retry())}
            {versions(app, view)}
        </div>
    }
    .into_any()
}

/// What is left of it below an answer that never came.
pub(super) fn of_nothing(app: App, view: MessageView) -> AnyView {
    view! { <div class="toolbar" part="toolbar">{versions(app, view)}</div> }.into_any()
}

fn button(app: App, act: &'static str, text: Text, icon: AnyView) -> AnyView {
    let label = app.text(text);
    view! {
        <button type="button" class="tool" data-act=act aria-label=label title=label>{icon}</button>
    }
    .into_any()
}

/// The way between versions of a message, where there are several.
fn versions(app: App, view: MessageView) -> impl IntoView {
    let version = Memo::new(move |_| view.state.with(|state| state.version));
    move || {
        version.get().map(|(place, count)| {
            let numbers = [place.to_string(), count.to_string()].map(|number| app.words().number(&number));
            let label = app.words().fill(Text::Versions, &[&numbers[0], &numbers[1]]);
            let step = |act: &'static str, text: Text, possible: bool, icon: AnyView| {
                let label = app.text(text);
                // Not `disabled`, which would take the focus away from whoever comes to the end.
                view! {
                    <button type="button" class="tool step" data-act=act aria-label=label title=label
                        aria-disabled=(!possible).to_string()
                    >{icon}</button>
                }
            };
            view! {
                <div class="versions" role="group" aria-label=label>
                    {step("earlier", Text::EarlierVersion, place > 1, icon::earlier())}
                    <span aria-hidden="true">{format!("{} / {}", numbers[0], numbers[1])}</span>
                    {step("later", Text::LaterVersion, place < count, icon::later())}
                </div>
            }
        })
    }
}

/// Does what a button of a message is for, where the click was on one.
pub(in crate::view) fn act(app: App, event: &Event) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let Some(button) = target.and_then(|target| target.closest("[data-act]").ok().flatten()) else { return };
    let Some(article) = button.closest("article").ok().flatten() else { return };
    let name = article.get_attribute("data-message").and_then(|name| name.parse().ok());
    let (Some(id), Some(act)) = (name.map(MessageId), button.get_attribute("data-act")) else { return };
    let thread = article.parent_element();
    match act.as_str() {
        "copy" => wasm_bindgen_futures::spawn_local(copy(app, id, button)),
        "good" => app.rate(id, true),
        "bad" => app.rate(id, false),
        "edit" => app.signals.editing.set(Some(id)),
        "again" => {
            app.regenerate(id);
            // The answer with the button has given way to the next one.
            focus_later(thread.and_then(|thread| thread.parent_element()), None);
        }
        "earlier" | "later" => {
            let Some(other) = app.turn(id, if act == "later" { 1 } else { -1 }) else { return };
            let selector = format!("article[data-message=\"{}\"] [data-act={act}]", other.0);
            focus_later(thread, Some(selector));
            if let Some(version) = app.version(other) {
                let [place, count] =
                    [version.0, version.1].map(|number| app.words().number(&number.to_string()));
                app.announce(&app.words().fill(Text::Versions, &[&place, &count]));
            }
        }
        _ => {}
    }
}

/// Moves the focus once the view has followed: to what the selector finds in the element, or to the element.
pub(super) fn focus_later(element: Option<Element>, selector: Option<String>) {
    request_animation_frame(move || {
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
