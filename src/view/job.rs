use std::cell::Cell;

use triptych_protocol::{Credits, Receipt, Video, VideoStatus};

use super::dom::{El, View, button, each, el, item, when};
use super::text::{elapsed, receipt, safe_link};
use super::{icon, picture};
use crate::app::App;
use crate::credits::{grouped, price_text};
use crate::error::Failure;
use crate::jobs::{Job, JobId, Phase};
use crate::locale::{Text, Words};
use crate::reactive::ArcRwSignal;

/// One video job, which is asked about every few seconds: only what has changed is drawn anew.
pub(super) fn job(app: App, id: JobId) -> El {
    let Some(job) = app.job_view(id) else { return el("article", "") };
    let prompt = job.with_untracked(|job| job.request.prompt.clone());
    let caption = el("p", "caption").attr("dir", "auto").text(&prompt);
    el("article", "card")
        .attrs(&[("part", "card"), ("aria-label", app.text(Text::Clip))])
        .child(player(app, job.clone(), prompt))
        .child(refused(app, id, job.clone()))
        .child(progress(app, job.clone()))
        .child(failed(app, job.clone()))
        .child(caption)
        .child(details(app, id, job))
}

/// The player is drawn once: it must not start anew when the job is asked about again.
fn player(app: App, job: ArcRwSignal<Job>, prompt: String) -> View {
    let url =
        move || job.with(|job| job.video.as_ref().and_then(|video| video.url.as_deref()).and_then(safe_link));
    let (made, there) = (url.clone(), Cell::new(false));
    let is_there = move || {
        there.set(there.get() || made().is_some());
        there.get()
    };
    when(is_there, move || {
        let url = url().unwrap_or_default();
        let video = el("video", "").attrs(&[
            ("src", &url),
            ("controls", ""),
            ("playsinline", ""),
            ("preload", "metadata"),
            ("aria-label", &prompt),
        ]);
        el("figure", "picture").attr("part", "clip").child(video).child(picture::download(app, &url))
    })
}

fn refused(app: App, id: JobId, job: ArcRwSignal<Job>) -> View {
    let failure = move || -> Option<Failure> {
        job.with(|job| match &job.phase {
            Phase::Refused(failure) => Some(failure.clone()),
            _ => None,
        })
    };
    let any = failure.clone();
    when(
        move || any().is_some(),
        move || {
            let (told, retry) = (failure.clone(), failure.clone());
            let told = move || told().map_or_else(String::new, |failure| app.words().failure(&failure));
            let again = when(
                move || retry().is_some_and(|failure| failure.can_retry()),
                move || {
                    button("quiet")
                        .click(move || app.retry_job(id))
                        .child(icon::retry())
                        .text(app.text(Text::Retry))
                },
            );
            el("div", "failure")
                .attr("role", "alert")
                .child(el("p", "").text_of(told))
                .child(again)
                .child(remove(app, id))
        },
    )
}

/// Progress as the server gives it, and never a number that nobody knows.
fn progress(app: App, job: ArcRwSignal<Job>) -> View {
    let stage = {
        let job = job.clone();
        move || job.with(|job| stage(app.words(), job))
    };
    let any = stage.clone();
    when(
        move || any().is_some(),
        move || {
            let (percent, text) = (stage.clone(), stage.clone());
            let text = move || text().map(|(text, _)| text).unwrap_or_default();
            let job = job.clone();
            let clock = move || elapsed(app.signals.now.get() - job.with(Job::started_at));
            let row = el("div", "row")
                .child(el("span", "phase").text_of(text.clone()))
                .child(el("span", "clock").text_of(clock));
            let bar = el("progress", "")
                .attr("max", "100")
                .attr_of("value", move || percent()?.1.map(|percent| percent.to_string()))
                .attr_of("aria-label", text);
            el("div", "progress").child(row).child(bar)
        },
    )
}

