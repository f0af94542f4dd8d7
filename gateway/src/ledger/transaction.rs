//! Writing one transaction: its row, its entries that sum to zero, and the cached balance.

use sha2::{Digest, Sha256};
use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode};

use super::{AccountId, Ledger, ReservationId};
use crate::error::Error;
use crate::store::{Tx, new_id, now_ms};

/// Where credits come from.
pub(super) const ISSUED: &str = "system:issued";
/// Where charges go.
pub(super) const REVENUE: &str = "system:revenue";

/// A transaction to write. The three changes and `revenue` and `issued` must sum to zero.
pub(super) struct Posting<'a> {
    pub(super) op_key: &'a str,
    pub(super) kind: EntryKind,
    pub(super) account: &'a AccountId,
    pub(super) reservation: Option<&'a ReservationId>,
    /// What the operation was asked to do; a repeat must hash to the same.
    pub(super) payload_hash: &'a str,
    pub(super) actor: &'a str,
    pub(super) reason: &'a str,
    pub(super) available: Credits,
    pub(super) held: Credits,
    pub(super) revenue: Credits,
    pub(super) issued: Credits,
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
            None => return Ok(false),
            Some(before) if before == payload_hash => return Ok(true),
            Some(_) => {}
        }
        tracing::error!(
            op_key,
            "an operation of the ledger was repeated with another outcome; the first one stands"
        );
        metrics::counter!("triptych_ledger_conflicts_total").increment(1);
        Err(Error::new(ErrorCode::Conflict, "This was settled before, with another outcome.").cause(op_key))
    }

    /// The payload hash of the operation with that key, where it was done.
    pub(super) async fn payload_of(&self, tx: &mut Tx, op_key: &str) -> Result<Option<String>, Error> {
        let row = sqlx::query("SELECT payload_hash FROM ledger_tx WHERE op_key = ?")
            .bind(op_key)
            .fetch_optional(&mut **tx)
            .await?;
        row.map(|row| Ok(row.try_get(0)?)).transpose()
    }

    /// Writes the transaction and moves the cached balance. Returns the transaction's id.
    pub(super) async fn post(&self, tx: &mut Tx, posting: Posting<'_>) -> Result<String, Error> {
        let user = &posting.account.0;
        let entries = [
            (format!("user:{user}:available"), posting.available),
            (format!("user:{user}:held"), posting.held),
            (REVENUE.to_owned(), posting.revenue),
            (ISSUED.to_owned(), posting.issued),
        ];
        let sum: i128 = entries.iter().map(|(_, amount)| i128::from(amount.micro())).sum();
        if sum != 0 {
            return Err(Error::internal(format!("a transaction does not balance: {}", posting.op_key)));
        }
        let id = new_id("tx");
        sqlx::query(
            "INSERT INTO ledger_tx \
             (id, op_key, kind, account_id, reservation_id, payload_hash, actor, reason, created_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&id)
        .bind(posting.op_key)
        .bind(kind_word(posting.kind))
        .bind(user)
        .bind(posting.reservation.map(|reservation| &reservation.0))
        .bind(posting.payload_hash)
        .bind(posting.actor)
        .bind(posting.reason)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        for (account, amount) in entries.iter().filter(|(_, amount)| *amount != Credits::ZERO) {
            sqlx::query("INSERT INTO ledger_entry (tx_id, account, amount) VALUES (?, ?, ?)")
                .bind(&id)
                .bind(account)
                .bind(amount.micro())
                .execute(&mut **tx)
                .await?;
        }
        let moved = sqlx::query(
            "UPDATE accounts SET available = available + ?, held = held + ?, version = version + 1 WHERE id = ?",
        )
        .bind(posting.available.micro())
        .bind(posting.held.micro())
        .bind(user)
        .execute(&mut **tx)
        .await?;
        if moved.rows_affected() != 1 {
            return Err(Error::internal(format!("there is no account {user}")));
        }
        metrics::counter!("triptych_ledger_operations_total", "kind" => kind_word(posting.kind)).increment(1);
        Ok(id)
    }
}

pub(super) const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Grant => "grant",
        EntryKind::Hold => "hold",
        EntryKind::Settle => "settle",
        EntryKind::Release => "release",
    }
}

pub(super) fn kind_from(word: &str) -> Result<EntryKind, Error> {
    [EntryKind::Grant, EntryKind::Hold, EntryKind::Settle, EntryKind::Release]
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
