//! Writing one transaction: its row, its entries that sum to zero, and the cached balance.

use sha2::{Digest, Sha256};
use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode};

use super::{AccountId, Ledger, ReservationId};
use crate::error::Error;
use crate::store::{Tx, new_id, now_ms};

/// Who acts where no person does.
pub(super) const ACTOR: &str = "gateway";
/// Where credits come from.
const ISSUED: &str = "system:issued";
/// Where charges go.
const REVENUE: &str = "system:revenue";

/// One statement for each number of entries, so that all of them are one trip to the database.
const INSERT_ENTRIES: [&str; 3] = [
    "INSERT INTO ledger_entry (tx_id, account, amount) VALUES ($1, $2, $3), ($1, $4, $5)",
    "INSERT INTO ledger_entry (tx_id, account, amount) VALUES ($1, $2, $3), ($1, $4, $5), ($1, $6, $7)",
    "INSERT INTO ledger_entry (tx_id, account, amount) VALUES ($1, $2, $3), ($1, $4, $5), ($1, $6, $7), ($1, $8, $9)",
];

/// A transaction to write. The two changes and `revenue` and `issued` must sum to zero.
pub(super) struct Posting<'a> {
    pub(super) op_key: &'a str,
    pub(super) kind: EntryKind,
    pub(super) account: &'a AccountId,
    pub(super) reservation: Option<&'a ReservationId>,
    /// What the operation was asked to do; a repeat must hash to the same.
    pub(super) payload_hash: &'a str,
    pub(super) actor: &'a str,
    pub(super) reason: &'a str,
    pub(super) available: i64,
    pub(super) held: i64,
    pub(super) revenue: i64,
    pub(super) issued: i64,
}

impl<'a> Posting<'a> {
    /// A posting that moves nothing yet.
    pub(super) fn new(
        op_key: &'a str,
        kind: EntryKind,
        account: &'a AccountId,
        payload_hash: &'a str,
    ) -> Self {
        Posting {
            op_key,
            kind,
            account,
            reservation: None,
            payload_hash,
            actor: ACTOR,
            reason: "",
            available: 0,
            held: 0,
            revenue: 0,
            issued: 0,
        }
    }
}

impl Ledger {
    /// True where an operation of that key was done before with the same payload.
    ///
    /// # Errors
    /// `conflict`, logged loudly, where it was done with another payload.
    pub(super) async fn done_before(
        &self,
        tx: &mut Tx,
        op_key: &str,
        payload_hash: &str,
    ) -> Result<bool, Error> {
        match self.payload_of(tx, op_key).await? {
            None => Ok(false),
            Some(before) if before == payload_hash => Ok(true),
            Some(_) => Err(conflict(op_key)),
        }
    }

