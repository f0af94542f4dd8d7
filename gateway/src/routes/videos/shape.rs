use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use triptych_protocol::{Video, VideoCost, VideoError, VideoStatus};

use crate::job::{Job, JobState};
use crate::routes::assets;
use crate::state::AppState;
use crate::store::now_ms;

/// When to ask again, in the header that everybody knows and in the one that OpenAI's SDK reads.
pub(super) fn poll_headers(job: &Job) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = poll_after(job) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
        headers.insert(
            HeaderName::from_static("openai-poll-after-ms"),
            HeaderValue::from(wait.as_millis() as u64),
        );
    }
    headers
}

/// The job in OpenAI's shape.
pub(super) fn video(state: &AppState, job: &Job) -> Video {
    Video {
        id: job.id.clone(),
        object: "video".into(),
        model: job.model.clone(),
        status: status(job),
        progress: job.progress,
        created_at: job.created_at / 1000,
        completed_at: job.completed_at.map(|at| at / 1000),
        expires_at: job.asset_expires_at.map(|at| at / 1000),
        prompt: job.prompt.clone(),
        remixed_from_video_id: job.source.as_ref().map(|source| source.video.clone()),
        seconds: job.seconds.to_string(),
        size: job.size.clone(),
        resolution: Some(job.resolution.clone()),
        aspect_ratio: Some(job.aspect_ratio.clone()),
        error: error(job),
        cost: Some(cost(job)),
        queue_position: job.position,
        estimate: job.estimate,
        url: url(state, job),
    }
}

pub(in crate::routes) fn status(job: &Job) -> VideoStatus {
    match job.state {
        JobState::Queued => VideoStatus::Queued,
        JobState::Submitting
        | JobState::Running
        | JobState::Storing
        | JobState::Indeterminate
        | JobState::Cancelling => VideoStatus::InProgress,
        JobState::Completed => VideoStatus::Completed,
        JobState::Failed | JobState::Expired => VideoStatus::Failed,
        JobState::Cancelled => VideoStatus::Cancelled,
    }
}

pub(in crate::routes) fn cost(job: &Job) -> VideoCost {
    VideoCost { estimated: job.held, charged: job.charged }
}

pub(in crate::routes) fn error(job: &Job) -> Option<VideoError> {
    job.error.as_ref().map(|error| VideoError { code: error.code.clone(), message: error.message.clone() })
}

pub(in crate::routes) fn url(state: &AppState, job: &Job) -> Option<String> {
    job.asset_id.as_deref().map(|asset| assets::url(state, asset))
}

fn poll_after(job: &Job) -> Option<Duration> {
    let wait = match job.state {
        state if state.is_final() => return None,
        JobState::Queued => 1000 * u64::from(1 + job.position.unwrap_or(1)).min(15),
        JobState::Indeterminate => 15_000,
        // Just behind the gateway's own next look at it.
        _ => u64::try_from(job.due_at.saturating_sub(now_ms())).unwrap_or_default().clamp(1000, 5000),
    };
    Some(Duration::from_millis(wait))
}
