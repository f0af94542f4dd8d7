//! Holds. Most calls hold in a transaction that has nothing else, or nothing before it; those take the fewest trips.

use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode, Modality};

use super::transaction::{ACTOR, Posting, counted, payload_hash};
use super::{AccountId, Applied, Ledger, NewHold, ReservationId, statement};
use crate::error::Error;
use crate::store::{Dialect, Durability, Statement, Tx, new_id, now_ms};
use crate::trace;

impl Ledger {
    /// Puts an amount aside.
    ///
    /// # Errors
    /// `insufficient_credits` with what is needed and what there is where the balance does not cover it.
    pub(crate) async fn hold(&self, tx: &mut Tx, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        trace::step("ledger hold").around(self.put_aside(tx, hold)).await
    }

    /// Puts an amount aside as the first step of a transaction.
    ///
    /// # Errors
    /// Those of [`Ledger::hold`].
    pub(crate) async fn hold_first(&self, hold: NewHold<'_>) -> Result<(Tx, ReservationId), Error> {
        let work = async {
            let (id, statement) = self.to_hold(&hold, self.store.dialect(), self.now())?;
            let (mut tx, rows) = self.store.write_with(statement).await?;
            let id = if rows.is_empty() { self.put_aside_due(&mut tx, hold).await? } else { id };
            counted(EntryKind::Hold);
            Ok((tx, id))
        };
        trace::step("ledger hold").around(work).await
    }

    /// Puts an amount aside as a transaction of its own. It does not wait for the disk: a hold that a power cut takes
    /// is one that the next start would give back.
    ///
    /// # Errors
    /// Those of [`Ledger::hold`].
    pub(crate) async fn hold_alone(&self, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        let work = async {
            let (mut id, statement) = self.to_hold(&hold, self.store.dialect(), self.now())?;
            if self.store.write_once(statement, Durability::System).await?.is_empty() {
                let mut tx = self.store.write().await?;
                id = self.put_aside_due(&mut tx, hold).await?;
                tx.commit_as(Durability::System).await?;
            }
            counted(EntryKind::Hold);
            Ok(id)
        };
        trace::step("ledger hold").around(work).await
    }

    async fn put_aside(&self, tx: &mut Tx, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        let (mut id, statement) = self.to_hold(&hold, tx.dialect(), self.now())?;
        if statement.run(tx, "", "").await?.is_empty() {
            id = self.put_aside_due(tx, hold).await?;
        }
        counted(EntryKind::Hold);
        Ok(id)
    }

    /// Where a grant has expired that must not be spent, or there is too little.
    async fn put_aside_due(&self, tx: &mut Tx, hold: NewHold<'_>) -> Result<ReservationId, Error> {
        self.mature(tx, hold.account, self.now()).await?;
        let (id, statement) = self.to_hold(&hold, tx.dialect(), i64::MIN)?;
        if statement.run(tx, "", "").await?.is_empty() {
            return Err(self.too_little(tx, hold.account, hold.amount.micro()).await?);
        }
        Ok(id)
    }

    /// What takes the hold; gives no row where the balance does not cover it, or something of it is due at `now`.
    fn to_hold(
        &self,
        hold: &NewHold<'_>,
        dialect: Dialect,
        now: i64,
    ) -> Result<(ReservationId, Statement), Error> {
        let amount = hold.amount.micro();
        if amount < 0 {
            return Err(Error::internal("a hold below zero"));
        }
        let price = serde_json::to_string(hold.price).map_err(Error::internal)?;
        let id = ReservationId(new_id("resv"));
        let statement = Statement::new(statement::hold(dialect))
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
            .bind(ACTOR);
        Ok((id, statement))
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
}

pub(super) const fn modality_word(modality: Modality) -> &'static str {
    match modality {
        Modality::Chat => "chat",
        Modality::Image => "image",
        Modality::Video => "video",
        Modality::Audio | Modality::Speech | Modality::Transcription | Modality::Other => "audio",
    }
}
