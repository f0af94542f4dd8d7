use leptos::html;
use leptos::prelude::*;
use web_sys::{Element, KeyboardEvent};

use super::toolbar::focus_later;
use crate::app::App;
use crate::locale::Text;
use crate::session::MessageId;

/// A message of the user while it is said differently.
pub(super) fn form(app: App, id: MessageId) -> AnyView {
    let input = NodeRef::<html::Textarea>::new();
    let text = app.text_from(id, 0);
    let rows = text.lines().count().clamp(2, 12).to_string();
    Effect::new(move || {
        if let Some(input) = input.get() {
            let _ = input.focus();
            let end = input.value().encode_utf16().count() as u32;
            let _ = input.set_selection_range(end, end);
        }
    });
    let thread = move || -> Option<Element> {
        let article = input.get_untracked()?.closest("article").ok().flatten()?;
        article.parent_element()
    };
    let cancel = move || {
        focus_later(thread(), Some(format!("article[data-message=\"{}\"] [data-act=edit]", id.0)));
        app.signals.editing.set(None);
    };
    let send = move || {
        let Some(input) = input.get_untracked() else { return };
        if input.value().trim().is_empty() || app.signals.busy.get_untracked() {
            return;
        }
        focus_later(thread().and_then(|thread| thread.parent_element()), None);
        app.edit(id, input.value());
    };
    view! {
        <form class="edit" part="edit"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
            on:keydown=move |event: KeyboardEvent| {
                if event.key() == "Escape" {
                    // It closes this and not the whole window.
                    event.stop_propagation();
                    cancel();
                } else if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                    event.prevent_default();
                    send();
                }
            }
        >
            <textarea class="prompt" dir="auto" rows=rows aria-label=app.text(Text::Edit) prop:value=text node_ref=input></textarea>
            <div class="row">
                <button type="button" class="quiet" on:click=move |_| cancel()>{app.text(Text::EditCancel)}</button>
                <button type="submit" class="quiet strong" disabled=move || app.signals.busy.get()>{app.text(Text::EditSend)}</button>
            </div>
        </form>
    }
    .into_any()
}
