//! Holds, and the one outcome that each of them has.

use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode, Modality, Receipt};

use super::transaction::{ACTOR, Posting, conflict, counted, kind_word, payload_hash};
use super::{AccountId, Applied, Ledger, NewHold, ReservationId, UsageRecord, statement};
use crate::error::Error;
use crate::store::{Tx, new_id, now_ms};
use crate::trace;

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
        trace::step("ledger hold").around(self.put_aside(tx, hold)).await
    }

    async fn put_aside(&self, tx: &mut Tx, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        let amount = hold.amount.micro();
        if amount < 0 {
            return Err(Error::internal("a hold below zero"));
        }
        let price = serde_json::to_string(hold.price).map_err(Error::internal)?;
        let id = ReservationId(new_id("resv"));
        if !self.try_hold(tx, &hold, &id, &price, self.now()).await? {
            // A grant has expired that must not be spent, or there is too little.
            self.mature(tx, hold.account, self.now()).await?;
            if !self.try_hold(tx, &hold, &id, &price, i64::MIN).await? {
                return Err(self.too_little(tx, hold.account, amount).await?);
            }
        }
        counted(EntryKind::Hold);
        Ok(id)
    }

    /// False where the balance does not cover the hold, or something of it is due at `now`.
    async fn try_hold(
        &self,
        tx: &mut Tx,
        hold: &NewHold<'_>,
        id: &ReservationId,
        price: &str,
        now: i64,
    ) -> Result<bool, Error> {
        let amount = hold.amount.micro();
        let rows = sqlx::query(statement::hold(tx.dialect()))
            .bind(amount)
            .bind(hold.account.0.as_str())
            .bind(now)
            .bind(id.0.as_str())
            .bind(modality_word(hold.kind))
            .bind(hold.model)
            .bind(hold.price_version)
            .bind(price)
            .bind(self.store.epoch())
            .bind(hold.deadline_ms)
            .bind(now_ms())
            .bind(new_id("tx"))
            .bind(format!("{id}:reserve"))
            .bind(payload_hash(&["hold", &hold.account.0, &amount.to_string()]))
            .bind(ACTOR)
            // All of the statements are run only where all of their rows are asked for.
            .fetch_all(&mut **tx)
            .await?;
        Ok(!rows.is_empty())
    }

    /// Puts more aside for a call that runs. `number` counts its extensions from 1; a repeat of the same number
    /// changes nothing.
    ///
    /// # Errors
    /// `insufficient_credits` where the balance does not cover it, `conflict` where the call has ended or the number
    /// comes out of turn.
    #[cfg_attr(not(test), expect(dead_code, reason = "the ledger is whole; no call extends its hold yet"))]
    pub(crate) async fn extend(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        number: u32,
        more: Credits,
    ) -> Result<Applied, Error> {
        let amount = more.micro();
        if amount <= 0 {
            return Err(Error::internal("an extension of a hold by nothing"));
        }
        let op_key = format!("{id}:extend:{number}");
        let payload = payload_hash(&["extend", &amount.to_string()]);
        let row = sqlx::query(
            "UPDATE reservation SET amount = amount + $1, extensions = extensions + 1 \
             WHERE id = $2 AND state = 'held' AND extensions = $3 RETURNING account_id",
        )
        .bind(amount)
        .bind(id.0.as_str())
        .bind(i64::from(number) - 1)
        .fetch_optional(&mut **tx)
        .await?;
        let Some(row) = row else {
            if self.done_before(tx, &op_key, &payload).await? {
                return Ok(Applied::Before);
            }
            return Err(Error::new(ErrorCode::Conflict, "The call has ended: its hold cannot be extended."));
        };
        let account = AccountId(row.try_get(0)?);
        self.take(tx, &account, amount, amount).await?;
        let posting = Posting {
            reservation: Some(id),
            available: -amount,
            held: amount,
            ..Posting::new(&op_key, EntryKind::Extend, &account, &payload)
        };
        self.record(tx, &posting).await?;
        Ok(Applied::New)
    }

    /// Charges what a call cost and gives the rest of its hold back. A charge above the hold is cut to the hold: the
    /// difference is the platform's loss and is noted.
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
        let span = trace::step("ledger settle");
        for (key, tokens) in [
            ("gen_ai.usage.input_tokens", usage.prompt_tokens),
            ("gen_ai.usage.output_tokens", usage.completion_tokens),
        ] {
            if let Some(tokens) = tokens {
                span.set(key, i64::try_from(tokens).unwrap_or(i64::MAX));
            }
        }
        span.around(self.conclude(tx, id, Outcome::Charge(charged, usage))).await
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
        trace::step("ledger release").around(self.conclude(tx, id, Outcome::GiveBack(reason))).await
    }

    async fn conclude(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        outcome: Outcome<'_>,
    ) -> Result<Receipt, Error> {
        let (asked, state, usage) = match &outcome {
            Outcome::Charge(charged, usage) => (charged.micro().max(0), "committed", Some(*usage)),
            Outcome::GiveBack(_) => (0, "released", None),
        };
        let usage_json = usage.map(serde_json::to_string).transpose().map_err(Error::internal)?;
        // One key for both outcomes: whichever comes first is the only one.
        let (kind, reason) = match outcome {
            Outcome::Charge(..) => (EntryKind::Settle, "charged"),
            Outcome::GiveBack(reason) => (EntryKind::Release, reason),
        };
        // Whoever closes the reservation is the one who moves the money; it is closed once.
        let closed = sqlx::query(statement::conclude(tx.dialect()))
            .bind(state)
            .bind(asked)
            .bind(now_ms())
            .bind(new_id("tx"))
            .bind(usage_json.as_deref())
            .bind(usage.and_then(|usage| usage.upstream_id.as_deref()))
            .bind(id.0.as_str())
            .bind(format!("{id}:settle"))
            .bind(kind_word(kind))
            .bind(outcome_hash(asked, usage_json.as_deref()))
            .bind(ACTOR)
            .bind(reason)
            .fetch_all(&mut **tx)
            .await?;
        let Some(row) = closed.first() else {
            return self.concluded_before(tx, id, state, asked, usage_json.as_deref()).await;
        };
        counted(kind);
        let account = AccountId(row.try_get(0)?);
        let (held, charged): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
        if row.try_get::<Option<i64>, _>(4)?.is_some_and(|due| due <= self.now()) {
            // A grant expired while the call held some of it: what came back goes now.
            self.mature(tx, &account, self.now()).await?;
        }
        if self.spending && held != charged {
            self.correct_spending(tx, &account, row.try_get(3)?, held - charged).await?;
        }
        if asked > charged {
            let loss = Credits::from_micro(asked - charged);
            self.note_loss(tx, &format!("{id}:over"), id, loss, "a call cost more than it held").await?;
        }
        Ok(receipt(held, charged, usage.is_some_and(|usage| usage.estimated)))
    }

    /// The receipt of a call that was concluded before, the same way.
    async fn concluded_before(
        &self,
        tx: &mut Tx,
        id: &ReservationId,
        state: &str,
        asked: i64,
        usage_json: Option<&str>,
    ) -> Result<Receipt, Error> {
        let row = sqlx::query("SELECT amount, charged, usage, state FROM reservation WHERE id = $1")
            .bind(id.0.as_str())
            .fetch_optional(&mut **tx)
            .await?
            .ok_or_else(|| Error::internal(format!("there is no reservation {id}")))?;
        let held: i64 = row.try_get(0)?;
        let charged = row.try_get::<Option<i64>, _>(1)?.unwrap_or_default();
        let usage: Option<String> = row.try_get(2)?;
        let is_same = row.try_get::<String, _>(3)? == state && charged == asked.min(held);
        if !is_same || usage.as_deref() != usage_json {
            return Err(conflict(&format!("{id}:settle")));
        }
        let usage: Option<UsageRecord> = usage.and_then(|usage| serde_json::from_str(&usage).ok());
        Ok(receipt(held, charged, usage.is_some_and(|usage| usage.estimated)))
    }
}

fn receipt(held: i64, charged: i64, estimated: bool) -> Receipt {
    let mut receipt = Receipt::new(Credits::from_micro(held), Credits::from_micro(charged));
    receipt.estimated = estimated;
    receipt
}

/// No usage is a release, which is not the same as a charge of nothing.
fn outcome_hash(charged: i64, usage_json: Option<&str>) -> String {
    match usage_json {
        Some(usage) => payload_hash(&["settle", &charged.to_string(), usage]),
        None => payload_hash(&["release"]),
    }
}

pub(super) const fn modality_word(modality: Modality) -> &'static str {
    match modality {
        Modality::Chat => "chat",
        Modality::Image => "image",
        Modality::Video => "video",
        Modality::Audio | Modality::Speech | Modality::Transcription | Modality::Other => "audio",
    }
}
