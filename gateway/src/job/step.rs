use std::time::Duration;

use super::transition::{complete, fail, step};
use super::{Failure, Job, JobState};
use crate::asset::AssetError;
use crate::error::Error;
use crate::provider::{Operation, Provider, Submission, UpstreamError, Variant, VideoOrder, VideoStatus};
use crate::state::AppState;
use crate::store::now_ms;

/// Answers in a row that make no sense, or deny the job, until it is given up.
const MOST_MISSES: u32 = 8;
/// Time that fetching a finished clip gets at least, in milliseconds.
const STORE_TIME: i64 = 15 * 60 * 1000;
/// Waits between the attempts to write down that the provider has the job.
const WRITE_RETRIES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4)];

/// Does what is due for a job. The result is how long its provider wants to be left alone.
pub(super) async fn run(state: &AppState, job: Job) -> Result<Option<Duration>, Error> {
    match job.state {
        JobState::Queued => expire(state, &job).await.map(|()| None),
        // The worker submits what it has claimed by itself; here it can only have run out of time.
        JobState::Submitting | JobState::Indeterminate if now_ms() >= job.deadline_at => {
            tracing::warn!(
                job = job.id,
                "a job whose submission was lost is given up; the provider may bill it"
            );
            metrics::counter!("triptych_jobs_lost_total").increment(1);
            let message = "The provider's answer was lost, so nobody knows whether it made the clip. Nothing was charged.";
            fail(state, &job, Failure::new("upstream_lost", message)).await.map(|_| None)
        }
        JobState::Running => poll(state, &job).await.map(|()| None),
        JobState::Storing => store(state, &job).await.map(|()| None),
        _ => Ok(None),
    }
}

/// Orders the clip that was claimed.
pub(super) async fn submit(state: &AppState, job: Job) -> Result<Option<Duration>, Error> {
    let order = VideoOrder {
        client_ref: job.id.clone(),
        model: job.model.clone(),
        prompt: job.prompt.clone(),
        seconds: job.seconds,
        size: job.size.clone(),
        resolution: job.resolution.clone(),
        aspect_ratio: job.aspect_ratio.clone(),
        callback_url: None,
        remix_of: None,
    };
    let submission = match state.providers.get(&job.provider) {
        Some(provider) => provider.video_create(&order).await,
        None => Submission::Rejected(UpstreamError::Connect),
    };
    let now = now_ms();
    match submission {
        Submission::Accepted(operation) => {
            let due_at = now.saturating_add(poll_min(state));
            let next = Job {
                state: JobState::Running,
                upstream_id: Some(operation.id),
                started_at: Some(now),
                misses: 0,
                due_at,
                ..job.clone()
            };
            written(state, &job, &next).await.map(|()| None)
        }
        Submission::Busy(error) | Submission::Rejected(error @ UpstreamError::Connect) => {
            // The provider has not taken it, so it may be offered again.
            let wait = error.retry_after().unwrap_or_else(|| backoff(state, job.misses));
            let next = Job {
                state: JobState::Queued,
                attempt_id: None,
                misses: job.misses.saturating_add(1),
                due_at: now.saturating_add(millis(wait)),
                ..job.clone()
            };
            step(state, &job, &next, error.label()).await.map(|_| Some(wait))
        }
        Submission::Rejected(error) => {
            // Its owner reads the message; it may repeat the prompt, which has no place in a log.
            tracing::info!(job = job.id, outcome = error.label(), "the provider refused a job");
            let message = match error {
                UpstreamError::Refused { message, .. } => message,
                other => other.to_string(),
            };
            let failure = Failure::new("upstream_refused", format!("The provider refused this: {message}"));
            fail(state, &job, failure).await.map(|_| None)
        }
        Submission::Unknown(error) => {
            tracing::warn!(job = job.id, %error, "the answer to a submission was lost; the job is not sent again");
            let next = Job { state: JobState::Indeterminate, due_at: job.deadline_at, ..job.clone() };
            step(state, &job, &next, error.label()).await.map(|_| None)
        }
    }
}

async fn poll(state: &AppState, job: &Job) -> Result<(), Error> {
    let answer = match (state.providers.get(&job.provider), &job.upstream_id) {
        (Some(provider), Some(id)) => provider.video_status(&Operation::new(id)).await,
        _ => Err(UpstreamError::Connect),
    };
    let now = now_ms();
    let late = now >= job.deadline_at;
    match answer.map(|answer| (answer.status, answer.poll_after)) {
        Ok((VideoStatus::Queued | VideoStatus::Running { .. }, _)) if late => expire(state, job).await,
        Ok((status @ (VideoStatus::Queued | VideoStatus::Running { .. }), poll_after)) => {
            // Never backwards, whatever the provider says.
            let progress = match status {
                VideoStatus::Running { progress } => progress.max(job.progress),
                _ => job.progress,
            };
            let wait = by_age(state, job, now).max(poll_after.unwrap_or_default());
            let next = Job { progress, misses: 0, due_at: now.saturating_add(millis(wait)), ..job.clone() };
            step(state, job, &next, "").await.map(|_| ())
        }
        Ok((VideoStatus::Done { outputs }, _)) => {
            let next = Job {
                state: JobState::Storing,
                upstream_url: outputs.into_iter().next(),
                progress: 99,
                misses: 0,
                due_at: now,
                deadline_at: job.deadline_at.max(now.saturating_add(STORE_TIME)),
                ..job.clone()
            };
            step(state, job, &next, "").await.map(|_| ())
        }
        Ok((VideoStatus::Failed { code, message }, _)) => {
            fail(state, job, Failure { code, message }).await.map(|_| ())
        }
        Ok((status @ (VideoStatus::Cancelled | VideoStatus::Expired), _)) => {
            let code = if status == VideoStatus::Expired { "upstream_expired" } else { "upstream_cancelled" };
            let message = "The provider gave this video up. Nothing was charged.";
            fail(state, job, Failure::new(code, message)).await.map(|_| ())
        }
        Err(error) => {
            // Not to hear of a job is not to hear that it failed: the hold stays, until its time is up.
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
                fail(state, job, Failure::new("upstream_lost", message)).await.map(|_| ())
            } else {
                miss(state, job, wait).await
            }
        }
    }
}

