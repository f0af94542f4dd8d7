use leptos::html;
use leptos::prelude::*;

use super::resize::on_resize;
use super::{composer, icon, message};
use crate::app::App;
use crate::locale::Text;

/// How near to the end, in CSS pixels, counts as reading the end.
const NEAR: i32 = 48;

/// The conversation.
pub(super) fn panel(app: App) -> impl IntoView {
    let signals = app.signals;
    let transcript = NodeRef::<html::Div>::new();
    let at_end = RwSignal::new(true);
    // The end as it was last shown. The browser moves back a little by itself where a line was taken back.
    let top = StoredValue::new_local(0);
    let empty = move || signals.messages.with(Vec::is_empty);
    let to_end = move || {
        if let Some(element) = transcript.get_untracked() {
            element.set_scroll_top(element.scroll_height());
            top.set_value(element.scroll_top());
        }
    };
    let thread = NodeRef::<html::Div>::new();
    // New words, and a composer that grows, keep the end in view only where the reader is at the end already.
    let follow = move |_: &_| {
        if at_end.try_get_untracked() == Some(true) {
            to_end();
        }
    };
    on_resize(thread, follow);
    on_resize(transcript, follow);
    Effect::new(move |before: Option<usize>| {
        let count = signals.messages.with(Vec::len);
        if before.is_some_and(|before| count > before) {
            at_end.set(true);
        }
        count
    });
    view! {
        <div
            class="transcript"
            data-region=""
            part="transcript"
            role="log"
            aria-label=app.text(Text::Conversation)
            aria-live="off"
            tabindex="0"
            node_ref=transcript
            on:dragenter=move |event| composer::drag_enters(app, &event)
            on:scroll=move |_| {
                if let Some(element) = transcript.get_untracked() {
                    let place = element.scroll_top();
                    let rest = element.scroll_height() - place - element.client_height();
                    // Only a reader scrolls back. A window that has become smaller is followed in a moment.
                    let back = place + NEAR < top.get_value();
                    let now = rest < NEAR || (at_end.get_untracked() && !back);
                    if rest < NEAR {
                        top.set_value(place);
                    }
                    if at_end.get_untracked() != now {
                        at_end.set(now);
                    }
                }
            }
        >
            <div class="thread" class:busy=move || signals.busy.get() node_ref=thread
                on:click=move |event| message::act(app, &event)
            >
                <Show when=empty>
                    <div class="empty">
                        <span class="badge">{icon::mark()}</span>
                        <p class="greeting">{move || signals.greeting.get()}</p>
                        <p class="hint">
                            {move || (!signals.wallet.with(|wallet| wallet.is_free())).then(|| [app.text(Text::CostHint), " "])}
                            {app.text(Text::SendHint)}
                        </p>
                        {suggestions(app)}
                    </div>
                </Show>
                <For each=move || signals.messages.get() key=move |id| (signals.thread.get_untracked(), *id) let:id>
                    {message::message(app, id)}
                </For>
            </div>
        </div>
        <div class="foot">
            <Show when=move || !at_end.get() && !empty()>
                <button type="button" class="to-end" aria-label=app.text(Text::ToNewest) on:click=move |_| to_end()>
                    {icon::down()}
                </button>
            </Show>
            {composer::composer(app)}
        </div>
        {composer::drop_zone(app)}
    }
}

/// What the page offers to ask: the words go into the composer, and the user sends them.
fn suggestions(app: App) -> AnyView {
    let suggestions = app.signals.desk.suggestions;
    view! {
        <Show when=move || suggestions.with(|all| !all.is_empty())>
            <div class="suggestions" part="suggestions">
                <For each=move || suggestions.get() key=String::clone let:text>
                    <button type="button" class="quiet" part="suggestion" dir="auto"
                        on:click={ let text = text.clone(); move |_| app.fill_draft(text.clone()) }
                    >{text.clone()}</button>
                </For>
            </div>
        </Show>
    }
    .into_any()
}
