use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use triptych_markdown::Stream;
use triptych_protocol::Role;
use wasm_bindgen::JsCast;

use super::icon;
use super::markdown::{Chunks, Painter};
use super::text::{hundredths, receipt};
use crate::app::{App, MessageState, MessageView};
use crate::error::FailureKind;
use crate::locale::Text;
use crate::session::{MessageId, Status};

/// One message.
pub(super) fn message(app: App, id: MessageId) -> AnyView {
    match app.message(id) {
        Some((Role::User, _)) => said(app, app.text_from(id, 0)),
        Some((_, view)) => answer(app, id, view),
        None => ().into_any(),
    }
}

fn said(app: App, text: String) -> AnyView {
    view! {
        <article class="message user" part="message user" aria-label=app.text(Text::You)>
            <p class="bubble" dir="auto">{text}</p>
        </article>
    }
    .into_any()
}

fn answer(app: App, id: MessageId, view: MessageView) -> AnyView {
    let body = NodeRef::<html::Div>::new();
    paint(app, id, view.clone(), body);
    let state = view.state;
    let live = {
        let state = state.clone();
        Memo::new(move |_| state.with(|state| state.status.is_live()))
    };
    let waiting = {
        let state = state.clone();
        Memo::new(move |_| state.with(|state| state.status == Status::Waiting))
    };
    view! {
        <article class="message answer" part="message answer" aria-label=app.text(Text::Copilot) aria-busy=move || live.get().to_string()>
            <div class="body" dir="auto" class:live=move || live.get() node_ref=body></div>
            <Show when=move || waiting.get()>
                <div class="thinking"><span></span><span></span><span></span></div>
            </Show>
            {move || footer(app, id, state.get())}
        </article>
    }
    .into_any()
}

/// Paints what came since the last time. Finished blocks are left alone.
fn paint(app: App, id: MessageId, view: MessageView, body: NodeRef<html::Div>) {
    let painter = StoredValue::new_local(None::<(Painter, Option<Stream>, usize)>);
    let chunks = use_context::<StoredValue<Chunks, LocalStorage>>();
    let chunks = move || chunks.map_or_else(Chunks::none, |chunks| chunks.get_value());
    let announce = move |said: &'static str| app.announce(said);
    Effect::new(move || {
        let length = view.length.get();
        let ended = view.state.with(|state| !state.status.is_live() && state.status != Status::Left);
        let Some(element) = body.get() else { return };
        painter.update_value(|painter| {
            // An answer that counted as ended and goes on after all is painted anew.
            if !ended && painter.as_ref().is_some_and(|(_, stream, _)| stream.is_none()) {
                element.set_text_content(None);
                *painter = None;
            }
            let (painter, stream, done) = painter.get_or_insert_with(|| {
                let painter =
                    Painter::new(element.unchecked_into(), chunks(), app.words(), Rc::new(announce));
                (painter, Some(Stream::new()), 0)
            });
            let Some(words) = stream else { return };
            // A change of state alone paints nothing; the frame that brings the words does. The end waits for none.
            if ended || length > *done {
                let fresh = app.text_from(id, *done);
                *done += fresh.len();
                words.push(&fresh);
                painter.apply(words.edit());
            }
            if ended {
                painter.apply(words.finish());
                *stream = None;
            }
        });
    });
}

fn footer(app: App, id: MessageId, state: MessageState) -> AnyView {
    let words = app.words();
    let retry = move || {
        view! {
            <button type="button" class="quiet" on:click=move |_| app.retry(id)
                disabled=move || app.signals.busy.get()
            >{icon::retry()} {app.text(Text::Retry)}</button>
        }
    };
    let failure = match &state.status {
        Status::Failed(failure) => {
            let again = failure.can_retry().then(retry);
            let class = if failure.kind == FailureKind::Credits { "failure credits" } else { "failure" };
            Some(view! { <div class=class role="alert"><p>{words.failure(failure)}</p>{again}</div> })
        }
        _ => None,
    };
    let remark = match &state.status {
        Status::Resuming => Some(Text::Reconnecting),
        Status::Stopping => Some(Text::Stopping),
        Status::Stopped => Some(Text::Stopped),
        Status::Cut => Some(Text::ReachedLength),
        _ => None,
    };
    let pace = state.pace;
    let first = pace.first_token_seconds().filter(|_| !state.status.is_live());
    let rate = pace.tokens_per_second().filter(|_| !state.status.is_live());
    let details = [
        remark.map(|remark| words.get(remark).to_owned()),
        state.receipt.as_ref().map(|paid| receipt(words, paid)),
        first.map(|seconds| words.fill(Text::FirstToken, &[&words.number(&hundredths(seconds))])),
        rate.map(|rate| words.fill(Text::TokenRate, &[&words.number(&(rate.round() as u64).to_string())])),
    ];
    let details: Vec<_> = details.into_iter().flatten().map(|text| view! { <span>{text}</span> }).collect();
    let details =
        (!details.is_empty()).then(|| view! { <div class="details" part="details">{details}</div> });
    view! { {failure} {details} }.into_any()
}
