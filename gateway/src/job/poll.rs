//! Asking the provider where a job stands, and taking one back.

use super::step::{backoff, by_age, by_deadline, expire, millis, miss};
use super::transition::{self, End, end, step};
use super::{Failure, Job, JobState, Wish};
use crate::error::Error;
use crate::provider::{Cancellation, UpstreamError, VideoStatus};
use crate::state::AppState;
use crate::store::now_ms;

/// Answers in a row that make no sense, or deny the job, until it is given up.
const MOST_MISSES: u32 = 8;
/// How long a finished clip is tried for, in milliseconds: as long as providers keep theirs.
const STORE_TIME: i64 = 24 * 60 * 60 * 1000;

/// Asks once and moves the job on by what it hears.
pub(super) async fn poll(state: &AppState, job: &Job) -> Result<(), Error> {
    if job.state == JobState::Cancelling && job.wish == Wish::Asked {
        return take_back(state, job).await;
    }
    let answer = match (state.providers.get(&job.provider), &job.operation) {
        (Some(provider), Some(operation)) => provider.video_status(operation).await,
        _ => Err(UpstreamError::Connect),
    };
    let late = now_ms() >= job.deadline_at;
    let agreed = job.wish == Wish::Agreed;
    match answer.map(|answer| (answer.status, answer.poll_after)) {
        Ok((VideoStatus::Queued | VideoStatus::Running { .. }, _)) if late => expire(state, job).await,
        Ok((status @ (VideoStatus::Queued | VideoStatus::Running { .. }), poll_after)) => {
            // Never backwards, whatever the provider says.
            let progress = match status {
                VideoStatus::Running { progress } => progress.max(job.progress),
                _ => job.progress,
            };
            let wait = by_age(state, job).max(poll_after.unwrap_or_default());
            let next = Job { progress, misses: 0, due_at: by_deadline(job, wait), ..job.clone() };
            step(state, job, &next, "").await.map(|_| ())
        }
        Ok((VideoStatus::Done { outputs, seconds }, _)) => {
            let now = now_ms();
            let next = Job {
                state: JobState::Storing,
                upstream_url: outputs.into_iter().next(),
                delivered: seconds.filter(|seconds| *seconds < job.seconds),
                progress: 99,
                misses: 0,
                due_at: now,
                deadline_at: now.saturating_add(STORE_TIME),
                ..job.clone()
            };
            step(state, job, &next, "").await.map(|_| ())
        }
        // Some have no other word for what was taken back.
        Ok((VideoStatus::Failed { .. } | VideoStatus::Cancelled | VideoStatus::Expired, _)) if agreed => {
            end(state, job, End::Cancelled).await.map(|_| ())
        }
        Ok((VideoStatus::Failed { code, message }, _)) => {
            end(state, job, End::Failed(Failure { code, message })).await.map(|_| ())
        }
        Ok((VideoStatus::Cancelled, _)) if job.state == JobState::Cancelling => {
            end(state, job, End::Cancelled).await.map(|_| ())
        }
        Ok((status @ (VideoStatus::Cancelled | VideoStatus::Expired), _)) => {
            let code = if status == VideoStatus::Expired { "upstream_expired" } else { "upstream_cancelled" };
            let message = "The provider gave this video up. Nothing was charged.";
            end(state, job, End::Failed(Failure::new(code, message))).await.map(|_| ())
        }
        Err(UpstreamError::Refused { status: 404 | 410, .. }) if agreed => {
            end(state, job, End::Cancelled).await.map(|_| ())
        }
        Err(error) => unheard(state, job, error, late).await,
    }
}

/// Not to hear of a job is not to hear that it failed: the hold stays, until its time is up.
async fn unheard(state: &AppState, job: &Job, error: UpstreamError, late: bool) -> Result<(), Error> {
    let wait = error.retry_after().unwrap_or_else(|| backoff(state, job.misses));
    let senseless = matches!(
        error,
        UpstreamError::Protocol(_) | UpstreamError::Refused { status: 400 | 404 | 410 | 422, .. }
    );
    tracing::info!(job = job.id, %error, misses = job.misses, "a poll has failed");
    if late {
        expire(state, job).await
    } else if senseless && job.misses >= MOST_MISSES {
        let message = "The provider no longer knows this video. Nothing was charged.";
        end(state, job, End::Expired(Failure::new("upstream_lost", message))).await.map(|_| ())
    } else {
        miss(state, job, wait).await
    }
}

/// Asks the provider not to go on. How the job ends is told by the next poll.
async fn take_back(state: &AppState, job: &Job) -> Result<(), Error> {
    let answer = match (state.providers.get(&job.provider), &job.operation) {
        (Some(provider), Some(operation)) => provider.video_cancel(operation).await,
        _ => Err(UpstreamError::Connect),
    };
    match answer {
        Ok(answer) => settle_wish(state, job, answer).await.map(|_| ()),
        Err(_) if now_ms() >= job.deadline_at => {
            // The last look is a poll.
            settle_wish(state, job, Cancellation::TooLate).await.map(|_| ())
        }
        Err(error) => {
            tracing::info!(job = job.id, %error, "a job could not be taken back yet");
            miss(state, job, error.retry_after().unwrap_or_else(|| backoff(state, job.misses))).await
        }
    }
}

/// Writes down what the provider has answered to the wish; false where the job has moved in the meantime.
pub(super) async fn settle_wish(state: &AppState, job: &Job, answer: Cancellation) -> Result<bool, Error> {
    let (to, wish, note) = match answer {
        Cancellation::Cancelled => (JobState::Cancelling, Wish::Agreed, ""),
        Cancellation::TooLate => (JobState::Running, Wish::None, "too late to be taken back"),
        Cancellation::Unsupported => (JobState::Running, Wish::None, "cannot be taken back"),
    };
    let due_at = match answer {
        Cancellation::Cancelled => now_ms(),
        _ => now_ms().saturating_add(millis(backoff(state, 0))),
    };
    let next = Job { state: to, misses: 0, due_at, ..job.clone() };
    let mut tx = state.store.write().await?;
    if !transition::advance(&mut tx, job, &next, note).await? {
        return Ok(false);
    }
    transition::wish(&mut tx, &job.id, wish).await?;
    tx.commit().await?;
    Ok(true)
}
