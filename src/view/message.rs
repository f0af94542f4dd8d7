//! One message of the conversation.

mod again;
mod edit;
mod footer;
mod paint;
mod parts;
mod toolbar;

use leptos::html;
use leptos::prelude::*;
use triptych_protocol::Role;

use self::paint::{Source, paint};
pub(super) use self::toolbar::act;
use crate::app::{App, MessageView};
use crate::locale::Text;
use crate::session::{MessageId, Status};

/// One message. In a long conversation most are empty at first and drawn a little later.
pub(super) fn message(app: App, id: MessageId) -> AnyView {
    let Some((role, view)) = app.message(id) else { return ().into_any() };
    let drawn = view.drawn.clone();
    let name = id.0.to_string();
    if role == Role::User {
        return view! {
            <article class="message user" part="message user" aria-label=app.text(Text::You) data-message=name>
                {move || drawn.get().then(|| said(app, id, view.clone()))}
            </article>
        }
        .into_any();
    }
    let live = {
        let state = view.state.clone();
        Memo::new(move |_| state.with(|state| state.status.is_live()))
    };
    view! {
        <article class="message answer" part="message answer" aria-label=app.text(Text::Copilot)
            aria-busy=move || live.get().to_string() data-message=name
        >
            {move || drawn.get().then(|| answer(app, id, view.clone(), live))}
        </article>
    }
    .into_any()
}

fn said(app: App, id: MessageId, view: MessageView) -> AnyView {
    let editing = Memo::new(move |_| app.signals.editing.get() == Some(id));
    let bar = move || {
        if editing.get() {
            edit::form(app, id)
        } else {
            let text = app.text_from(id, 0);
            view! {
                {super::composer::sent(app, app.attachments_of(id))}
                {(!text.is_empty()).then(|| view! { <p class="bubble" dir="auto">{text}</p> })}
                {toolbar::of_user(app, view.clone())}
            }
            .into_any()
        }
    };
    view! { {bar} }.into_any()
}

fn answer(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> AnyView {
    let body = NodeRef::<html::Div>::new();
    paint(app, id, view.clone(), Source::Text, body);
    let state = view.state.clone();
    let waiting = {
        let state = state.clone();
        Memo::new(move |_| state.with(|state| state.status == Status::Waiting))
    };
    let bar = {
        let view = view.clone();
        move || {
            let silent = view.length.get_untracked() == 0
                && view.state.with_untracked(|state| matches!(state.status, Status::Failed(_)));
            match live.get() {
                true => ().into_any(),
                // There is nothing to copy or to rate, and the failure itself offers another try.
                false if silent => toolbar::of_nothing(app, view.clone()),
                false => toolbar::of_answer(app, view.clone()),
            }
        }
    };
    view! {
        {parts::thoughts(app, id, view.clone(), live)}
        <div class="body" dir="auto" class:live=move || live.get() node_ref=body></div>
        <Show when=move || waiting.get()>
            <div class="thinking"><span></span><span></span><span></span></div>
        </Show>
        {parts::parts(app, state.clone())}
        {move || footer::footer(app, id, state.get())}
        {bar}
    }
    .into_any()
}
