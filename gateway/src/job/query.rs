use sqlx::Row;
use triptych_protocol::Credits;

use super::{Failure, Job, JobState};
use crate::error::Error;
use crate::ledger::{AccountId, ReservationId};
use crate::store::{AnyRow, Store, Tx, small};

/// Everything that [`read`] reads. A job's place in the queue is the number of older ones with the same provider.
pub(super) const SELECT: &str = "\
    SELECT job.*, asset.expires_at AS asset_expires_at, \
           CASE WHEN job.state = 'queued' THEN 1 + (SELECT count(*) FROM job AS ahead \
               WHERE ahead.state = 'queued' AND ahead.provider = job.provider AND ahead.id < job.id) END AS position \
    FROM job LEFT JOIN asset ON asset.id = job.asset_id ";

/// A job of the account's own that it has not hidden.
pub(crate) async fn find(store: &Store, id: &str, account: &AccountId) -> Result<Job, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE job.id = $1 AND job.account_id = $2 AND hidden = 0"
    )))
    .bind(id)
    .bind(&account.0)
    .fetch_optional(store.read())
    .await?;
    read(&row.ok_or_else(|| Error::not_found("video"))?)
}

/// Jobs of an account, newest first, from behind `after`; one more than `limit` where there are more.
pub(crate) async fn list(
    store: &Store,
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
    .fetch_all(store.read())
    .await?;
    rows.iter().map(read).collect()
}

/// A job as the running transaction sees it.
pub(super) async fn find_in(tx: &mut Tx, id: &str) -> Result<Job, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE job.id = $1")))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    read(&row.ok_or_else(|| Error::not_found("video"))?)
}

/// Jobs whose time has come, the queued ones apart: those wait for a place, not for a time.
pub(super) async fn due(store: &Store, now: i64) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE (job.state IN ('submitting', 'running', 'storing', 'indeterminate') AND job.due_at <= $1) \
         OR (job.state = 'queued' AND job.deadline_at <= $2) ORDER BY job.due_at LIMIT 200"
    )))
    .bind(now)
    .bind(now)
    .fetch_all(store.read())
    .await?;
    rows.iter().map(read).collect()
}

/// When the next job will be due.
pub(super) async fn next_due(store: &Store, now: i64) -> Result<Option<i64>, Error> {
    let row = sqlx::query(
        "SELECT min(due_at) FROM job WHERE state NOT IN ('completed', 'failed', 'cancelled') AND due_at > $1",
    )
    .bind(now)
    .fetch_one(store.read())
    .await?;
    Ok(row.try_get(0)?)
}

/// The queued job whose turn it is: the oldest of the user with the fewest under way.
pub(super) async fn next_queued(tx: &mut Tx, provider: &str, now: i64) -> Result<Option<Job>, Error> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "{SELECT} WHERE job.state = 'queued' AND job.provider = $1 AND job.due_at <= $2 AND job.deadline_at > $3 \
         ORDER BY (SELECT count(*) FROM job AS other WHERE other.account_id = job.account_id AND other.state IN \
         ('submitting', 'running', 'storing', 'indeterminate')), job.id LIMIT 1"
    )))
    .bind(provider)
    .bind(now)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// How many unfinished jobs an account has.
pub(super) async fn unfinished(tx: &mut Tx, account: &AccountId) -> Result<u32, Error> {
    let row = sqlx::query(
        "SELECT count(*) FROM job WHERE account_id = $1 AND state NOT IN ('completed', 'failed', 'cancelled')",
    )
    .bind(&account.0)
    .fetch_one(&mut **tx)
    .await?;
    small(row.try_get(0)?)
}

pub(super) fn read(row: &AnyRow) -> Result<Job, Error> {
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
        upstream_id: row.try_get("upstream_id")?,
        upstream_url: row.try_get("upstream_url")?,
        progress: u8::try_from(row.try_get::<i64, _>("progress")?).unwrap_or(0),
        misses: small(row.try_get("misses")?)?,
        error: code.map(|code| Failure { code, message: message.unwrap_or_default() }),
        held: Credits::from_micro(row.try_get("held")?),
        charged: row.try_get::<Option<i64>, _>("charged")?.map(Credits::from_micro),
        asset_id: row.try_get("asset_id")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        due_at: row.try_get("due_at")?,
        deadline_at: row.try_get("deadline_at")?,
        completed_at: row.try_get("completed_at")?,
        asset_expires_at: row.try_get("asset_expires_at")?,
        position: row.try_get::<Option<i64>, _>("position")?.map(small).transpose()?,
    })
}

/// Jobs in mid-submission.
pub(super) async fn submitting(store: &Store) -> Result<Vec<Job>, Error> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE job.state = 'submitting'")))
        .fetch_all(store.read())
        .await?;
    rows.iter().map(read).collect()
}
