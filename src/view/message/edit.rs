use web_sys::{Event, HtmlTextAreaElement, KeyboardEvent};

use super::super::dom::{View, button, el};
use super::toolbar::{focus_later, transcript};
use crate::app::App;
use crate::locale::Text;
use crate::reactive::watch;
use crate::session::MessageId;

/// A message of the user while it is said differently.
pub(in crate::view) fn form(app: App, id: MessageId) -> View {
    let text = app.text_from(id, 0);
    let rows = text.lines().count().clamp(2, 12).to_string();
    let prompt = el("textarea", "prompt")
        .attrs(&[("dir", "auto"), ("rows", &rows), ("aria-label", app.text(Text::Edit))])
        .prop("value", text);
    let input: HtmlTextAreaElement = prompt.to();
    let (at_submit, at_click) = (input.clone(), input.clone());
    let fresh = input.clone();
    watch(move |_: Option<()>| {
        let _ = fresh.focus();
        let end = fresh.value().encode_utf16().count() as u32;
        let _ = fresh.set_selection_range(end, end);
    });
    let give_up = button("quiet").click(move || cancel(app, id, &at_click)).text(app.text(Text::EditCancel));
    let say = el("button", "quiet strong")
        .attr("type", "submit")
        .attr_of("disabled", move || app.signals.busy.get())
        .text(app.text(Text::EditSend));
    el("form", "edit")
        .attr("part", "edit")
        .on("submit", move |event: Event| {
            event.prevent_default();
            send(app, id, &at_submit);
        })
        .on("keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" {
                // It closes this and not the whole window.
                event.stop_propagation();
                cancel(app, id, &input);
            } else if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                send(app, id, &input);
            }
        })
        .child(prompt)
        .child(el("div", "row").child(give_up).child(say))
        .view()
}

fn cancel(app: App, id: MessageId, input: &HtmlTextAreaElement) {
    focus_later(transcript(input), Some(format!("article[data-message=\"{}\"] [data-act=edit]", id.0)));
    app.signals.editing.set(None);
}

fn send(app: App, id: MessageId, input: &HtmlTextAreaElement) {
    if input.value().trim().is_empty() || app.signals.busy.get_untracked() {
        return;
    }
    focus_later(transcript(input), None);
    app.edit(id, input.value());
}
