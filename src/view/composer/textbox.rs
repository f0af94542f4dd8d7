use leptos::html;
use leptos::prelude::*;
use web_sys::{HtmlTextAreaElement, KeyboardEvent};

use super::attachments::pasted;
use super::commands::Commands;
use crate::app::App;
use crate::config::Mode;
use crate::locale::Text;

/// The key code of a key that belongs to an input method. Safari still says it for the Enter that ends a choice of
/// characters, when the composition itself is over already.
const OF_INPUT_METHOD: u32 = 229;

/// Where the message is typed.
pub(super) fn textbox(app: App, commands: Commands, send: impl Fn() + Copy + 'static) -> impl IntoView {
    let signals = app.signals;
    let input = NodeRef::<html::Textarea>::new();
    // Browsers without `field-sizing` let a copy of the text give the height: nothing is measured.
    let copied = RwSignal::new(false);
    focus_when_wanted(app, input);
    Effect::new(move || {
        let Some(input) = input.get() else { return };
        copied.set(!sizes_itself(&input));
        signals.draft.with(|draft| {
            // Writing what is there already would end a composition in some browsers.
            if input.value() != *draft {
                input.set_value(draft);
            }
        });
    });
    let most = move || {
        signals
            .chat_form
            .with(|form| form.model().and_then(|model| model.triptych.limits.max_prompt_chars))
            .map(|most| most.to_string())
    };
    view! {
        <div class="grow" data-text=move || copied.get().then(|| signals.draft.get())>
            <textarea
                class="input"
                part="input"
                rows="1"
                aria-label=app.text(Text::Message)
                aria-autocomplete="list"
                aria-haspopup="listbox"
                aria-controls=move || commands.is_open().then_some("commands")
                aria-activedescendant=move || commands.active()
                dir=move || (!signals.draft.with(String::is_empty)).then_some("auto")
                enterkeyhint="send"
                maxlength=most
                placeholder=move || signals.placeholder.get()
                node_ref=input
                on:input=move |event| app.type_draft(event_target_value(&event))
                on:paste=move |event| {
                    pasted(app, &event);
                }
                on:keydown=move |event: KeyboardEvent| {
                    if event.is_composing() || event.key_code() == OF_INPUT_METHOD {
                        return;
                    }
                    let key = event.key();
                    if !event.shift_key() && commands.takes_key(&key) {
                        event.prevent_default();
                        event.stop_propagation();
                    } else if key == "ArrowUp" && signals.draft.with_untracked(String::is_empty) {
                        if app.edit_last() {
                            event.prevent_default();
                        }
                    } else if key == "Enter" && !event.shift_key() {
                        event.prevent_default();
                        send();
                    }
                }
            ></textarea>
        </div>
    }
}

/// A docked widget that the user opened puts the cursor where the typing goes. An inline one never takes the focus
/// until the user does something in it.
fn focus_when_wanted(app: App, input: NodeRef<html::Textarea>) {
    let signals = app.signals;
    let focus = move || {
        if let Some(input) = input.get_untracked() {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = input.focus_with_options(&options);
            let end = input.value().encode_utf16().count() as u32;
            let _ = input.set_selection_range(end, end);
        }
    };
    Effect::new(move |before: Option<bool>| {
        let open = signals.open.get() && signals.mode.get() == Mode::Launcher;
        if open && !before.unwrap_or(false) && input.get().is_some() {
            focus();
        }
        open
    });
    Effect::new(move |before: Option<u32>| {
        let wanted = signals.desk.cursor.get();
        if before.is_some_and(|before| before != wanted) {
            // What a change makes of the page has to be there first.
            request_animation_frame(focus);
        }
        wanted
    });
}

/// Whether the box grows with its text by itself.
fn sizes_itself(input: &HtmlTextAreaElement) -> bool {
    let style = web_sys::HtmlElement::style(input);
    let _ = style.set_property("field-sizing", "content");
    style.get_property_value("field-sizing").is_ok_and(|value| !value.is_empty())
}
