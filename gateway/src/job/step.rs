//! What is due for a job, and when it will be due again.

use std::time::Duration;

use super::transition::{End, end};
use super::{Failure, Job, JobState, late, lost, poll, storing, transition};
use crate::error::Error;
use crate::state::AppState;
use crate::store::now_ms;

/// Does what is due for a job that is leased.
pub(super) async fn run(state: &AppState, job: &Job) -> Result<(), Error> {
    match job.state {
        JobState::Queued if now_ms() >= job.deadline_at => expire(state, job).await,
        JobState::Running | JobState::Cancelling => poll::poll(state, job).await,
        JobState::Storing => storing::store(state, job).await,
        JobState::Indeterminate => lost::look(state, job).await,
        JobState::Expired => late::look(state, job).await,
        // Whoever has claimed it submits it.
        JobState::Queued
        | JobState::Submitting
        | JobState::Completed
        | JobState::Failed
        | JobState::Cancelled => Ok(()),
    }
}

/// Gives a job up whose time is up.
pub(super) async fn expire(state: &AppState, job: &Job) -> Result<(), Error> {
    let message = if state.providers.get(&job.provider).is_none() {
        "The provider of this video is no longer configured, so it was given up. Nothing was charged."
    } else {
        "The video was not ready in time, so it was given up. Nothing was charged."
    };
    end(state, job, End::Expired(Failure::new("expired", message))).await.map(|_| ())
}

/// Counts a call that went wrong, and waits before the next one; never beyond the deadline, which has a look of its
/// own.
pub(super) async fn miss(state: &AppState, job: &Job, wait: Duration) -> Result<(), Error> {
    let due_at = by_deadline(job, wait);
    let next = Job { misses: job.misses.saturating_add(1), due_at, ..job.clone() };
    transition::step(state, job, &next, "").await.map(|_| ())
}

/// After that wait, or at the deadline if it comes first.
pub(super) fn by_deadline(job: &Job, wait: Duration) -> i64 {
    let now = now_ms();
    let due_at = now.saturating_add(millis(wait));
    if now < job.deadline_at { due_at.min(job.deadline_at) } else { due_at }
}

/// The longer a job has run, the longer it will be: polls grow rarer with its age.
pub(super) fn by_age(state: &AppState, job: &Job) -> Duration {
    let now = now_ms();
    let age = now.saturating_sub(job.started_at.unwrap_or(now)).max(0);
    jittered(state, u64::try_from(age / 8).unwrap_or_default())
}

pub(super) fn backoff(state: &AppState, misses: u32) -> Duration {
    jittered(state, state.config.jobs.poll_min_ms.saturating_mul(1 << misses.min(10)))
}

fn jittered(state: &AppState, wait: u64) -> Duration {
    let jobs = &state.config.jobs;
    let wait = wait.clamp(jobs.poll_min_ms, jobs.poll_max_ms.max(jobs.poll_min_ms));
    // Up to a tenth more, so that jobs that were ordered together are not polled together for ever.
    Duration::from_millis(wait + rand::random_range(0..=wait / 10))
}

pub(super) fn millis(wait: Duration) -> i64 {
    i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)
}
