//! Ordering a clip at the provider, at most once.

use std::time::Duration;

use super::step::{backoff, millis};
use super::transition::{End, accepted, end, requeue, step};
use super::{Failure, Job, JobState, lost, query};
use crate::error::Error;
use crate::provider::{Ability, Operation, Submission, UpstreamError, VideoOrder};
use crate::state::AppState;
use crate::store::now_ms;

/// Waits between the attempts to write down that the provider has the job.
const WRITE_RETRIES: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4)];

/// Orders the clip that was claimed. The result is how long the provider wants to be left alone.
pub(super) async fn submit(state: &AppState, job: Job) -> Result<Option<Duration>, Error> {
    let provider = state.providers.get(&job.provider);
    let callback = provider.filter(|provider| provider.config().webhook_secret.is_some());
    let order = VideoOrder {
        client_ref: job.id.clone(),
        model: job.model.clone(),
        prompt: job.prompt.clone(),
        seconds: job.seconds,
        size: job.size.clone(),
        resolution: job.resolution.clone(),
        aspect_ratio: job.aspect_ratio.clone(),
        callback_url: callback
            .map(|provider| format!("{}/v1/webhooks/{}", state.config.public_base(), provider.id())),
        remix_of: job.source.as_ref().map(|source| source.operation.clone()),
    };
    let submission = match provider {
        Some(provider) => provider.video_create(&order).await,
        None => Submission::Rejected(UpstreamError::Connect),
    };
    match submission {
        Submission::Accepted(operation) => written(state, &job, &operation).await.map(|()| None),
        Submission::Busy(error) | Submission::Rejected(error @ UpstreamError::Connect) => {
            // The provider has not taken it, so it may be offered again, there or elsewhere.
            let wait = error.retry_after().unwrap_or_else(|| backoff(state, job.misses));
            let later = now_ms().saturating_add(millis(wait)).min(job.deadline_at);
            let (provider, due_at) = match turn(state, &job) {
                Turn::Next(provider) => (provider, now_ms()),
                Turn::Again(provider) => (provider, later),
            };
            requeue(state, &job, provider, due_at, error.label()).await.map(|_| Some(wait))
        }
        // A key that is refused: the provider has done nothing for the job and has nothing against it.
        Submission::Rejected(error)
            if error.may_go_elsewhere()
                && let Turn::Next(provider) = turn(state, &job) =>
        {
            requeue(state, &job, provider, now_ms(), error.label()).await.map(|_| None)
        }
        Submission::Rejected(error) => {
            // Its owner reads the message; it may repeat the prompt, which has no place in a log.
            tracing::info!(job = job.id, outcome = error.label(), "the provider refused a job");
            let message = match error {
                UpstreamError::Refused { message, .. } => message,
                other => other.to_string(),
            };
            let failure = Failure::new("upstream_refused", format!("The provider refused this: {message}"));
            end(state, &job, End::Failed(failure)).await.map(|_| None)
        }
        Submission::Unknown(error) => {
            tracing::warn!(job = job.id, %error, "the answer to a submission was lost; the job is not sent again");
            let next =
                Job { state: JobState::Indeterminate, due_at: lost::first_look(state, &job), ..job.clone() };
            step(state, &job, &next, error.label()).await.map(|_| None)
        }
    }
}

/// Who is asked next.
enum Turn {
    /// The provider behind this one.
    Next(String),
    /// The first one, after a while: all have been asked.
    Again(String),
}

fn turn(state: &AppState, job: &Job) -> Turn {
    // Only the provider of a clip can make another one from it.
    let plan = match state.catalogue.model(&job.model) {
        Ok(model) if job.source.is_none() => state.providers.plan(model, Ability::Video).ok(),
        _ => None,
    };
    let ids = plan.map(|plan| plan.ids()).unwrap_or_default();
    let next = ids.iter().skip_while(|id| **id != job.provider).nth(1);
    match (next, ids.first()) {
        (Some(next), _) => Turn::Next(next.clone()),
        (None, Some(first)) => Turn::Again(first.clone()),
        (None, None) => Turn::Again(job.provider.clone()),
    }
}

/// Writes down that the provider has the job. If that fails for good the job counts as lost: it is never sent twice.
async fn written(state: &AppState, job: &Job, operation: &Operation) -> Result<(), Error> {
    let mut last = Error::internal("no attempt was made");
    for wait in WRITE_RETRIES {
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let outcome = match accepted(state, job, operation).await {
            Ok(true) => return Ok(()),
            Ok(false) => overtaken(state, job, operation).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => return Ok(()),
            Err(error) => last = error,
        }
    }
    tracing::error!(
        job = job.id,
        upstream = operation.id,
        "the provider has a job that could not be written down"
    );
    Err(last)
}

/// Somebody took this gateway for dead while it waited for the answer, and the job for lost.
async fn overtaken(state: &AppState, job: &Job, operation: &Operation) -> Result<(), Error> {
    let now = query::current(&state.store, &job.id).await?;
    if now.attempt_id != job.attempt_id || now.operation.is_some() {
        return Ok(());
    }
    match now.state {
        JobState::Indeterminate => {
            accepted(state, &now, operation).await?;
        }
        JobState::Expired => {
            // Too late for its owner, not for the books.
            let due_at = super::late::first_look();
            let next = Job { operation: Some(operation.clone()), due_at, ..now.clone() };
            step(state, &now, &next, "").await?;
        }
        _ => {}
    }
    Ok(())
}