async fn store(state: &AppState, job: &Job) -> Result<(), Error> {
    let fetched = match (state.providers.get(&job.provider), &job.upstream_id) {
        (Some(provider), Some(id)) => fetch(state, provider, id, job).await,
        _ => Err(AssetError::Upstream(UpstreamError::Connect)),
    };
    match fetched {
        Ok(asset) => match complete(state, job, &asset).await {
            Ok(true) => Ok(()),
            other => {
                state.assets.discard(&asset).await;
                other.map(|_| ())
            }
        },
        Err(error) if now_ms() >= job.deadline_at => {
            tracing::error!(job = job.id, %error, "a finished clip could not be fetched; the provider will bill it");
            let message = "The provider made the clip and it could not be fetched. Nothing was charged.";
            fail(state, job, Failure::new("upstream_failed", message)).await.map(|_| ())
        }
        Err(error) if is_hopeless(&error, job.misses) => {
            tracing::error!(job = job.id, %error, "a finished clip is no use; the provider will bill it");
            let message = format!("What the provider made cannot be used: {error}. Nothing was charged.");
            fail(state, job, Failure::new("upstream_failed", message)).await.map(|_| ())
        }
        Err(error) => {
            tracing::warn!(job = job.id, %error, "a finished clip could not be fetched yet");
            miss(state, job, backoff(state, job.misses)).await
        }
    }
}

/// True where one more attempt would end as those before it.
fn is_hopeless(error: &AssetError, misses: u32) -> bool {
    match error {
        AssetError::WrongKind(_)
        | AssetError::TooLarge
        | AssetError::Upstream(UpstreamError::Protocol(_)) => misses >= 2,
        AssetError::Upstream(UpstreamError::Refused { status: 300..=499, .. }) => misses >= MOST_MISSES,
        AssetError::Upstream(_) | AssetError::Store(_) => false,
    }
}

async fn fetch(
    state: &AppState,
    provider: &Provider,
    upstream_id: &str,
    job: &Job,
) -> Result<crate::asset::Asset, AssetError> {
    let answer = provider
        .video_file(&Operation::new(upstream_id), job.upstream_url.as_deref(), Variant::Video)
        .await?;
    let time = Duration::from_secs(10 * 60);
    let stored = tokio::time::timeout(time, state.assets.put_clip(answer)).await;
    stored.map_err(|_| AssetError::Upstream(UpstreamError::Timeout))?
}

async fn expire(state: &AppState, job: &Job) -> Result<(), Error> {
    let message = "The video was not ready in time, so it was given up. Nothing was charged.";
    fail(state, job, Failure::new("expired", message)).await.map(|_| ())
}

async fn miss(state: &AppState, job: &Job, wait: Duration) -> Result<(), Error> {
    let due_at = now_ms().saturating_add(millis(wait)).min(job.deadline_at);
    let next = Job { misses: job.misses.saturating_add(1), due_at, ..job.clone() };
    step(state, job, &next, "").await.map(|_| ())
}

/// Writes down that the provider has the job. If that fails for good the job counts as lost: it is never sent twice.
async fn written(state: &AppState, job: &Job, next: &Job) -> Result<(), Error> {
    let mut last = Error::internal("no attempt was made");
    for wait in WRITE_RETRIES {
        tokio::time::sleep(wait).await;
        match step(state, job, next, "").await {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    tracing::error!(
        job = job.id,
        upstream = next.upstream_id,
        "the provider has a job that could not be written down"
    );
    Err(last)
}

/// The longer a job has run, the longer it will be: polls grow rarer with its age.
fn by_age(state: &AppState, job: &Job, now: i64) -> Duration {
    let age = now.saturating_sub(job.started_at.unwrap_or(now)).max(0);
    jittered(state, u64::try_from(age / 8).unwrap_or_default())
}

fn backoff(state: &AppState, misses: u32) -> Duration {
    jittered(state, state.config.jobs.poll_min_ms.saturating_mul(1 << misses.min(10)))
}

fn jittered(state: &AppState, wait: u64) -> Duration {
    let jobs = &state.config.jobs;
    let wait = wait.clamp(jobs.poll_min_ms, jobs.poll_max_ms.max(jobs.poll_min_ms));
    // Up to a tenth more, so that jobs that were ordered together are not polled together for ever.
    Duration::from_millis(wait + rand::random_range(0..=wait / 10))
}

fn poll_min(state: &AppState) -> i64 {
    millis(Duration::from_millis(state.config.jobs.poll_min_ms))
}

fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
