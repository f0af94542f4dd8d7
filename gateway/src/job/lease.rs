//! Who is busy with a job. A lease is a courtesy between workers, so that none does what another is doing: what keeps
//! a job from ending twice is its version.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use sqlx::Row;

use super::Job;
use super::query::{OPEN, find_in};
use crate::error::Error;
use crate::state::AppState;
use crate::store::{Store, Tx, now_ms};

/// How long a lease lasts without being renewed.
const LEASE_MS: i64 = 60_000;
/// How often a worker renews the lease of a job that it is still busy with.
const RENEWAL: Duration = Duration::from_secs(20);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Due {
    /// A short call to the provider, or the end of a job's time.
    Call,
    /// Fetching a finished clip.
    Download,
    /// Having a clip judged that was fetched.
    Judgement,
    /// A look at a job that was given up.
    Late,
}

impl Due {
    /// Which jobs they are. `$1` is the provider, `$2` the time.
    fn condition(self) -> String {
        match self {
            Due::Call => format!(
                "provider = $1 AND {OPEN} AND state <> 'storing' AND ((state <> 'queued' AND state <> 'submitting' \
                 AND due_at <= $2) OR (state = 'queued' AND deadline_at <= $2))"
            ),
            Due::Download => format!("{} AND NOT {KEPT}", storing()),
            Due::Judgement => format!("{} AND {KEPT}", storing()),
            Due::Late => "provider = $1 AND state = 'expired' AND due_at <= $2".to_owned(),
        }
    }
}

/// There is a file already.
const KEPT: &str = "EXISTS (SELECT 1 FROM asset WHERE asset.job_id = job.id)";

fn storing() -> String {
    format!("provider = $1 AND {OPEN} AND state = 'storing' AND due_at <= $2")
}

/// Leases jobs of a provider whose time has come, those that have waited longest first.
pub(super) async fn due(
    state: &AppState,
    provider: &str,
    due: Due,
    most: usize,
    free: impl Fn(&str) -> bool,
) -> Result<Vec<Job>, Error> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let query = format!(
        "SELECT id FROM job WHERE {} AND lease_until <= $2 ORDER BY due_at LIMIT {}",
        due.condition(),
        most.min(1000)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(provider)
        .bind(now_ms())
        .fetch_all(state.store.read())
        .await?;
    lease(state, rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?, free).await
}

/// Leases jobs whose time is up and whose provider is not configured here.
pub(super) async fn orphans(
    state: &AppState,
    most: usize,
    free: impl Fn(&str) -> bool,
) -> Result<Vec<Job>, Error> {
    let query = format!(
        "SELECT id, provider FROM job WHERE {OPEN} AND deadline_at <= $1 AND due_at <= $1 AND lease_until <= $1 \
         ORDER BY due_at"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).bind(now_ms()).fetch_all(state.store.read()).await?;
    let mut ids = Vec::new();
    for row in rows {
        if state.providers.get(&row.try_get::<String, _>(1)?).is_none() {
            ids.push(row.try_get(0)?);
        }
    }
    ids.truncate(most);
    lease(state, ids, free).await
}

async fn lease(
    state: &AppState,
    mut ids: Vec<String>,
    free: impl Fn(&str) -> bool,
) -> Result<Vec<Job>, Error> {
    ids.retain(|id| free(id));
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // In one order everywhere, so that two gateways cannot wait for each other.
    ids.sort_unstable();
    let mut tx = state.store.write().await?;
    let mut jobs = Vec::new();
    for id in &ids {
        if take(&mut tx, state.store.epoch(), id).await? {
            jobs.push(find_in(&mut tx, id).await?);
        }
    }
    tx.commit().await?;
    Ok(jobs)
}

/// Leases one job; false where somebody else has it.
pub(super) async fn take(tx: &mut Tx, owner: &str, id: &str) -> Result<bool, Error> {
    let now = now_ms();
    let taken =
        sqlx::query("UPDATE job SET lease_owner = $1, lease_until = $2 WHERE id = $3 AND lease_until <= $4")
            .bind(owner)
            .bind(now.saturating_add(LEASE_MS))
            .bind(id)
            .bind(now)
            .execute(&mut **tx)
            .await?;
    Ok(taken.rows_affected() == 1)
}

/// Does a step of a job and keeps its lease meanwhile. What the step has not moved is given back.
pub(super) async fn kept<T>(store: &Store, id: &str, step: impl Future<Output = T>) -> T {
    let outcome = match select(pin!(step), pin!(renewals(store, id))).await {
        Either::Left((outcome, _)) => outcome,
        Either::Right((never, _)) => match never {},
    };
    if let Err(error) = set(store, id, 0).await {
        error.log();
    }
    outcome
}

async fn renewals(store: &Store, id: &str) -> Infallible {
    loop {
        tokio::time::sleep(RENEWAL).await;
        if let Err(error) = set(store, id, now_ms().saturating_add(LEASE_MS)).await {
            error.log();
        }
    }
}

/// Sets the end of a lease of our own.
async fn set(store: &Store, id: &str, until: i64) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query("UPDATE job SET lease_until = $1 WHERE id = $2 AND lease_owner = $3 AND lease_until > 0")
        .bind(until)
        .bind(id)
        .bind(store.epoch())
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
