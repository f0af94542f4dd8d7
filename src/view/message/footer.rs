use leptos::prelude::*;

use super::super::icon;
use super::super::text::{hundredths, receipt};
use super::again;
use crate::app::{App, MessageState};
use crate::error::FailureKind;
use crate::locale::Text;
use crate::session::{MessageId, Status};

/// What became of an answer, and what it took.
pub(super) fn footer(app: App, id: MessageId, state: MessageState) -> AnyView {
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
            let told = words.failure(failure);
            Some(
                view! { <div class=class><div role="alert"><p>{told}</p></div>{again::waiting(app, id)}{again}</div> },
            )
        }
        _ => None,
    };
    let remark = match &state.status {
        Status::Resuming => Some(Text::Reconnecting),
        Status::Stopping => Some(Text::Stopping),
        Status::Left => Some(Text::RunningAtServer),
        Status::Stopped => Some(Text::Stopped),
        Status::Cut => Some(Text::ReachedLength),
        _ => None,
    };
    let pace = state.pace;
    let first = pace.first_token_seconds().filter(|_| !state.status.is_live());
    let rate = pace.tokens_per_second().filter(|_| !state.status.is_live());
    let usage = state.usage.filter(|_| !state.status.is_live()).map(|usage| {
        let count = |tokens: u64| words.number(&tokens.to_string());
        words.fill(Text::TokensInOut, &[&count(usage.prompt_tokens), &count(usage.completion_tokens)])
    });
    let watch = (state.status == Status::Left).then(|| {
        view! {
            <button type="button" class="quiet" on:click=move |_| app.watch_answer()>{app.text(Text::Watch)}</button>
        }
    });
    let details = [
        remark.map(|remark| words.get(remark).to_owned()),
        state.receipt.as_ref().map(|paid| receipt(words, paid)),
        usage,
        first.map(|seconds| words.fill(Text::FirstToken, &[&words.number(&hundredths(seconds))])),
        rate.map(|rate| words.fill(Text::TokenRate, &[&words.number(&(rate.round() as u64).to_string())])),
    ];
    let details: Vec<_> = details.into_iter().flatten().map(|text| view! { <span>{text}</span> }).collect();
    let details =
        (!details.is_empty()).then(|| view! { <div class="details" part="details">{details} {watch}</div> });
    view! { {failure} {details} }.into_any()
}
