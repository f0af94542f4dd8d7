use leptos::prelude::*;
use triptych_protocol::{Credits, Receipt, Video, VideoStatus};

use super::icon;
use super::text::{download_link, elapsed, ordinal, receipt, safe_link};
use crate::app::App;
use crate::credits::{grouped, price_text};
use crate::jobs::{Job, JobId, Phase};

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
        <article class="card" part="card" aria-label="Clip">
            {move || clip.get().as_deref().and_then(safe_link).map(|url| player(url, &alt))}
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

fn player(url: String, prompt: &str) -> AnyView {
    view! {
        <figure class="picture" part="clip">
            <video src=url.clone() controls playsinline preload="metadata" aria-label=prompt.to_owned()></video>
            <a class="download" part="download" href=download_link(&url) download="" aria-label="Download" title="Download">{icon::download()}</a>
        </figure>
    }
    .into_any()
}

fn progress(app: App, job: &Job) -> AnyView {
    let id = job.id;
    if let Phase::Refused(failure) = &job.phase {
        let again = failure.can_retry().then(|| {
            view! { <button type="button" class="quiet" on:click=move |_| app.retry_job(id)>{icon::retry()} "Retry"</button> }
        });
        return view! {
            <div class="failure" role="alert">
                <p>{failure.message.clone()}</p>
                {again}
                <button type="button" class="quiet" on:click=move |_| app.remove_job(id)>"Remove"</button>
            </div>
        }
        .into_any();
    }
    let Some(video) = &job.video else { return bar("Sending…".into(), None, app, job.started_at()) };
    match video.status {
        VideoStatus::Completed => ().into_any(),
        VideoStatus::Queued => {
            let place = video
                .queue_position
                .map_or("Waiting".to_owned(), |place| format!("Waiting, {} in the queue", ordinal(place)));
            bar(place, None, app, job.started_at())
        }
        VideoStatus::InProgress => {
            let progress = (video.progress > 0).then_some(video.progress.min(100));
            let text = progress.map_or("Being made".to_owned(), |percent| format!("Being made, {percent} %"));
            bar(text, progress, app, job.started_at())
        }
        VideoStatus::Failed | VideoStatus::Cancelled => {
            let reason = video
                .error
                .as_ref()
                .map_or("The clip was cancelled.".to_owned(), |error| error.message.clone());
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
    let id = job.id;
    let shape = match &job.video {
        Some(video) => {
            [video.resolution.clone(), video.aspect_ratio.clone(), Some(format!("{} s", video.seconds))]
        }
        None => [
            job.request.resolution.clone(),
            job.request.aspect_ratio.clone(),
            job.request.duration.map(|s| format!("{s} s")),
        ],
    };
    let shape = shape.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let trouble = matches!(job.phase, Phase::Unreachable(_)).then_some("No connection; asking again");
    let button = if job.phase == Phase::Cancelling {
        view! { <span>"Cancelling…"</span> }.into_any()
    } else if job.can_cancel() {
        view! { <button type="button" class="quiet" on:click=move |_| app.cancel_job(id)>"Cancel"</button> }
            .into_any()
    } else if job.video.as_ref().is_some_and(|video| video.status.is_final()) {
        view! { <button type="button" class="quiet" on:click=move |_| app.remove_job(id)>"Remove"</button> }
            .into_any()
    } else {
        ().into_any()
    };
    view! {
        <div class="details" part="details">
            <span>{shape}</span>
            {cost(job).map(|cost| view! { <span>{cost}</span> })}
            {trouble.map(|trouble| view! { <span>{trouble}</span> })}
            {button}
        </div>
    }
    .into_any()
}

fn cost(job: &Job) -> Option<String> {
    let estimate = || job.estimate.map(|estimate| format!("Holding {}", price_text(estimate)));
    match job.video.as_ref().and_then(|video: &Video| video.cost) {
        Some(cost) => Some(match cost.charged {
            Some(charged) if charged == Credits::ZERO => {
                format!("Held {} · all returned", grouped(cost.estimated))
            }
            Some(charged) => receipt(&Receipt::new(cost.estimated, charged)),
            None => format!("Holding {} credits", grouped(cost.estimated)),
        }),
        None if matches!(job.phase, Phase::Refused(_)) => None,
        None => estimate(),
    }
}
