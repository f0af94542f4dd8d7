//! The places of each provider: one row for each job that it may have at once.

use sqlx::Row;

use crate::error::Error;
use crate::store::{Store, Tx, small};

/// Makes the places of a provider. Where the number has gone down, the rows stay and are not given out.
pub(super) async fn prepare(store: &Store, provider: &str, most: u32) -> Result<(), Error> {
    let mut tx = store.write().await?;
    for number in 0..most {
        sqlx::query(
            "INSERT INTO upstream_slot (provider, slot_no) VALUES ($1, $2) \
             ON CONFLICT (provider, slot_no) DO NOTHING",
        )
        .bind(provider)
        .bind(i64::from(number))
        .execute(&mut *tx)
        .await?;
    }
    tx.commit().await
}

/// Lets no other gateway give places out until the transaction ends. One lock for all providers, because a user's
/// jobs are counted over all of them.
pub(super) async fn lock(tx: &mut Tx) -> Result<(), Error> {
    let query = format!(
        "SELECT slot_no FROM upstream_slot WHERE slot_no = 0 ORDER BY provider{}",
        tx.dialect().for_update()
    );
    sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&mut **tx).await?;
    Ok(())
}

/// Jobs that the provider has.
pub(super) async fn taken(tx: &mut Tx, provider: &str) -> Result<u32, Error> {
    let query = "SELECT count(*) FROM upstream_slot WHERE provider = $1 AND job_id IS NOT NULL";
    small(sqlx::query(query).bind(provider).fetch_one(&mut **tx).await?.try_get(0)?)
}

/// Batch jobs that the provider has.
pub(super) async fn taken_by_batch(tx: &mut Tx, provider: &str) -> Result<u32, Error> {
    let query = "SELECT count(*) FROM upstream_slot JOIN job ON job.id = upstream_slot.job_id \
                 WHERE upstream_slot.provider = $1 AND job.batch = 1";
    small(sqlx::query(query).bind(provider).fetch_one(&mut **tx).await?.try_get(0)?)
}

/// Gives a job a free place; false where there is none. Only under [`lock`].
pub(super) async fn take(tx: &mut Tx, provider: &str, job: &str, most: u32) -> Result<bool, Error> {
    let taken = sqlx::query(
        "UPDATE upstream_slot SET job_id = $1 WHERE provider = $2 AND slot_no = (SELECT min(slot_no) \
         FROM upstream_slot WHERE provider = $2 AND job_id IS NULL AND slot_no < $3)",
    )
    .bind(job)
    .bind(provider)
    .bind(i64::from(most))
    .execute(&mut **tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Takes a job's place back, if it has one.
pub(super) async fn free(tx: &mut Tx, job: &str) -> Result<(), Error> {
    sqlx::query("UPDATE upstream_slot SET job_id = NULL WHERE job_id = $1")
        .bind(job)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
