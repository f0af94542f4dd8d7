//! Jobs whose submission was answered into the void: the provider is asked for them, where it can be, and they are
//! never sent again.

use super::step::{backoff, miss};
use super::transition::{End, accepted, end};
use super::{Failure, Job};
use crate::error::Error;
use crate::provider::{Operation, UpstreamError};
use crate::state::AppState;
use crate::store::now_ms;

/// For so long after the order a provider that does not know the job may still be about to. In milliseconds; longer
/// than the call may take.
const ON_ITS_WAY: i64 = 2 * 60 * 1000;

/// When to look for it first.
pub(super) fn first_look(state: &AppState, job: &Job) -> i64 {
    match state.providers.get(&job.provider) {
        Some(provider) if provider.can_find() => now_ms().min(job.deadline_at),
        _ => job.deadline_at,
    }
}

/// Looks for the job, and gives it up once its time is up.
pub(super) async fn look(state: &AppState, job: &Job) -> Result<(), Error> {
    let found = find(state, job).await;
    let now = now_ms();
    let age = now.saturating_sub(job.started_at.unwrap_or(job.created_at));
    let late = now >= job.deadline_at;
    match found {
        Ok(Some(operation)) => {
            tracing::info!(job = job.id, "a job whose submission was lost was found at the provider");
            accepted(state, job, &operation).await.map(|_| ())
        }
        Ok(None) if late || age >= ON_ITS_WAY => {
            let message = "The order never reached the provider. Nothing was charged; order it again.";
            end(state, job, End::Failed(Failure::new("upstream_lost", message))).await.map(|_| ())
        }
        Ok(None) => miss(state, job, backoff(state, job.misses)).await,
        Err(error) if late => {
            tracing::warn!(
                job = job.id, %error,
                "a job whose submission was lost is given up; the provider may bill it"
            );
            metrics::counter!("triptych_jobs_lost_total").increment(1);
            let message = "The provider's answer was lost, so nobody knows whether it made the clip. Nothing was charged.";
            end(state, job, End::Lost(Failure::new("upstream_lost", message))).await.map(|_| ())
        }
        Err(UpstreamError::Unsupported(_)) => {
            let next = Job { due_at: job.deadline_at, ..job.clone() };
            super::transition::step(state, job, &next, "").await.map(|_| ())
        }
        Err(_) => miss(state, job, backoff(state, job.misses)).await,
    }
}

async fn find(state: &AppState, job: &Job) -> Result<Option<Operation>, UpstreamError> {
    match state.providers.get(&job.provider) {
        Some(provider) => provider.video_find(&job.id).await,
        None => Err(UpstreamError::Unsupported("anything any more")),
    }
}
