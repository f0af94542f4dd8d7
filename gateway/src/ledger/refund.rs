//! Giving back what was charged: a new transaction, bounded by the charge. What is written stays written.

use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode};

use super::transaction::{Posting, payload_hash};
use super::{AccountId, Applied, Ledger, ReservationId};
use crate::error::Error;
use crate::store::Tx;

impl Ledger {
    /// Refunds a part of a charge or all of it. `number` counts a call's refunds from 1; a repeat of the same number
    /// changes nothing.
    ///
    /// # Errors
    /// `not_found` where there is no such call, `conflict` where it was not charged, where less than that is left, or
    /// where the number was used for another amount or comes out of turn.
    pub(crate) async fn refund(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        number: u32,
        amount: Credits,
        actor: &str,
        reason: &str,
    ) -> Result<Applied, Error> {
        let micro = amount.micro();
        if micro <= 0 {
            return Err(Error::invalid("amount", "The amount must be positive, in micro-credits."));
        }
        let row = sqlx::query("SELECT account_id FROM reservation WHERE id = $1")
            .bind(id.0.as_str())
            .fetch_optional(&mut **tx)
            .await?;
        let account = AccountId(row.ok_or_else(|| Error::not_found("call"))?.try_get(0)?);
        self.lock(tx, &account).await?;
        let op_key = format!("{id}:refund:{number}");
        let payload = payload_hash(&["refund", &micro.to_string()]);
        if self.done_before(tx, &op_key, &payload).await? {
            return Ok(Applied::Before);
        }
        let refunded = sqlx::query(
            "UPDATE reservation SET refunded = refunded + $1, refunds = refunds + 1 \
             WHERE id = $2 AND state = 'committed' AND refunds = $3 AND refunded + $1 <= charged",
        )
        .bind(micro)
        .bind(id.0.as_str())
        .bind(i64::from(number) - 1)
        .execute(&mut **tx)
        .await?;
        if refunded.rows_affected() != 1 {
            let message = "This call cannot be refunded so: it was not charged, less than that is left of its \
                           charge, or the number is not the next one.";
            return Err(Error::new(ErrorCode::Conflict, message));
        }
        // Credits that come back do not expire: the grant that they came from may be gone by now.
        self.draw(tx, &account).await?;
        self.add_lot(tx, &account, &op_key, micro, None).await?;
        sqlx::query("UPDATE accounts SET available = available + $1, version = version + 1 WHERE id = $2")
            .bind(micro)
            .bind(account.0.as_str())
            .execute(&mut **tx)
            .await?;
        let posting = Posting {
            reservation: Some(id),
            actor,
            reason,
            available: micro,
            revenue: -micro,
            ..Posting::new(&op_key, EntryKind::Refund, &account, &payload)
        };
        self.record(tx, &posting).await?;
        Ok(Applied::New)
    }
}
