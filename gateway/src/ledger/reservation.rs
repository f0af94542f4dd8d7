//! Holds, and the one outcome that each of them has.

use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, Modality, Receipt};

use super::transaction::{Posting, payload_hash};
use super::{AccountId, Ledger, NewHold, ReservationId, UsageRecord};
use crate::error::{Error, Shortfall};
use crate::store::{Tx, new_id, now_ms};

/// Who acts where no person does.
const ACTOR: &str = "gateway";

/// A reservation as its row says.
struct Reserved {
    account: AccountId,
    amount: Credits,
    charged: Option<Credits>,
    estimated: bool,
}

/// How a reservation ends.
enum Outcome<'a> {
    Charge(Credits, &'a UsageRecord),
    GiveBack(&'a str),
}

impl Ledger {
    /// Puts an amount aside.
    ///
    /// # Errors
    /// `insufficient_credits` with what is needed and what there is where the balance does not cover it.
    pub(crate) async fn hold(&self, tx: &mut Tx, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        if hold.amount < Credits::ZERO {
            return Err(Error::internal("a hold below zero"));
        }
        let balance = self.balance_in(tx, hold.account).await?;
        if balance.available < hold.amount {
            return Err(Error::insufficient(Shortfall {
                needed: hold.amount,
                available: balance.available,
                top_up_url: balance.top_up_url,
            }));
        }
        let id = ReservationId(new_id("resv"));
        let price = serde_json::to_string(hold.price).map_err(Error::internal)?;
        sqlx::query(
            "INSERT INTO reservation \
             (id, account_id, kind, model, amount, price_version, price, epoch, deadline, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&id.0)
        .bind(&hold.account.0)
        .bind(modality_word(hold.kind))
        .bind(hold.model)
        .bind(hold.amount.micro())
        .bind(hold.price_version)
        .bind(price)
        .bind(self.store.epoch())
        .bind(hold.deadline_ms)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        let posting = Posting {
            op_key: &format!("{}:reserve", id.0),
            kind: EntryKind::Hold,
            account: hold.account,
            reservation: Some(&id),
            payload_hash: &payload_hash(&["hold", &hold.account.0, &hold.amount.micro().to_string()]),
            actor: ACTOR,
            reason: hold.model,
            available: Credits::from_micro(-hold.amount.micro()),
            held: hold.amount,
            revenue: Credits::ZERO,
            issued: Credits::ZERO,
        };
        self.post(tx, posting).await?;
        Ok(id)
    }

    /// Charges what a call cost and gives the rest of its hold back. A charge above the hold is cut to the hold: the
    /// difference is the platform's loss and is logged.
    ///
    /// # Errors
    /// `conflict` where the reservation was released, or settled with another charge.
    pub(crate) async fn settle(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        charged: Credits,
        usage: &UsageRecord,
    ) -> Result<Receipt, Error> {
        self.conclude(tx, id, Outcome::Charge(charged, usage)).await
    }

    /// Gives a hold back whole.
    ///
    /// # Errors
    /// `conflict` where the reservation was settled.
    pub(crate) async fn release(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        reason: &str,
    ) -> Result<Receipt, Error> {
        self.conclude(tx, id, Outcome::GiveBack(reason)).await
    }

    async fn conclude(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        outcome: Outcome<'_>,
    ) -> Result<Receipt, Error> {
        let reserved = self.reserved(tx, id).await?;
        let held = reserved.amount;
        let (charged, kind, payload, reason, usage, state) = match &outcome {
            Outcome::Charge(charged, usage) => {
                let charged = capped(id, *charged, held);
                let usage_json = serde_json::to_string(usage).map_err(Error::internal)?;
                let payload = payload_hash(&["settle", &charged.micro().to_string(), &usage_json]);
                (charged, EntryKind::Settle, payload, "charged", Some(*usage), "committed")
            }
            Outcome::GiveBack(reason) => {
                (Credits::ZERO, EntryKind::Release, payload_hash(&["release"]), *reason, None, "released")
            }
        };
        // One key for both outcomes: whichever comes first is the only one.
        let op_key = format!("{}:settle", id.0);
        if self.done_before(tx, &op_key, &payload).await? {
            let mut receipt = Receipt::new(held, reserved.charged.unwrap_or_default());
            receipt.estimated = reserved.estimated;
            return Ok(receipt);
        }
        let mut receipt = Receipt::new(held, charged);
        receipt.estimated = usage.is_some_and(|usage| usage.estimated);
        let posting = Posting {
            op_key: &op_key,
            kind,
            account: &reserved.account,
            reservation: Some(id),
            payload_hash: &payload,
            actor: ACTOR,
            reason,
            available: receipt.returned,
            held: Credits::from_micro(-held.micro()),
            revenue: charged,
            issued: Credits::ZERO,
        };
        let transaction = self.post(tx, posting).await?;
        let nothing = UsageRecord::default();
        let usage = usage.unwrap_or(&nothing);
        let signed = |tokens: Option<u64>| tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX));
        let closed = sqlx::query(
            "UPDATE reservation SET state = ?, charged = ?, settled_at = ?, settled_by = ?, prompt_tokens = ?, \
             completion_tokens = ?, images = ?, seconds = ?, size = ?, resolution = ?, upstream_id = ?, \
             estimated = ? WHERE id = ? AND state = 'held'",
        )
        .bind(state)
        .bind(charged.micro())
        .bind(now_ms())
        .bind(transaction)
        .bind(signed(usage.prompt_tokens))
        .bind(signed(usage.completion_tokens))
        .bind(usage.images)
        .bind(usage.seconds)
        .bind(&usage.size)
        .bind(&usage.resolution)
        .bind(&usage.upstream_id)
        .bind(usage.estimated)
        .bind(&id.0)
        .execute(&mut **tx)
        .await?;
        if closed.rows_affected() != 1 {
            return Err(Error::internal(format!("reservation {} was closed without its transaction", id.0)));
        }
        Ok(receipt)
    }

    async fn reserved(&self, tx: &mut Tx, id: &ReservationId) -> Result<Reserved, Error> {
        let row = sqlx::query("SELECT account_id, amount, charged, estimated FROM reservation WHERE id = ?")
            .bind(&id.0)
            .fetch_optional(&mut **tx)
            .await?
            .ok_or_else(|| Error::internal(format!("there is no reservation {}", id.0)))?;
        Ok(Reserved {
            account: AccountId(row.try_get(0)?),
            amount: Credits::from_micro(row.try_get(1)?),
            charged: row.try_get::<Option<i64>, _>(2)?.map(Credits::from_micro),
            estimated: row.try_get(3)?,
        })
    }
}

fn capped(id: &ReservationId, charged: Credits, held: Credits) -> Credits {
    if charged <= held {
        return charged.max(Credits::ZERO);
    }
    let loss = charged.micro().saturating_sub(held.micro());
    tracing::warn!(reservation = %id.0, loss, "a call cost more than it held; the platform pays the difference");
    metrics::counter!("triptych_platform_loss_micro_credits_total").increment(loss.unsigned_abs());
    held
}

pub(super) const fn modality_word(modality: Modality) -> &'static str {
    match modality {
        Modality::Chat => "chat",
        Modality::Image => "image",
        Modality::Video => "video",
        Modality::Audio => "audio",
    }
}
