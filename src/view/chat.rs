use leptos::html;
use leptos::prelude::*;

use super::{composer, icon, message};
use crate::app::App;

/// How near to the end, in CSS pixels, counts as reading the end.
const NEAR: i32 = 48;

/// The conversation.
pub(super) fn panel(app: App) -> impl IntoView {
    let signals = app.signals;
    let transcript = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    let empty = move || signals.messages.with(Vec::is_empty);
    let to_end = move || {
        if let Some(element) = transcript.get_untracked() {
            element.set_scroll_top(element.scroll_height());
        }
    };
    // New words keep the end in view only where the reader is at the end already.
    let follow = Callback::new(move |()| {
        if at_end.get_untracked() {
            to_end();
        }
    });
    Effect::new(move |before: Option<usize>| {
        let count = signals.messages.with(Vec::len);
        if before.is_some_and(|before| count > before) {
            at_end.set(true);
            request_animation_frame(to_end);
        }
        count
    });
    view! {
        <div
            class="transcript"
            part="transcript"
            role="log"
            aria-label="Conversation"
            aria-live="off"
            tabindex="0"
            node_ref=transcript
            on:scroll=move |_| {
                if let Some(element) = transcript.get_untracked() {
                    let rest = element.scroll_height() - element.scroll_top() - element.client_height();
                    let now = rest < NEAR;
                    if at_end.get_untracked() != now {
                        at_end.set(now);
                    }
                }
            }
        >
            <Show when=empty>
                <div class="empty">
                    <span class="badge">{icon::mark()}</span>
                    <p class="greeting">{move || signals.greeting.get()}</p>
                    <p class="hint">"Each answer shows what it cost. Nothing is sent before you press Send."</p>
                </div>
            </Show>
            <For each=move || signals.messages.get() key=|id| *id let:id>
                {message::message(app, id, follow)}
            </For>
        </div>
        <Show when=move || !at_end.get() && !empty()>
            <button type="button" class="to-end" aria-label="Go to the newest message" on:click=move |_| to_end()>
                {icon::down()}
            </button>
        </Show>
        {composer::composer(app)}
    }
}
