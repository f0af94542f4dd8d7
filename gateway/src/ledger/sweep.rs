//! What was left open: by an earlier run of the process, by another gateway that is gone, or by a call whose outcome
//! was lost.

use sqlx::Row;
use triptych_protocol::{Credits, Modality};

use super::reservation::modality_word;
use super::{AccountId, Ledger, OpenReservation, ReservationId};
use crate::error::Error;
use crate::store::AnyRow;

impl Ledger {
    /// The holds of a kind that have no outcome yet, oldest first.
    pub(crate) async fn open_reservations(&self, kind: Modality) -> Result<Vec<OpenReservation>, Error> {
        let rows = sqlx::query(
            "SELECT id, account_id, amount, epoch, deadline FROM reservation \
             WHERE state = 'held' AND kind = $1 ORDER BY id",
        )
        .bind(modality_word(kind))
        .fetch_all(self.store.read())
        .await?;
        let read = |row: AnyRow| {
            Ok(OpenReservation {
                id: ReservationId(row.try_get(0)?),
                account: AccountId(row.try_get(1)?),
                amount: Credits::from_micro(row.try_get(2)?),
                epoch: row.try_get(3)?,
                deadline_ms: row.try_get(4)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Gives back what chat and image calls of gateways that are gone held. Nobody is left to learn what they used,
    /// so what the provider bills for them is the platform's loss. Video holds belong to jobs, which go on.
    pub(crate) async fn release_interrupted(&self) -> Result<usize, Error> {
        let living = self.store.living().await?;
        self.release_where("gateway restarted", |open| !living.contains(&open.epoch)).await
    }

    /// Gives back what chat and image calls still hold after the longest that they can last: their outcome could not
    /// be written, so nobody would ever write it.
    pub(crate) async fn release_overdue(&self, now_ms: i64) -> Result<usize, Error> {
        self.release_where("no outcome in time", |open| open.deadline_ms <= now_ms).await
    }

    async fn release_where(
        &self,
        reason: &str,
        applies: impl Fn(&OpenReservation) -> bool,
    ) -> Result<usize, Error> {
        let mut released = 0;
        for kind in [Modality::Chat, Modality::Audio, Modality::Image] {
            for open in self.open_reservations(kind).await?.into_iter().filter(&applies) {
                let mut tx = self.store.write().await?;
                match self.release(&mut tx, &open.id, reason).await {
                    Ok(_) => {}
                    // It ended in the meantime, which is better still.
                    Err(error) if error.code() == triptych_protocol::ErrorCode::Conflict => continue,
                    Err(error) => return Err(error),
                }
                tx.commit().await?;
                tracing::warn!(
                    reservation = %open.id.0, account = %open.account.0, held = open.amount.micro(), reason,
                    "a hold without an outcome was given back; what the call cost is unknown"
                );
                released += 1;
            }
        }
        Ok(released)
    }
}