    /// The payload hash of the operation with that key, where it was done.
    pub(super) async fn payload_of(&self, tx: &mut Tx, op_key: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT payload_hash FROM ledger_tx WHERE op_key = $1")
            .bind(op_key)
            .fetch_optional(&mut **tx)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Writes the transaction and its entries under a fresh id. Moving the balance is the caller's.
    pub(super) async fn record(&self, tx: &mut Tx, posting: &Posting<'_>) -> Result<(), Error> {
        self.record_as(tx, &new_id("tx"), posting).await
    }

    /// As [`Ledger::record`], under an id that was given out before.
    pub(super) async fn record_as(&self, tx: &mut Tx, id: &str, posting: &Posting<'_>) -> Result<(), Error> {
        let user = &posting.account.0;
        let entries = [
            (format!("user:{user}:available"), posting.available),
            (format!("user:{user}:held"), posting.held),
            (REVENUE.to_owned(), posting.revenue),
            (ISSUED.to_owned(), posting.issued),
        ];
        let sum: i128 = entries.iter().map(|(_, amount)| i128::from(*amount)).sum();
        if sum != 0 {
            return Err(Error::internal(format!("a transaction does not balance: {}", posting.op_key)));
        }
        sqlx::query(
            "INSERT INTO ledger_tx \
             (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(posting.op_key)
        .bind(kind_word(posting.kind))
        .bind(user.as_str())
        .bind(posting.reservation.map(|reservation| reservation.0.as_str()))
        .bind(posting.payload_hash)
        .bind(posting.actor)
        .bind(posting.reason)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        let entries: Vec<_> = entries.iter().filter(|(_, amount)| *amount != 0).collect();
        // A transaction that balances has two entries at least, or none.
        if let Some(statement) = entries.len().checked_sub(2).and_then(|index| INSERT_ENTRIES.get(index)) {
            let mut query = sqlx::query(*statement).bind(id);
            for (account, amount) in entries {
                query = query.bind(account.as_str()).bind(*amount);
            }
            query.execute(&mut **tx).await?;
        }
        counted(posting.kind);
        Ok(())
    }

    /// Takes from the spendable balance, `held` of it to be put aside.
    ///
    /// # Errors
    /// `insufficient_credits` where the balance does not cover it.
    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: i64,
        held: i64,
    ) -> Result<(), Error> {
        // One statement checks and takes, and looks whether a grant has expired that must not be spent.
        let taken = sqlx::query(
            "UPDATE accounts SET available = available - $1, held = held + $2, version = version + 1 \
             WHERE id = $3 AND available >= $1 AND (next_due_at IS NULL OR next_due_at > $4)",
        )
        .bind(amount)
        .bind(held)
        .bind(account.0.as_str())
        .bind(self.now())
        .execute(&mut **tx)
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(());
        }
        self.mature(tx, account, self.now()).await?;
        let taken = sqlx::query(
            "UPDATE accounts SET available = available - $1, held = held + $2, version = version + 1 \
             WHERE id = $3 AND available >= $1",
        )
        .bind(amount)
        .bind(held)
        .bind(account.0.as_str())
        .execute(&mut **tx)
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(());
        }
        Err(self.too_little(tx, account, amount).await?)
    }

    /// `insufficient_credits` with what is needed and what there is.
    pub(super) async fn too_little(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: i64,
    ) -> Result<Error, Error> {
        let balance = self.balance_in(tx, account).await?;
        Ok(Error::insufficient(crate::error::Shortfall {
            needed: Credits::from_micro(amount),
            available: balance.available,
            top_up_url: balance.top_up_url,
        }))
    }

    /// Makes the account this transaction's alone until it ends.
    pub(super) async fn lock(&self, tx: &mut Tx, account: &AccountId) -> Result<(), Error> {
        let query = match tx.dialect() {
            crate::store::Dialect::Sqlite => "SELECT id FROM accounts WHERE id = $1",
            crate::store::Dialect::Postgres => "SELECT id FROM accounts WHERE id = $1 FOR UPDATE",
        };
        let found = sqlx::query(query).bind(account.0.as_str()).fetch_optional(&mut **tx).await?;
        found.map(|_| ()).ok_or_else(|| Error::internal(format!("there is no account {account}")))
    }
}

pub(super) fn counted(kind: EntryKind) {
    metrics::counter!("triptych_ledger_operations_total", "kind" => kind_word(kind)).increment(1);
}

/// The first outcome of an operation stands; whoever asks for another one is told, and so is the log.
pub(super) fn conflict(op_key: &str) -> Error {
    tracing::error!(
        op_key,
        "an operation of the ledger was repeated with another outcome; the first one stands"
    );
    metrics::counter!("triptych_ledger_conflicts_total").increment(1);
    Error::new(ErrorCode::Conflict, "This was settled before, with another outcome.").cause(op_key)
}

pub(super) const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Grant => "grant",
        EntryKind::Expire => "expire",
        EntryKind::Adjust => "adjust",
        EntryKind::Hold => "hold",
        EntryKind::Extend => "extend",
        EntryKind::Settle => "settle",
        EntryKind::Release => "release",
        EntryKind::Refund => "refund",
    }
}

pub(super) fn kind_from(word: &str) -> Result<EntryKind, Error> {
    use EntryKind::{Adjust, Expire, Extend, Grant, Hold, Refund, Release, Settle};
    [Grant, Expire, Adjust, Hold, Extend, Settle, Release, Refund]
        .into_iter()
        .find(|kind| kind_word(*kind) == word)
        .ok_or_else(|| Error::internal(format!("unknown kind of transaction: {word}")))
}

/// A digest of what an operation was asked to do.
pub(super) fn payload_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
