//! What gateways that are gone have left behind.

use sqlx::Row;

use super::query::{OPEN, current};
use super::{Job, JobState, lost, transition};
use crate::error::Error;
use crate::state::AppState;
use crate::store::now_ms;

/// Takes over the jobs of gateways that are gone. What one of them left in mid-submission may exist upstream: it is
/// never sent again.
pub(super) async fn recover(state: &AppState) -> Result<(), Error> {
    let living = state.store.living().await?;
    let query = format!(
        "SELECT id, lease_owner, lease_until FROM job \
         WHERE {OPEN} AND (state = 'submitting' OR lease_until > 0)"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(state.store.read()).await?;
    for row in rows {
        let owner: Option<String> = row.try_get(1)?;
        let until: i64 = row.try_get(2)?;
        if owner.is_some_and(|owner| living.contains(&owner)) && until > now_ms() {
            continue;
        }
        let job = current(&state.store, &row.try_get::<String, _>(0)?).await?;
        take_over(state, &job).await?;
    }
    Ok(())
}

async fn take_over(state: &AppState, job: &Job) -> Result<(), Error> {
    match job.state {
        JobState::Submitting => {
            tracing::warn!(
                job = job.id,
                "a gateway stopped while it submitted this job; whether it exists is unknown"
            );
            let next =
                Job { state: JobState::Indeterminate, due_at: lost::first_look(state, job), ..job.clone() };
            transition::step(state, job, &next, "stopped in mid-submission").await?;
        }
        _ => {
            // The same job, without the lease.
            transition::step(state, job, job, "").await?;
        }
    }
    Ok(())
}
