use leptos::prelude::*;
use triptych_protocol::{Credits, Receipt, Video, VideoStatus};

use super::icon;
use super::text::{download_link, elapsed, receipt, safe_link};
use crate::app::App;
use crate::credits::{grouped, price_text};
use crate::jobs::{Job, JobId, Phase};
use crate::locale::{Text, Words};

/// One video job. The player is drawn once: it must not start anew when the job is asked about again.
pub(super) fn job(app: App, id: JobId) -> AnyView {
    let Some(job) = app.job_view(id) else { return ().into_any() };
    let clip = {
        let job = job.clone();
        Memo::new(move |before: Option<&Option<String>>| {
            let url = job.with(|job| job.video.as_ref().and_then(|video| video.url.clone()));
            before.and_then(Clone::clone).or(url)
        })
    };
    let prompt = job.with_untracked(|job| job.request.prompt.clone());
    let alt = prompt.clone();
    view! {
        <article class="card" part="card" aria-label=app.text(Text::Clip)>
            {move || clip.get().as_deref().and_then(safe_link).map(|url| player(app, url, &alt))}
            {
                let job = job.clone();
                move || progress(app, &job.get())
            }
            <p class="caption" dir="auto">{prompt}</p>
            {move || details(app, &job.get())}
        </article>
    }
    .into_any()
}

fn player(app: App, url: String, prompt: &str) -> AnyView {
    view! {
        <figure class="picture" part="clip">
            <video src=url.clone() controls playsinline preload="metadata" aria-label=prompt.to_owned()></video>
            <a class="download" part="download" href=download_link(&url) download="" aria-label=app.text(Text::Download) title=app.text(Text::Download)>{icon::download()}</a>
        </figure>
    }
    .into_any()
}

fn progress(app: App, job: &Job) -> AnyView {
    let (id, words) = (job.id, app.words());
    if let Phase::Refused(failure) = &job.phase {
        let again = failure.can_retry().then(|| {
            view! { <button type="button" class="quiet" on:click=move |_| app.retry_job(id)>{icon::retry()} {app.text(Text::Retry)}</button> }
        });
        return view! {
            <div class="failure" role="alert">
                <p>{words.failure(failure)}</p>
                {again}
                <button type="button" class="quiet" on:click=move |_| app.remove_job(id)>{app.text(Text::Remove)}</button>
            </div>
        }
        .into_any();
    }
    let Some(video) = &job.video else {
        return bar(words.get(Text::Sending).to_owned(), None, app, job.started_at());
    };
    match video.status {
        VideoStatus::Completed => ().into_any(),
        VideoStatus::Queued => {
            let place = video.queue_position.map_or(words.get(Text::Waiting).to_owned(), |place| {
                words.fill(Text::WaitingPlace, &[&words.number(&place.to_string())])
            });
            bar(place, None, app, job.started_at())
        }
        VideoStatus::InProgress => {
            let progress = (video.progress > 0).then_some(video.progress.min(100));
            let text = progress.map_or(words.get(Text::BeingMade).to_owned(), |percent| {
                words.fill(Text::BeingMadePercent, &[&words.number(&percent.to_string())])
            });
            bar(text, progress, app, job.started_at())
        }
        VideoStatus::Failed | VideoStatus::Cancelled => {
            let reason = video
                .error
                .as_ref()
                .map_or(words.get(Text::ClipCancelled).to_owned(), |error| error.message.clone());
            view! { <div class="failure"><p>{reason}</p></div> }.into_any()
        }
    }
}

/// Progress as the server gives it, and never a number that nobody knows.
fn bar(text: String, percent: Option<u8>, app: App, since: f64) -> AnyView {
    let clock = move || elapsed(app.signals.now.get() - since);
    let label = text.clone();
    view! {
        <div class="progress">
            <div class="row"><span class="phase">{text}</span><span class="clock">{clock}</span></div>
            <progress max="100" value=percent.map(|percent| percent.to_string()) aria-label=label></progress>
        </div>
    }
    .into_any()
}

fn details(app: App, job: &Job) -> AnyView {
    let (id, words) = (job.id, app.words());
    let seconds = |count: &str| words.fill(Text::Seconds, &[&words.number(count)]);
    let shape = match &job.video {
        Some(video) => [video.resolution.clone(), video.aspect_ratio.clone(), Some(seconds(&video.seconds))],
        None => [
            job.request.resolution.clone(),
            job.request.aspect_ratio.clone(),
            job.request.duration.map(|count| seconds(&count.to_string())),
        ],
    };
    let shape = shape.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let trouble = matches!(job.phase, Phase::Unreachable(_)).then(|| words.get(Text::AskingAgain));
    let button = if job.phase == Phase::Cancelling {
        view! { <span>{words.get(Text::Cancelling)}</span> }.into_any()
    } else if job.can_cancel() {
        view! { <button type="button" class="quiet" on:click=move |_| app.cancel_job(id)>{words.get(Text::Cancel)}</button> }
            .into_any()
    } else if job.video.as_ref().is_some_and(|video| video.status.is_final()) {
        view! { <button type="button" class="quiet" on:click=move |_| app.remove_job(id)>{app.text(Text::Remove)}</button> }
            .into_any()
    } else {
        ().into_any()
    };
    view! {
        <div class="details" part="details">
            <span>{shape}</span>
            {cost(words, job).map(|cost| view! { <span>{cost}</span> })}
            {trouble.map(|trouble| view! { <span>{trouble}</span> })}
            {button}
        </div>
    }
    .into_any()
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
