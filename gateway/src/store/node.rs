//! Who of the gateways on one database is alive: what the dead have held is given back by the living.

use std::time::Duration;

use sqlx::Row;

use super::{Store, Tx, now_ms};
use crate::error::Error;

impl Store {
    /// How often a gateway has to say that it runs: a few times may get lost.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.silence / 6
    }

    /// Says that this gateway runs.
    pub(crate) async fn sign_on(&self) -> Result<(), Error> {
        if !self.is_shared() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        let now = now_ms();
        sqlx::query(
            "INSERT INTO node (epoch, started_at, seen_at) VALUES ($1, $2, $3) \
             ON CONFLICT (epoch) DO UPDATE SET seen_at = $3",
        )
        .bind(self.epoch())
        .bind(now)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Says that this gateway is gone. A failure only delays what others find out by themselves.
    pub(super) async fn sign_off(&self) {
        if !self.is_shared() {
            return;
        }
        let gone = async {
            let mut tx = self.write().await?;
            sqlx::query("DELETE FROM node WHERE epoch = $1").bind(self.epoch()).execute(&mut *tx).await?;
            tx.commit().await
        };
        if let Err(error) = gone.await {
            tracing::debug!(%error, "the gateway could not sign off");
        }
    }

    /// The runs that are alive, this one among them: those seen of late. On SQLite there is no other.
    pub(crate) async fn living(&self) -> Result<Vec<String>, Error> {
        let mut living = vec![self.epoch().to_owned()];
        if self.is_shared() {
            let rows = sqlx::query("SELECT epoch FROM node WHERE seen_at > $1")
                .bind(now_ms().saturating_sub(self.silence_ms()))
                .fetch_all(self.read())
                .await?;
            for row in rows {
                living.push(row.try_get(0)?);
            }
        }
        Ok(living)
    }

    /// True where that run of a gateway is alive.
    pub(crate) async fn is_alive(&self, tx: &mut Tx, epoch: &str) -> Result<bool, Error> {
        if epoch == self.epoch() {
            return Ok(true);
        }
        if !self.is_shared() {
            return Ok(false);
        }
        let row = sqlx::query("SELECT 1 FROM node WHERE epoch = $1 AND seen_at > $2")
            .bind(epoch)
            .bind(now_ms().saturating_sub(self.silence_ms()))
            .fetch_optional(&mut **tx)
            .await?;
        Ok(row.is_some())
    }

    fn silence_ms(&self) -> i64 {
        i64::try_from(self.silence.as_millis()).unwrap_or(i64::MAX)
    }
}
