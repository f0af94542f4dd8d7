use triptych_protocol::{Credits, ErrorCode};

use super::query::{self, find_in};
use super::{Failure, Job, JobState, slot};
use crate::asset::Asset;
use crate::error::Error;
use crate::ledger::{AccountId, UsageRecord};
use crate::state::AppState;
use crate::store::{Store, Tx, now_ms};

/// Writes `next` over `job` and counts the version up. False where the job has moved in the meantime: then nothing was
/// written, and whoever was first has done what was due.
pub(super) async fn advance(tx: &mut Tx, job: &Job, next: &Job, note: &str) -> Result<bool, Error> {
    let written = sqlx::query(
        "UPDATE job SET state = $1, version = version + 1, attempt_id = $2, upstream_id = $3, upstream_url = $4, \
         progress = $5, misses = $6, error_code = $7, error_message = $8, charged = $9, asset_id = $10, started_at = $11, \
         due_at = $12, deadline_at = $13, completed_at = $14 WHERE id = $15 AND state = $16 AND version = $17",
    )
    .bind(next.state.as_str())
    .bind(&next.attempt_id)
    .bind(&next.upstream_id)
    .bind(&next.upstream_url)
    .bind(i64::from(next.progress))
    .bind(i64::from(next.misses))
    .bind(next.error.as_ref().map(|error| &error.code))
    .bind(next.error.as_ref().map(|error| &error.message))
    .bind(next.charged.map(Credits::micro))
    .bind(&next.asset_id)
    .bind(next.started_at)
    .bind(next.due_at)
    .bind(next.deadline_at)
    .bind(next.completed_at)
    .bind(&job.id)
    .bind(job.state.as_str())
    .bind(job.version)
    .execute(&mut **tx)
    .await?;
    if written.rows_affected() != 1 {
        return Ok(false);
    }
    if next.state != job.state {
        record(tx, &job.id, next.state, job.version + 1, note).await?;
    }
    Ok(true)
}

/// Adds a line to the job's history.
pub(super) async fn record(
    tx: &mut Tx,
    id: &str,
    state: JobState,
    version: i64,
    note: &str,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO job_event (job_id, state, version, note, created_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(state.as_str())
    .bind(version)
    .bind((!note.is_empty()).then_some(note))
    .bind(now_ms())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Moves a job on, on its own.
pub(super) async fn step(state: &AppState, job: &Job, next: &Job, note: &str) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let moved = advance(&mut tx, job, next, note).await?;
    if moved && matches!(next.state, JobState::Queued | JobState::Storing) {
        slot::free(&mut tx, &job.id).await?;
    }
    tx.commit().await?;
    Ok(moved)
}

/// Ends a job without a clip and gives its hold back.
pub(super) async fn fail(state: &AppState, job: &Job, failure: Failure) -> Result<bool, Error> {
    let note = failure.code.clone();
    let next = Job { error: Some(failure), ..ended(job, JobState::Failed, Credits::ZERO) };
    let mut tx = state.store.write().await?;
    if !advance(&mut tx, job, &next, &note).await? {
        return Ok(false);
    }
    state.ledger.release(&mut tx, &job.reservation, &note).await?;
    slot::free(&mut tx, &job.id).await?;
    tx.commit().await?;
    metrics::counter!("triptych_jobs_total", "outcome" => "failed").increment(1);
    Ok(true)
}

/// Ends a job with its clip, and charges it.
pub(super) async fn complete(state: &AppState, job: &Job, asset: &Asset) -> Result<bool, Error> {
    let usage = UsageRecord {
        seconds: Some(job.seconds),
        size: Some(job.size.clone()),
        resolution: Some(job.resolution.clone()),
        upstream_id: job.upstream_id.clone(),
        ..UsageRecord::default()
    };
    let mut tx = state.store.write().await?;
    if find_in(&mut tx, &job.id).await?.version != job.version {
        return Ok(false);
    }
    state.assets.record(&mut tx, asset, &job.account, Some(&job.id)).await?;
    // A clip has an exact price, so all of the hold is the charge.
    let next = ended(job, JobState::Completed, job.held);
    let next = Job { asset_id: Some(asset.id.clone()), progress: 100, error: None, ..next };
    if !advance(&mut tx, job, &next, "").await? {
        return Ok(false);
    }
    state.ledger.settle(&mut tx, &job.reservation, job.held, &usage).await?;
    slot::free(&mut tx, &job.id).await?;
    tx.commit().await?;
    metrics::counter!("triptych_jobs_total", "outcome" => "completed").increment(1);
    Ok(true)
}

/// Takes a queued job back and its hold with it.
///
/// # Errors
/// `conflict` where the job has started.
pub(crate) async fn cancel(state: &AppState, job: &Job) -> Result<(), Error> {
    let mut tx = state.store.write().await?;
    let next = ended(job, JobState::Cancelled, Credits::ZERO);
    if job.state != JobState::Queued || !advance(&mut tx, job, &next, "by its owner").await? {
        let message =
            "The provider works on this video already, so it cannot be taken back. Wait for it to end.";
        return Err(Error::new(ErrorCode::Conflict, message));
    }
    state.ledger.release(&mut tx, &job.reservation, "cancelled").await?;
    tx.commit().await?;
    metrics::counter!("triptych_jobs_total", "outcome" => "cancelled").increment(1);
    Ok(())
}

/// Takes an ended job out of its owner's list and gives its clip up. The row stays for the audit.
pub(crate) async fn hide(store: &Store, id: &str, account: &AccountId) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query("UPDATE job SET hidden = 1 WHERE id = $1 AND account_id = $2")
        .bind(id)
        .bind(&account.0)
        .execute(&mut *tx)
        .await?;
    // Links to it end now, the next sweep deletes the file.
    sqlx::query("UPDATE asset SET expires_at = $1 WHERE job_id = $2 AND account_id = $3")
        .bind(now_ms())
        .bind(id)
        .bind(&account.0)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes the next queued job of a provider and a place for it, if there are both.
pub(super) async fn claim(state: &AppState, provider: &str, most: u32) -> Result<Option<Job>, Error> {
    let now = now_ms();
    let mut tx = state.store.write().await?;
    let Some(job) = query::next_queued(&mut tx, provider, now).await? else { return Ok(None) };
    if !slot::take(&mut tx, provider, &job.id, most).await? {
        return Ok(None);
    }
    // Written before the provider is called: after a crash it tells a call that may have been made from none.
    let attempt = crate::store::new_id("attempt");
    let next = Job {
        state: JobState::Submitting,
        attempt_id: Some(attempt),
        due_at: job.deadline_at,
        ..job.clone()
    };
    if !advance(&mut tx, &job, &next, "").await? {
        return Ok(None);
    }
    let job = find_in(&mut tx, &job.id).await?;
    tx.commit().await?;
    Ok(Some(job))
}

/// What an earlier process left in mid-submission may exist upstream: it waits for its deadline and is never sent
/// again.
pub(super) async fn recover(state: &AppState) -> Result<(), Error> {
    let lost = query::submitting(&state.store).await?;
    for job in lost {
        tracing::warn!(
            job = job.id,
            "the gateway stopped while it submitted this job; whether it exists is unknown"
        );
        let next = Job { state: JobState::Indeterminate, due_at: job.deadline_at, ..job.clone() };
        step(state, &job, &next, "stopped in mid-submission").await?;
    }
    Ok(())
}

fn ended(job: &Job, state: JobState, charged: Credits) -> Job {
    Job { state, charged: Some(charged), completed_at: Some(now_ms()), ..job.clone() }
}
