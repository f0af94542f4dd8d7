//! What owners want gone: jobs that are taken back, and ended ones that they no longer want to see.

use triptych_protocol::ErrorCode;

use super::poll::settle_wish;
use super::transition::{End, advance, end, step, wish};
use super::{Job, JobState, Wish, query};
use crate::error::Error;
use crate::ledger::AccountId;
use crate::provider::Cancellation;
use crate::state::AppState;
use crate::store::{Store, now_ms};

/// How often a job may move on while it is being taken back.
const MOST_TRIES: usize = 8;
/// After so long the worker asks the provider again, because whoever was about to is gone. In milliseconds; longer
/// than the call may take.
const CALL_TIME: i64 = 40_000;

/// Takes a job back. One that waits ends at once. One that the provider has stays held until the provider says how it
/// ends; where it has been made in the meantime, it is delivered and charged.
///
/// # Errors
/// `conflict` where it has ended, or cannot be taken back any more.
pub(crate) async fn cancel(state: &AppState, id: &str, account: &AccountId) -> Result<(), Error> {
    for _ in 0..MOST_TRIES {
        let job = query::find(state, id, account).await?;
        if attempt(state, &job).await? {
            return Ok(());
        }
    }
    Err(Error::new(ErrorCode::Conflict, "The video moves on as you ask. Ask again."))
}

/// False where the job has moved in the meantime.
async fn attempt(state: &AppState, job: &Job) -> Result<bool, Error> {
    let can = state.providers.get(&job.provider).is_some_and(|provider| provider.can_cancel());
    match job.state {
        JobState::Queued => end(state, job, End::Cancelled).await,
        JobState::Submitting | JobState::Indeterminate if can => leave_wish(state, job).await,
        JobState::Running if can => ask(state, job).await,
        JobState::Cancelling => Ok(true),
        state if state.is_final() => {
            Err(Error::new(ErrorCode::Conflict, "This video has ended, so there is nothing to take back."))
        }
        JobState::Storing => Err(too_late()),
        _ => {
            let message =
                "The provider works on this video already, so it cannot be taken back. Wait for it to end.";
            Err(Error::new(ErrorCode::Conflict, message))
        }
    }
}

fn too_late() -> Error {
    Error::new(ErrorCode::Conflict, "It is too late to take this video back. It is as good as ready.")
}

/// Notes the wish for when the provider's answer to the order arrives.
async fn leave_wish(state: &AppState, job: &Job) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let noted = sqlx::query("UPDATE job SET cancel_asked = 1 WHERE id = $1 AND state = $2")
        .bind(&job.id)
        .bind(job.state.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(noted.rows_affected() == 1)
}

/// Asks the provider now, so that the owner hears what comes of it.
async fn ask(state: &AppState, job: &Job) -> Result<bool, Error> {
    let due_at = now_ms().saturating_add(CALL_TIME);
    let next = Job { state: JobState::Cancelling, due_at, ..job.clone() };
    let mut tx = state.store.write().await?;
    if !advance(&mut tx, job, &next, "asked by its owner").await? {
        return Ok(false);
    }
    wish(&mut tx, &job.id, Wish::Asked).await?;
    tx.commit().await?;
    let job = query::current(&state.store, &job.id).await?;
    let answer = match (state.providers.get(&job.provider), &job.operation) {
        (Some(provider), Some(operation)) => provider.video_cancel(operation).await,
        _ => return Ok(true),
    };
    let outcome = match answer {
        Ok(answer) => {
            settle_wish(state, &job, answer).await?;
            if answer == Cancellation::Cancelled { Ok(true) } else { Err(too_late()) }
        }
        Err(error) => {
            // The wish stands, and the worker asks on.
            tracing::info!(job = job.id, %error, "a job could not be taken back yet");
            let next = Job { due_at: now_ms(), ..job.clone() };
            step(state, &job, &next, "").await?;
            Ok(true)
        }
    };
    state.jobs.wake();
    outcome
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
    tx.commit().await
}
