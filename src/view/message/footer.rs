use super::super::dom::{El, View, button, each, el, group, item, when};
use super::super::icon;
use super::super::text::{hundredths, receipt};
use super::again;
use crate::app::{App, MessageState};
use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::reactive::ArcRwSignal;
use crate::session::{MessageId, Status};

/// What became of an answer, and what it took.
pub(super) fn footer(app: App, id: MessageId, state: ArcRwSignal<MessageState>) -> View {
    let failure = {
        let state = state.clone();
        move || state.with(failure)
    };
    let any = {
        let state = state.clone();
        move || state.with(|state| !details(app, state).is_empty())
    };
    let failed = {
        let failure = failure.clone();
        move || failure().is_some()
    };
    group([
        when(failed, move || {
            let [kind, told, retry] = [(); 3].map(|()| failure.clone());
            let told = move || told().map_or_else(String::new, |failure| app.words().failure(&failure));
            el("div", "failure")
                .class_of("credits", move || {
                    kind().is_some_and(|failure| failure.kind == FailureKind::Credits)
                })
                .child(el("div", "").attr("role", "alert").child(el("p", "").text_of(told)))
                .child(again::waiting(app, id))
                .child(when(
                    move || retry().is_some_and(|failure| failure.can_retry()),
                    move || {
                        button("quiet")
                            .attr_of("disabled", move || app.signals.busy.get())
                            .click(move || app.retry(id))
                            .child(icon::retry())
                            .text(app.text(Text::Retry))
                    },
                ))
        }),
        when(any, move || numbers(app, state.clone())),
    ])
}

fn failure(state: &MessageState) -> Option<Failure> {
    match &state.status {
        Status::Failed(failure) => Some(failure.clone()),
        _ => None,
    }
}

fn numbers(app: App, state: ArcRwSignal<MessageState>) -> El {
    el("div", "details").attr("part", "details").child(each(move || {
        state.with(|state| {
            let details = details(app, state).into_iter();
            let watch = (state.status == Status::Left).then(|| {
                item("", move || {
                    button("quiet").click(move || app.watch_answer()).text(app.text(Text::Watch))
                })
            });
            details.map(|text| item(text.clone(), move || el("span", "").text(&text))).chain(watch).collect()
        })
    }))
}

fn details(app: App, state: &MessageState) -> Vec<String> {
    let words = app.words();
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
    let details = [
        remark.map(|remark| words.get(remark).to_owned()),
        state.receipt.as_ref().map(|paid| receipt(words, paid)),
        usage,
        first.map(|seconds| words.fill(Text::FirstToken, &[&words.number(&hundredths(seconds))])),
        rate.map(|rate| words.fill(Text::TokenRate, &[&words.number(&(rate.round() as u64).to_string())])),
    ];
    details.into_iter().flatten().collect()
}
