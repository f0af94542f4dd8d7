//! Whose turn it is. Interactive jobs go before batch ones; among them the user with the fewest under way goes first,
//! and of each user the oldest job.

use std::collections::HashMap;

use sqlx::{Any, Executor, Row};

use super::query::{OPEN, find_in};
use super::{Job, JobState, slot, transition};
use crate::error::Error;
use crate::ledger::AccountId;
use crate::state::AppState;
use crate::store::{Store, Tx, new_id, now_ms, small};

/// Candidates that may be gone again before one is taken, because their owners take them back.
const MOST_TRIES: usize = 8;

/// Takes the next queued job of a provider and a place for it, if there are both. The job is leased and about to be
/// submitted; that is written before the provider is called, so that a crash in between is known for what it is.
pub(super) async fn claim(state: &AppState, provider: &str, most: u32) -> Result<Option<Job>, Error> {
    if state.switches.stops_provider(provider) {
        return Ok(None);
    }
    // Most looks find nothing, and they cost no write.
    if !waits(&state.store, provider).await? {
        return Ok(None);
    }
    let mut tx = state.store.write().await?;
    slot::lock(&mut tx).await?;
    if slot::taken(&mut tx, provider).await? >= most {
        return Ok(None);
    }
    for _ in 0..MOST_TRIES {
        let Some(id) = next(state, &mut tx, provider, most).await? else { return Ok(None) };
        let job = find_in(&mut tx, &id).await?;
        let now = now_ms();
        let next = Job {
            state: JobState::Submitting,
            attempt_id: Some(new_id("attempt")),
            started_at: Some(now),
            due_at: job.deadline_at,
            ..job.clone()
        };
        if job.state != JobState::Queued || !transition::advance(&mut tx, &job, &next, "").await? {
            continue;
        }
        if !slot::take(&mut tx, provider, &job.id, most).await? {
            return Ok(None);
        }
        super::lease::take(&mut tx, state.store.epoch(), &job.id).await?;
        let job = find_in(&mut tx, &job.id).await?;
        tx.commit().await?;
        return Ok(Some(job));
    }
    Ok(None)
}

/// Whether any job of a provider could start if there were room.
async fn waits(store: &Store, provider: &str) -> Result<bool, Error> {
    let now = now_ms();
    let row = sqlx::query(
        "SELECT 1 FROM job WHERE state = 'queued' AND provider = $1 AND due_at <= $2 AND deadline_at > $2 LIMIT 1",
    )
    .bind(provider)
    .bind(now)
    .fetch_optional(store.read())
    .await?;
    Ok(row.is_some())
}

/// The job whose turn it is.
async fn next(state: &AppState, tx: &mut Tx, provider: &str, most: u32) -> Result<Option<String>, Error> {
    if let Some(id) = oldest(state, tx, provider, false).await? {
        return Ok(Some(id));
    }
    let waiting = "SELECT 1 FROM job WHERE state = 'queued' AND provider = $1 AND batch = 0 LIMIT 1";
    let held_up = sqlx::query(waiting).bind(provider).fetch_optional(&mut **tx).await?.is_some();
    // Interactive jobs that wait for their user's turn are about to start, so batch ones leave them room.
    if held_up && slot::taken_by_batch(tx, provider).await? >= most * state.config.jobs.batch_percent / 100 {
        return Ok(None);
    }
    oldest(state, tx, provider, true).await
}

async fn oldest(state: &AppState, tx: &mut Tx, provider: &str, batch: bool) -> Result<Option<String>, Error> {
    let query = format!(
        "SELECT id FROM (SELECT job.id, (SELECT count(*) FROM job AS other WHERE other.account_id = job.account_id \
             AND other.{OPEN} AND other.state <> 'queued') AS running \
         FROM job WHERE job.state = 'queued' AND job.provider = $1 AND job.batch = $2 AND job.due_at <= $3 \
             AND job.deadline_at > $3) AS waiting \
         WHERE running < $4 ORDER BY running, id LIMIT 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(provider)
        .bind(i64::from(batch))
        .bind(now_ms())
        .bind(i64::from(state.config.jobs.max_running_per_user))
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// The places of an account's queued jobs, counted from 1 for each provider: the order in which [`claim`] would take
/// them if none ended in the meantime. With each job that is taken its user has one more under way, so a user's n-th
/// job waits for as many rounds.
pub(super) async fn places<'c>(
    executor: impl Executor<'c, Database = Any>,
    account: &AccountId,
) -> Result<HashMap<String, u32>, Error> {
    let query = format!(
        "SELECT id, place FROM ( \
             SELECT id, account_id, ROW_NUMBER() OVER (PARTITION BY provider ORDER BY batch, round, id) AS place FROM ( \
                 SELECT job.id, job.account_id, job.provider, job.batch, COALESCE(running.number, 0) + \
                     ROW_NUMBER() OVER (PARTITION BY job.provider, job.account_id ORDER BY job.batch, job.id) AS round \
                 FROM job LEFT JOIN (SELECT account_id, count(*) AS number FROM job \
                     WHERE {OPEN} AND state <> 'queued' GROUP BY account_id) AS running \
                     ON running.account_id = job.account_id \
                 WHERE job.state = 'queued') AS waiting) AS placed \
         WHERE account_id = $1"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(&account.0).fetch_all(executor).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, small(row.try_get(1)?)?))).collect()
}
