//! The one outcome that each hold has.

use sqlx::Row;
use triptych_protocol::{Balance, Credits, EntryKind, Receipt};

use super::transaction::{ACTOR, conflict, counted, kind_word, payload_hash};
use super::{AccountId, Ledger, ReservationId, UsageRecord, statement};
use crate::error::Error;
use crate::store::{AnyRow, Dialect, Durability, Statement, Tx, new_id, now_ms};
use crate::trace;

/// How a reservation ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Outcome<'a> {
    /// What the call cost; the rest of the hold is given back. A charge above the hold is cut to the hold: the
    /// difference is the platform's loss and is noted.
    Charge(Credits, &'a UsageRecord),
    /// All is given back, for that reason.
    GiveBack(&'a str),
}

/// How a reservation has ended.
pub(crate) struct Concluded {
    pub(crate) receipt: Receipt,
    /// What the account has now.
    pub(crate) balance: Balance,
}

/// An outcome as it is written down.
struct Closing<'a> {
    id: &'a ReservationId,
    state: &'static str,
    asked: i64,
    usage: Option<&'a UsageRecord>,
    usage_json: Option<String>,
    kind: EntryKind,
    reason: &'a str,
}

/// What writing it down has done.
struct Closed {
    account: AccountId,
    held: i64,
    charged: i64,
    held_at: i64,
    due_at: Option<i64>,
    balance: (i64, i64),
}

impl Ledger {
    /// Charges what a call cost.
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
        let work = async {
            let closing = Closing::new(id, outcome)?;
            let rows = closing.statement(tx.dialect()).run(tx, "", "").await?;
            Ok(self.follow(tx, &closing, &rows).await?.receipt)
        };
        step(outcome).around(work).await
    }

    /// Ends a hold as the first step of a transaction.
    ///
    /// # Errors
    /// `conflict` where it has ended otherwise.
    pub(crate) async fn conclude_first(
        &self,
        id: &ReservationId,
        outcome: Outcome<'_>,
    ) -> Result<(Tx, Concluded), Error> {
        let work = async {
            let closing = Closing::new(id, outcome)?;
            let (mut tx, rows) = self.store.write_with(closing.statement(self.store.dialect())).await?;
            let concluded = self.follow(&mut tx, &closing, &rows).await?;
            Ok((tx, concluded))
        };
        step(outcome).around(work).await
    }

    /// Ends a hold as a transaction of its own. The charge must be one that the hold covers.
    ///
    /// # Errors
    /// `conflict` where it has ended otherwise.
    pub(crate) async fn conclude_alone(
        &self,
        id: &ReservationId,
        outcome: Outcome<'_>,
    ) -> Result<Concluded, Error> {
        if self.spending {
            // What a window of spending counts has to change together with the charge.
            let (tx, concluded) = self.conclude_first(id, outcome).await?;
            tx.commit().await?;
            return Ok(concluded);
        }
        let work = async {
            let closing = Closing::new(id, outcome)?;
            let statement = closing.statement(self.store.dialect());
            let rows = self.store.write_once(statement, Durability::Disk).await?;
            if let Some(row) = rows.first() {
                let closed = Closed::read(row)?;
                if !closed.is_due(self.now()) && closing.asked <= closed.charged {
                    counted(closing.kind);
                    return Ok(self.concluded(&closing, &closed));
                }
            }
            let mut tx = self.store.write().await?;
            let concluded = self.follow(&mut tx, &closing, &rows).await?;
            tx.commit().await?;
            Ok(concluded)
        };
        step(outcome).around(work).await
    }

    /// What is left to do once an outcome is written, or was not because the hold had ended before.
    async fn follow(&self, tx: &mut Tx, closing: &Closing<'_>, rows: &[AnyRow]) -> Result<Concluded, Error> {
        let Some(row) = rows.first() else { return self.concluded_before(tx, closing).await };
        let closed = Closed::read(row)?;
        counted(closing.kind);
        if self.spending && closed.held != closed.charged {
            let back = closed.held - closed.charged;
            self.correct_spending(tx, &closed.account, closed.held_at, back).await?;
        }
        if closing.asked > closed.charged {
            let loss = Credits::from_micro(closing.asked - closed.charged);
            let key = format!("{}:over", closing.id);
            self.note_loss(tx, &key, closing.id, loss, "a call cost more than it held").await?;
        }
        let mut concluded = self.concluded(closing, &closed);
        if closed.is_due(self.now()) {
            // A grant expired while the call held some of it: what came back goes now.
            self.mature(tx, &closed.account, self.now()).await?;
            concluded.balance = self.balance_in(tx, &closed.account).await?;
        }
        Ok(concluded)
    }

    fn concluded(&self, closing: &Closing<'_>, closed: &Closed) -> Concluded {
        let estimated = closing.usage.is_some_and(|usage| usage.estimated);
        Concluded {
            receipt: receipt(closed.held, closed.charged, estimated),
            balance: self.balance_with(closed.balance.0, closed.balance.1),
        }
    }

    /// The end of a call that was concluded before, the same way.
    async fn concluded_before(&self, tx: &mut Tx, closing: &Closing<'_>) -> Result<Concluded, Error> {
        let id = closing.id;
        let row =
            sqlx::query("SELECT amount, charged, usage, state, account_id FROM reservation WHERE id = $1")
                .bind(&id.0)
                .fetch_optional(&mut **tx)
                .await?
                .ok_or_else(|| Error::internal(format!("there is no reservation {id}")))?;
        let held: i64 = row.try_get(0)?;
        let charged = row.try_get::<Option<i64>, _>(1)?.unwrap_or_default();
        let usage: Option<String> = row.try_get(2)?;
        let is_same = row.try_get::<String, _>(3)? == closing.state && charged == closing.asked.min(held);
        if !is_same || usage != closing.usage_json {
            return Err(conflict(&format!("{id}:settle")));
        }
        let usage: Option<UsageRecord> = usage.and_then(|usage| serde_json::from_str(&usage).ok());
        let balance = self.balance_in(tx, &AccountId(row.try_get(4)?)).await?;
        Ok(Concluded { receipt: receipt(held, charged, usage.is_some_and(|usage| usage.estimated)), balance })
    }
}