/// How far a job is that goes on, in words and where it is known in percent.
fn stage(words: Words, job: &Job) -> Option<(String, Option<u8>)> {
    if matches!(job.phase, Phase::Refused(_)) {
        return None;
    }
    let Some(video) = &job.video else { return Some((words.get(Text::Sending).to_owned(), None)) };
    match video.status {
        VideoStatus::Queued => {
            let place = video.queue_position.map_or(words.get(Text::Waiting).to_owned(), |place| {
                words.fill(Text::WaitingPlace, &[&words.number(&place.to_string())])
            });
            Some((place, None))
        }
        VideoStatus::InProgress => {
            let progress = (video.progress > 0).then_some(video.progress.min(100));
            let text = progress.map_or(words.get(Text::BeingMade).to_owned(), |percent| {
                words.fill(Text::BeingMadePercent, &[&words.number(&percent.to_string())])
            });
            Some((text, progress))
        }
        VideoStatus::Completed | VideoStatus::Failed | VideoStatus::Cancelled => None,
    }
}

fn failed(app: App, job: ArcRwSignal<Job>) -> View {
    let reason = move || job.with(|job| reason(app.words(), job));
    let any = reason.clone();
    when(
        move || any().is_some(),
        move || {
            let reason = reason.clone();
            el("div", "failure").child(el("p", "").text_of(move || reason().unwrap_or_default()))
        },
    )
}

/// Why there is no clip although the server took the job.
fn reason(words: Words, job: &Job) -> Option<String> {
    let video = job.video.as_ref().filter(|_| !matches!(job.phase, Phase::Refused(_)))?;
    matches!(video.status, VideoStatus::Failed | VideoStatus::Cancelled).then(|| {
        let error = video.error.as_ref();
        error.map_or(words.get(Text::ClipCancelled).to_owned(), |error| error.message.clone())
    })
}

fn details(app: App, id: JobId, job: ArcRwSignal<Job>) -> El {
    el("div", "details").attr("part", "details").child(each(move || {
        job.with(|job| {
            let words = app.words();
            let trouble = match job.phase {
                Phase::Unreachable(_) => Some(Text::AskingAgain),
                Phase::Cancelling => Some(Text::Cancelling),
                _ => None,
            };
            let texts =
                [Some(shape(words, job)), cost(words, job), trouble.map(|text| words.get(text).to_owned())];
            // The keys of the buttons are such that no text begins with them.
            let button = if job.can_cancel() {
                Some(item("\0cancel", move || {
                    button("quiet").click(move || app.cancel_job(id)).text(app.text(Text::Cancel))
                }))
            } else if job.phase != Phase::Cancelling
                && job.video.as_ref().is_some_and(|video| video.status.is_final())
            {
                Some(item("\0remove", move || remove(app, id)))
            } else {
                None
            };
            let texts = texts.into_iter().flatten();
            texts.map(|text| item(text.clone(), move || el("span", "").text(&text))).chain(button).collect()
        })
    }))
}

fn remove(app: App, id: JobId) -> El {
    button("quiet").click(move || app.remove_job(id)).text(app.text(Text::Remove))
}

fn shape(words: Words, job: &Job) -> String {
    let seconds = |count: &str| words.fill(Text::Seconds, &[&words.number(count)]);
    let shape = match &job.video {
        Some(video) => [video.resolution.clone(), video.aspect_ratio.clone(), Some(seconds(&video.seconds))],
        None => [
            job.request.resolution.clone(),
            job.request.aspect_ratio.clone(),
            job.request.duration.map(|count| seconds(&count.to_string())),
        ],
    };
    shape.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn cost(words: Words, job: &Job) -> Option<String> {
    let estimate = || job.estimate.map(|estimate| words.fill(Text::Holding, &[&price_text(words, estimate)]));
    match job.video.as_ref().and_then(|video: &Video| video.cost) {
        Some(cost) => Some(match cost.charged {
            Some(charged) if charged == Credits::ZERO => {
                words.fill(Text::AllReturned, &[&grouped(words, cost.estimated)])
            }
            Some(charged) => receipt(words, &Receipt::new(cost.estimated, charged)),
            None => {
                words.fill(Text::Holding, &[&words.plural(Text::PriceExact, &cost.estimated.to_string())])
            }
        }),
        None if matches!(job.phase, Phase::Refused(_)) => None,
        None => estimate(),
    }
}
