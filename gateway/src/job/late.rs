//! Late looks at jobs that were given up: one that was made after all is billed, and the platform pays for it.

use super::transition::{advance, note_loss};
use super::{Job, transition};
use crate::error::Error;
use crate::provider::VideoStatus;
use crate::state::AppState;
use crate::store::now_ms;

/// Waits before the looks, in milliseconds: a clip that is late is mostly late by little.
const LOOKS: [i64; 4] = [5 * 60_000, 60 * 60_000, 6 * 60 * 60_000, 24 * 60 * 60_000];
/// When nothing will be due any more.
pub(super) const NEVER: i64 = i64::MAX;

/// When a job that is given up now is looked at first.
pub(super) fn first_look() -> i64 {
    now_ms().saturating_add(LOOKS[0])
}

/// Asks how a job that was given up has ended.
pub(super) async fn look(state: &AppState, job: &Job) -> Result<(), Error> {
    let report = match (state.providers.get(&job.provider), &job.operation) {
        (Some(provider), Some(operation)) => provider.video_status(operation).await.ok(),
        _ => None,
    };
    match report.map(|report| report.status) {
        Some(VideoStatus::Done { .. }) => {
            let next = Job { due_at: NEVER, ..job.clone() };
            let mut tx = state.store.write().await?;
            if advance(&mut tx, job, &next, "").await? {
                note_loss(state, &mut tx, job, "a clip was made after it was given up").await?;
                tx.commit().await?;
                tracing::warn!(job = job.id, "a clip was made after it was given up");
                metrics::counter!("triptych_jobs_late_total").increment(1);
            }
            Ok(())
        }
        Some(VideoStatus::Failed { .. } | VideoStatus::Cancelled | VideoStatus::Expired) => {
            let next = Job { due_at: NEVER, ..job.clone() };
            transition::step(state, job, &next, "").await.map(|_| ())
        }
        Some(VideoStatus::Queued | VideoStatus::Running { .. }) | None => {
            let looks = job.misses.saturating_add(1);
            let wait = LOOKS.get(looks as usize).copied();
            let due_at = wait.map_or(NEVER, |wait| now_ms().saturating_add(wait));
            let next = Job { misses: looks, due_at, ..job.clone() };
            transition::step(state, job, &next, "").await.map(|_| ())
        }
    }
}
