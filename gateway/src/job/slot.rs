use crate::error::Error;
use crate::store::{Store, Tx};

/// Makes the places of a provider. Where the number has gone down, places in use go once they are free.
pub(super) async fn prepare(store: &Store, provider: &str, most: u32) -> Result<(), Error> {
    let mut tx = store.write().await?;
    for number in 0..most {
        sqlx::query("INSERT INTO upstream_slot (provider, slot_no) VALUES ($1, $2) ON CONFLICT (provider, slot_no) DO NOTHING")
            .bind(provider)
            .bind(i64::from(number))
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("DELETE FROM upstream_slot WHERE provider = $1 AND slot_no >= $2 AND job_id IS NULL")
        .bind(provider)
        .bind(i64::from(most))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a free place for a job; false where there is none.
pub(super) async fn take(tx: &mut Tx, provider: &str, job: &str, most: u32) -> Result<bool, Error> {
    let taken = sqlx::query(
        "UPDATE upstream_slot SET job_id = $1 WHERE provider = $2 AND slot_no = (SELECT slot_no FROM upstream_slot \
         WHERE provider = $3 AND job_id IS NULL AND slot_no < $4 \
         AND (SELECT count(*) FROM upstream_slot WHERE provider = $5 AND job_id IS NOT NULL) < $6 \
         ORDER BY slot_no LIMIT 1)",
    )
    .bind(job)
    .bind(provider)
    .bind(provider)
    .bind(i64::from(most))
    .bind(provider)
    .bind(i64::from(most))
    .execute(&mut **tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives a job's place back, if it has one.
pub(super) async fn free(tx: &mut Tx, job: &str) -> Result<(), Error> {
    sqlx::query("UPDATE upstream_slot SET job_id = NULL WHERE job_id = $1")
        .bind(job)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
