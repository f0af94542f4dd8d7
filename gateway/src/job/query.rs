//! Reading jobs.

use sqlx::Row;
use triptych_protocol::Credits;

use super::{Failure, Job, JobState, Source, Wish, queue, timing};
use crate::error::Error;
use crate::ledger::{AccountId, ReservationId};
use crate::provider::Operation;
use crate::state::AppState;
use crate::store::{AnyRow, Store, Tx, now_ms, small};

/// Everything that [`read`] reads.
const SELECT: &str =
    "SELECT job.*, asset.expires_at AS asset_expires_at FROM job LEFT JOIN asset ON asset.id = job.asset_id";

/// Jobs that have not ended, in the words of the tables' indexes.
pub(super) const OPEN: &str = "state NOT IN ('completed', 'failed', 'cancelled', 'expired')";

/// A job of the account's own that it has not hidden.
pub(crate) async fn find(state: &AppState, id: &str, account: &AccountId) -> Result<Job, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE job.id = $1 AND job.account_id = $2 AND hidden = 0"
    )))
    .bind(id)
    .bind(&account.0)
    .fetch_optional(state.store.read())
    .await?;
    let mut jobs = [read(&row.ok_or_else(|| Error::not_found("video"))?)?];
    outlook(state, account, &mut jobs).await?;
    let [job] = jobs;
    Ok(job)
}

/// Jobs of an account, newest first, from behind `after`; one more than `limit` where there are more.
pub(crate) async fn list(
    state: &AppState,
    account: &AccountId,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE job.account_id = $1 AND hidden = 0 AND ($2 IS NULL OR job.id < $2) ORDER BY job.id DESC LIMIT $3"
    )))
    .bind(&account.0)
    .bind(after)
    .bind(i64::from(limit) + 1)
    .fetch_all(state.store.read())
    .await?;
    let mut jobs: Vec<Job> = rows.iter().map(read).collect::<Result<_, _>>()?;
    outlook(state, account, &mut jobs).await?;
    Ok(jobs)
}

/// Fills in what lies ahead of jobs of one account: their places in the queue and how long they may take.
async fn outlook(state: &AppState, account: &AccountId, jobs: &mut [Job]) -> Result<(), Error> {
    if jobs.iter().any(|job| job.state == JobState::Queued) {
        let places = queue::places(state.store.read(), account).await?;
        for job in jobs.iter_mut().filter(|job| job.state == JobState::Queued) {
            job.position = places.get(&job.id).copied();
        }
    }
    for job in jobs.iter_mut().filter(|job| !job.state.is_final()) {
        job.estimate = timing::estimate(state, job).await?;
    }
    Ok(())
}

/// A job as the running transaction sees it.
pub(super) async fn find_in(tx: &mut Tx, id: &str) -> Result<Job, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE job.id = $1")))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    read(&row.ok_or_else(|| Error::not_found("video"))?)
}

/// A job as it was committed last.
pub(super) async fn current(store: &Store, id: &str) -> Result<Job, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE job.id = $1")))
        .bind(id)
        .fetch_optional(store.read())
        .await?;
    read(&row.ok_or_else(|| Error::not_found("video"))?)
}

/// When something will be due next: a step, or a late look at a job that was given up.
pub(super) async fn next_due(store: &Store, now: i64) -> Result<Option<i64>, Error> {
    let mut next: Option<i64> = None;
    for jobs in [OPEN, "state = 'expired'"] {
        let query = format!("SELECT min(due_at) FROM job WHERE {jobs} AND due_at > $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now).fetch_one(store.read()).await?;
        let due: Option<i64> = row.try_get(0)?;
        next = [next, due].into_iter().flatten().min();
    }
    Ok(next)
}

/// For how long the job that has waited longest for its step has been waiting, in milliseconds. Where this grows, the
/// workers are stuck.
pub(crate) async fn most_overdue(store: &Store) -> Result<i64, Error> {
    let query =
        format!("SELECT min(due_at) FROM job WHERE {OPEN} AND state <> 'queued' AND lease_until <= $1");
    let now = now_ms();
    let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now).fetch_one(store.read()).await?;
    let due: Option<i64> = row.try_get(0)?;
    Ok(due.map_or(0, |due| now.saturating_sub(due).max(0)))
}

/// How many unfinished jobs an account has.
pub(super) async fn unfinished(tx: &mut Tx, account: &AccountId) -> Result<u32, Error> {
    let query = format!("SELECT count(*) FROM job WHERE account_id = $1 AND {OPEN}");
    let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(&account.0).fetch_one(&mut **tx).await?;
    small(row.try_get(0)?)
}

fn read(row: &AnyRow) -> Result<Job, Error> {
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    Ok(Job {
        id: row.try_get("id")?,
        account: AccountId(row.try_get("account_id")?),
        reservation: ReservationId(row.try_get("reservation_id")?),
        provider: row.try_get("provider")?,
        model: row.try_get("model")?,
        prompt: row.try_get("prompt")?,
        seconds: small(row.try_get("seconds")?)?,
        size: row.try_get("size")?,
        resolution: row.try_get("resolution")?,
        aspect_ratio: row.try_get("aspect_ratio")?,
        state: JobState::parse(&row.try_get::<String, _>("state")?)?,
        version: row.try_get("version")?,
        attempt_id: row.try_get("attempt_id")?,
        operation: operation(row)?,
        upstream_url: row.try_get("upstream_url")?,
        progress: u8::try_from(row.try_get::<i64, _>("progress")?).unwrap_or(0),
        misses: small(row.try_get("misses")?)?,
        error: code.map(|code| Failure { code, message: message.unwrap_or_default() }),
        held: Credits::from_micro(row.try_get("held")?),
        charged: row.try_get::<Option<i64>, _>("charged")?.map(Credits::from_micro),
        delivered: row.try_get::<Option<i64>, _>("delivered_seconds")?.map(small).transpose()?,
        source: source(row)?,
        asset_id: row.try_get("asset_id")?,
        wish: match row.try_get::<i64, _>("cancel_asked")? {
            0 => Wish::None,
            1 => Wish::Asked,
            _ => Wish::Agreed,
        },
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        due_at: row.try_get("due_at")?,
        deadline_at: row.try_get("deadline_at")?,
        completed_at: row.try_get("completed_at")?,
        asset_expires_at: row.try_get("asset_expires_at")?,
        position: None,
        estimate: None,
    })
}

fn source(row: &AnyRow) -> Result<Option<Source>, Error> {
    let stored: Option<String> = row.try_get("extra")?;
    stored.map(|text| serde_json::from_str(&text).map_err(Error::internal)).transpose()
}

fn operation(row: &AnyRow) -> Result<Option<Operation>, Error> {
    let stored: Option<String> = row.try_get("upstream_op")?;
    let stored = stored.and_then(|text| serde_json::from_str(&text).ok());
    let id: Option<String> = row.try_get("upstream_id")?;
    Ok(stored.or_else(|| id.map(Operation::new)))
}
