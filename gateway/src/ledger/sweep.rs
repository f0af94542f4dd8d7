//! What an earlier run of the process left open.

use sqlx::Row;
use triptych_protocol::{Credits, Modality};

use super::reservation::modality_word;
use super::{AccountId, Ledger, OpenReservation, ReservationId};
use crate::error::Error;

impl Ledger {
    /// The holds of a kind that have no outcome yet, oldest first.
    pub(crate) async fn open_reservations(&self, kind: Modality) -> Result<Vec<OpenReservation>, Error> {
        let rows = sqlx::query(
            "SELECT id, account_id, amount, epoch FROM reservation \
             WHERE state = 'held' AND kind = ? ORDER BY id",
        )
        .bind(modality_word(kind))
        .fetch_all(self.store.read())
        .await?;
        let read = |row: sqlx::sqlite::SqliteRow| {
            Ok(OpenReservation {
                id: ReservationId(row.try_get(0)?),
                account: AccountId(row.try_get(1)?),
                amount: Credits::from_micro(row.try_get(2)?),
                epoch: row.try_get(3)?,
            })
        };
        rows.into_iter().map(read).collect()
    }

    /// Gives back what chat and image calls of earlier runs held. Nobody is left to learn what they used, so what the
    /// provider bills for them is the platform's loss. Video holds belong to jobs, which go on.
    pub(crate) async fn release_interrupted(&self) -> Result<usize, Error> {
        let mut released = 0;
        for kind in [Modality::Chat, Modality::Audio, Modality::Image] {
            for open in self.open_reservations(kind).await? {
                if open.epoch == self.store.epoch() {
                    continue;
                }
                let mut tx = self.store.write().await?;
                self.release(&mut tx, &open.id, "gateway restarted").await?;
                tx.commit().await?;
                tracing::warn!(
                    reservation = %open.id.0, account = %open.account.0, held = open.amount.micro(),
                    "a call was interrupted by a restart; its hold was given back and its true cost is unknown"
                );
                released += 1;
            }
        }
        Ok(released)
    }
}
