use web_sys::{ClipboardEvent, Event, HtmlTextAreaElement, KeyboardEvent};

use super::attachments::pasted;
use super::commands::Commands;
use crate::app::App;
use crate::config::Mode;
use crate::locale::Text;
use crate::reactive::{Memo, RwSignal, watch};
use crate::recording::put_in;
use crate::view::dom::{El, el, next_frame};

/// The key code of a key that belongs to an input method. Safari still says it for the Enter that ends a choice of
/// characters, when the composition itself is over already.
const OF_INPUT_METHOD: u32 = 229;

/// Where the message is typed.
pub(super) fn textbox(app: App, commands: Commands, refused: Memo<bool>) -> El {
    let signals = app.signals;
    let area = el("textarea", "input");
    let input: HtmlTextAreaElement = area.to();
    // Browsers without `field-sizing` let a copy of the text give the height: nothing is measured.
    let copied = RwSignal::new(false);
    focus_when_wanted(app, &input);
    let typed = input.clone();
    watch(move |_: Option<()>| {
        copied.set(!sizes_itself(&input));
        signals.draft.with(|draft| {
            // Writing what is there already would end a composition in some browsers.
            if input.value() != *draft {
                input.set_value(draft);
            }
        });
    });
    put_in_what_is_said(app, &area.to());
    let most = move || {
        signals
            .chat_form
            .with(|form| form.model().and_then(|model| model.triptych.limits.max_prompt_chars))
            .map(|most| most.to_string())
    };
    let area = area
        .attrs(&[
            ("part", "input"),
            ("rows", "1"),
            ("aria-label", app.text(Text::Message)),
            ("aria-autocomplete", "list"),
            ("aria-haspopup", "listbox"),
            ("enterkeyhint", "send"),
        ])
        .attr_of("aria-controls", move || commands.is_open().then_some("commands"))
        .attr_of("aria-activedescendant", move || commands.active())
        .attr_of("dir", move || (!signals.draft.with(String::is_empty)).then_some("auto"))
        .attr_of("maxlength", most)
        .attr_of("placeholder", move || signals.placeholder.get())
        .on("input", move |_: Event| app.type_draft(typed.value()))
        .on("paste", move |event: ClipboardEvent| {
            pasted(app, &event);
        })
        .on("keydown", move |event: KeyboardEvent| {
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
                super::send(app, refused);
            }
        });
    el("div", "grow").attr_of("data-text", move || copied.get().then(|| signals.draft.get())).child(area)
}

/// A docked widget that the user opened puts the cursor where the typing goes. An inline one never takes the focus
/// until the user does something in it.
fn focus_when_wanted(app: App, input: &HtmlTextAreaElement) {
    let signals = app.signals;
    let opened = input.clone();
    watch(move |before: Option<bool>| {
        let open = signals.open.get() && signals.mode.get() == Mode::Launcher;
        if open && !before.unwrap_or(false) {
            focus(&opened);
        }
        open
    });
    let input = input.clone();
    watch(move |before: Option<u32>| {
        let wanted = signals.desk.cursor.get();
        if before.is_some_and(|before| before != wanted) {
            // What a change makes of the page has to be there first.
            let input = input.clone();
            next_frame(move || focus(&input));
        }
        wanted
    });
}

/// What was written down comes where the cursor is, or was; behind what is marked, as nothing is to be lost.
fn put_in_what_is_said(app: App, input: &HtmlTextAreaElement) {
    let (dictated, input) = (app.signals.voice.dictated, input.clone());
    watch(move |_: Option<()>| {
        let Some(words) = dictated.get() else { return };
        dictated.set(None);
        let cursor = input.selection_end().ok().flatten().unwrap_or(u32::MAX);
        let (draft, cursor) = put_in(&input.value(), cursor, &words);
        input.set_value(&draft);
        let _ = input.set_selection_range(cursor, cursor);
        app.type_draft(draft);
    });
}

fn focus(input: &HtmlTextAreaElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = input.focus_with_options(&options);
    let end = input.value().encode_utf16().count() as u32;
    let _ = input.set_selection_range(end, end);
}

/// Whether the box grows with its text by itself.
fn sizes_itself(input: &HtmlTextAreaElement) -> bool {
    let style = web_sys::HtmlElement::style(input);
    let _ = style.set_property("field-sizing", "content");
    style.get_property_value("field-sizing").is_ok_and(|value| !value.is_empty())
}
