//! The moves of a job, each written together with what follows from it.

use triptych_protocol::Credits;

use super::query::find_in;
use super::{Failure, Job, JobState, Wish, slot};
use crate::asset::Assets;
use crate::audit::bill::job_loss;
use crate::error::Error;
use crate::provider::Operation;
use crate::state::AppState;
use crate::store::{Tx, now_ms};

/// Writes `next` over `job`, counts the version up and ends the lease. False where the job has moved in the meantime:
/// then nothing was written, and whoever was first has done what was due.
///
/// The owner's wish to take it back is not written here: it comes at any moment and must not be lost.
pub(super) async fn advance(tx: &mut Tx, job: &Job, next: &Job, note: &str) -> Result<bool, Error> {
    let operation =
        next.operation.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?;
    let written = sqlx::query(
        "UPDATE job SET state = $1, version = version + 1, attempt_id = $2, upstream_id = $3, upstream_op = $4, \
         upstream_url = $5, progress = $6, misses = $7, error_code = $8, error_message = $9, charged = $10, \
         asset_id = $11, started_at = $12, due_at = $13, deadline_at = $14, completed_at = $15, provider = $19, \
         delivered_seconds = $20, lease_owner = NULL, lease_until = 0 WHERE id = $16 AND state = $17 AND version = $18",
    )
    .bind(next.state.as_str())
    .bind(&next.attempt_id)
    .bind(next.operation.as_ref().map(|operation| &operation.id))
    .bind(operation)
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
    .bind(&next.provider)
    .bind(next.delivered.map(i64::from))
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

/// Notes whether a job is to be taken back.
pub(super) async fn wish(tx: &mut Tx, id: &str, wish: Wish) -> Result<(), Error> {
    let number = match wish {
        Wish::None => 0_i64,
        Wish::Asked => 1,
        Wish::Agreed => 2,
    };
    let query = sqlx::query("UPDATE job SET cancel_asked = $1 WHERE id = $2");
    query.bind(number).bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Moves a job on, on its own.
pub(super) async fn step(state: &AppState, job: &Job, next: &Job, note: &str) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let moved = advance(&mut tx, job, next, note).await?;
    if moved && next.state == JobState::Storing {
        slot::free(&mut tx, &job.id).await?;
    }
    tx.commit().await?;
    Ok(moved)
}

/// Writes down that the provider has a job; false where the job has moved in the meantime. Where its owner has asked
/// to take it back, that is next.
pub(super) async fn accepted(state: &AppState, job: &Job, operation: &Operation) -> Result<bool, Error> {
    let now = now_ms();
    let poll_min = i64::try_from(state.config.jobs.poll_min_ms).unwrap_or(i64::MAX);
    let mut tx = state.store.write().await?;
    let next = Job {
        state: JobState::Running,
        operation: Some(operation.clone()),
        misses: 0,
        due_at: now.saturating_add(poll_min),
        ..job.clone()
    };
    if !advance(&mut tx, job, &next, "").await? {
        return Ok(false);
    }
    let running = find_in(&mut tx, &job.id).await?;
    if running.wish == Wish::Asked {
        let next = Job { state: JobState::Cancelling, due_at: now, ..running.clone() };
        advance(&mut tx, &running, &next, "asked while it was submitted").await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Puts a job back into the queue that the provider has certainly not taken, for that one or another; without a trace
/// of the attempt, so that the next one begins anew. Where its owner has asked to take it back, it ends here.
pub(super) async fn requeue(
    state: &AppState,
    job: &Job,
    provider: String,
    due_at: i64,
    note: &str,
) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let next = Job {
        state: JobState::Queued,
        provider,
        attempt_id: None,
        operation: None,
        upstream_url: None,
        started_at: None,
        misses: job.misses.saturating_add(1),
        due_at,
        ..job.clone()
    };
    if !advance(&mut tx, job, &next, note).await? {
        return Ok(false);
    }
    slot::free(&mut tx, &job.id).await?;
    let queued = find_in(&mut tx, &job.id).await?;
    if queued.wish == Wish::Asked {
        end_in(state, &mut tx, &queued, End::Cancelled).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// How a job ends without a clip.
pub(super) enum End {
    Cancelled,
    Failed(Failure),
    /// The provider has done its work and there is nothing to show for it.
    Wasted(Failure),
    /// There is a clip, and it may not be shown.
    Refused(Failure),
    /// Given up before the provider has said how it ends. A late look may tell.
    Expired(Failure),
    /// Given up, and nobody can ever say whether the provider has made it.
    Lost(Failure),
}

/// Ends a job without a clip and gives its hold back; false where it has moved in the meantime.
pub(super) async fn end(state: &AppState, job: &Job, end: End) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    if !end_in(state, &mut tx, job, end).await? {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// As [`end`], in the caller's transaction.
pub(super) async fn end_in(state: &AppState, tx: &mut Tx, job: &Job, end: End) -> Result<bool, Error> {
    let (to, failure, loss, late) = match end {
        End::Cancelled => (JobState::Cancelled, None, None, false),
        End::Failed(failure) => (JobState::Failed, Some(failure), None, false),
        End::Wasted(failure) => {
            (JobState::Failed, Some(failure), Some("a clip was made and is no use"), false)
        }
        End::Refused(failure) => {
            (JobState::Failed, Some(failure), Some("a clip was made and may not be shown"), false)
        }
        End::Expired(failure) => (JobState::Expired, Some(failure), None, true),
        End::Lost(failure) => {
            (JobState::Expired, Some(failure), Some("the answer to an order was lost"), false)
        }
    };
    let note = failure.as_ref().map_or("cancelled", |failure| failure.code.as_str()).to_owned();
    // What the provider never had it cannot bill.
    let due_at = if late && job.operation.is_some() { super::late::first_look() } else { super::late::NEVER };
    let next = Job {
        state: to,
        error: failure,
        charged: Some(Credits::ZERO),
        completed_at: Some(now_ms()),
        misses: 0,
        due_at,
        ..job.clone()
    };
    if !advance(tx, job, &next, &note).await? {
        return Ok(false);
    }
    state.ledger.release(tx, &job.reservation, &note).await?;
    if let Some(reason) = loss {
        note_loss(state, tx, job, reason).await?;
    }
    if job.state == JobState::Storing {
        Assets::end_links(tx, &job.id).await?;
    }
    slot::free(tx, &job.id).await?;
    metrics::counter!("triptych_jobs_total", "outcome" => to.as_str()).increment(1);
    state.traces.job_ended(job, to.as_str());
    Ok(true)
}

/// Books a job that the provider bills and nobody is charged for, once.
pub(super) async fn note_loss(state: &AppState, tx: &mut Tx, job: &Job, reason: &str) -> Result<(), Error> {
    state.ledger.note_loss(tx, &job_loss(&job.reservation), &job.reservation, job.held, reason).await
}
