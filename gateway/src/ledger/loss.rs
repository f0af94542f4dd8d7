//! What the platform paid and nobody was charged for: it is written down, so that it can be looked at and summed up.

use triptych_protocol::Credits;

use super::{Ledger, ReservationId};
use crate::error::Error;
use crate::store::{Tx, now_ms};

impl Ledger {
    /// Notes a loss. The same key notes it once only.
    pub(crate) async fn note_loss(
        &self,
        tx: &mut Tx,
        op_key: &str,
        reservation: &ReservationId,
        amount: Credits,
        reason: &str,
    ) -> Result<(), Error> {
        let noted = sqlx::query(
            "INSERT INTO platform_loss (op_key, reservation_id, amount, reason, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (op_key) DO NOTHING",
        )
        .bind(op_key)
        .bind(reservation.0.as_str())
        .bind(amount.micro().max(0))
        .bind(reason)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        if noted.rows_affected() == 1 {
            tracing::warn!(%reservation, loss = amount.micro(), reason, "the platform pays for a call");
            metrics::counter!("triptych_platform_loss_micro_credits_total")
                .increment(amount.micro().max(0).unsigned_abs());
        }
        Ok(())
    }
}