impl<'a> Closing<'a> {
    fn new(id: &'a ReservationId, outcome: Outcome<'a>) -> Result<Self, Error> {
        // One key for both outcomes: whichever comes first is the only one.
        let (state, asked, usage, kind, reason) = match outcome {
            Outcome::Charge(charged, usage) => {
                ("committed", charged.micro().max(0), Some(usage), EntryKind::Settle, "charged")
            }
            Outcome::GiveBack(reason) => ("released", 0, None, EntryKind::Release, reason),
        };
        let usage_json = usage.map(serde_json::to_string).transpose().map_err(Error::internal)?;
        Ok(Closing { id, state, asked, usage, usage_json, kind, reason })
    }

    /// Whoever closes the reservation is the one who moves the money; it is closed once.
    fn statement(&self, dialect: Dialect) -> Statement {
        // No usage is a release, which is not the same as a charge of nothing.
        let hash = match self.usage_json.as_deref() {
            Some(usage) => payload_hash(&["settle", &self.asked.to_string(), usage]),
            None => payload_hash(&["release"]),
        };
        Statement::new(statement::conclude(dialect))
            .bind(self.state)
            .bind(self.asked)
            .bind(now_ms())
            .bind(new_id("tx"))
            .bind(self.usage_json.as_deref())
            .bind(self.usage.and_then(|usage| usage.upstream_id.as_deref()))
            .bind(self.id.0.as_str())
            .bind(format!("{}:settle", self.id))
            .bind(kind_word(self.kind))
            .bind(hash)
            .bind(ACTOR)
            .bind(self.reason)
    }
}

impl Closed {
    fn read(row: &AnyRow) -> Result<Self, Error> {
        Ok(Closed {
            account: AccountId(row.try_get(0)?),
            held: row.try_get(1)?,
            charged: row.try_get(2)?,
            held_at: row.try_get(3)?,
            due_at: row.try_get(4)?,
            balance: (row.try_get(5)?, row.try_get(6)?),
        })
    }

    fn is_due(&self, now: i64) -> bool {
        self.due_at.is_some_and(|due| due <= now)
    }
}

fn step(outcome: Outcome<'_>) -> trace::Span {
    let Outcome::Charge(_, usage) = outcome else { return trace::step("ledger release") };
    let step = trace::step("ledger settle");
    for (key, tokens) in [
        ("gen_ai.usage.input_tokens", usage.prompt_tokens),
        ("gen_ai.usage.output_tokens", usage.completion_tokens),
    ] {
        if let Some(tokens) = tokens {
            step.set(key, i64::try_from(tokens).unwrap_or(i64::MAX));
        }
    }
    step
}

fn receipt(held: i64, charged: i64, estimated: bool) -> Receipt {
    let mut receipt = Receipt::new(Credits::from_micro(held), Credits::from_micro(charged));
    receipt.estimated = estimated;
    receipt
}
