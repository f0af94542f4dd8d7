//! How a clip becomes its owner's.

use sqlx::Row;
use triptych_protocol::{ClipOrder, Credits, Price, clip_cost};

use super::query::find_in;
use super::transition::advance;
use super::{Job, JobState};
use crate::asset::Asset;
use crate::error::Error;
use crate::ledger::UsageRecord;
use crate::state::AppState;
use crate::store::{Tx, now_ms};

/// Keeps a clip that is to be judged before its owner gets it; false where the job has moved in the meantime.
pub(super) async fn keep(state: &AppState, job: &Job, asset: &Asset) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let next = Job { misses: 0, due_at: now_ms(), ..job.clone() };
    if !advance(&mut tx, job, &next, "").await? {
        return Ok(false);
    }
    state.assets.record(&mut tx, asset, &job.account, Some(&job.id)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends a job with a clip that was fetched just now, and charges it; false where it has moved in the meantime.
pub(super) async fn deliver(state: &AppState, job: &Job, asset: &Asset) -> Result<bool, Error> {
    let mut tx = state.store.write().await?;
    let lock = format!("SELECT 1 FROM job WHERE id = $1{}", tx.dialect().for_update());
    sqlx::query(sqlx::AssertSqlSafe(lock)).bind(&job.id).execute(&mut *tx).await?;
    if find_in(&mut tx, &job.id).await?.version != job.version {
        return Ok(false);
    }
    state.assets.record(&mut tx, asset, &job.account, Some(&job.id)).await?;
    complete(state, tx, job, asset).await
}

/// As [`deliver`], with a clip that was kept before.
pub(super) async fn deliver_kept(state: &AppState, job: &Job, asset: &Asset) -> Result<bool, Error> {
    complete(state, state.store.write().await?, job, asset).await
}

async fn complete(state: &AppState, mut tx: Tx, job: &Job, asset: &Asset) -> Result<bool, Error> {
    let usage = UsageRecord {
        seconds: Some(job.delivered.unwrap_or(job.seconds)),
        size: Some(job.size.clone()),
        resolution: Some(job.resolution.clone()),
        upstream_id: job.operation.as_ref().map(|operation| operation.id.clone()),
        ..UsageRecord::default()
    };
    let charged = charge(&mut tx, job).await?;
    let next = Job {
        state: JobState::Completed,
        charged: Some(charged),
        asset_id: Some(asset.id.clone()),
        progress: 100,
        error: None,
        completed_at: Some(now_ms()),
        ..job.clone()
    };
    if !advance(&mut tx, job, &next, "").await? {
        return Ok(false);
    }
    state.ledger.settle(&mut tx, &job.reservation, charged, &usage).await?;
    tx.commit().await?;
    metrics::counter!("triptych_jobs_total", "outcome" => "completed").increment(1);
    state.traces.job_ended(job, "completed");
    Ok(true)
}

/// What a finished clip costs. Its price is exact, so all of the hold is the charge, but for one that came out shorter
/// than it was ordered: of that the seconds are paid that came, at the price that was held.
async fn charge(tx: &mut Tx, job: &Job) -> Result<Credits, Error> {
    let Some(seconds) = job.delivered else { return Ok(job.held) };
    let row = sqlx::query("SELECT price FROM reservation WHERE id = $1")
        .bind(&job.reservation.0)
        .fetch_one(&mut **tx)
        .await?;
    let price: Price = serde_json::from_str(&row.try_get::<String, _>(0)?).map_err(Error::internal)?;
    let order = ClipOrder { resolution: &job.resolution, seconds, ..ClipOrder::default() };
    Ok(clip_cost(&price, &order).map_or(job.held, |cost| cost.min(job.held)))
}
