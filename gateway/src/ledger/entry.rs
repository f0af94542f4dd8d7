//! The user's own view of the ledger.

use sqlx::Row;
use triptych_protocol::{Credits, EntriesPage, LedgerEntry};

use super::transaction::kind_from;
use super::{AccountId, Ledger};
use crate::error::Error;

impl Ledger {
    /// The account's transactions, newest first, from the one that follows `after`.
    pub(crate) async fn entries(
        &self,
        account: &AccountId,
        limit: u32,
        after: Option<&str>,
    ) -> Result<EntriesPage, Error> {
        let before_seq: i64 = match after {
            None => i64::MAX,
            Some(id) => sqlx::query("SELECT seq FROM ledger_tx WHERE id = $1 AND account_id = $2")
                .bind(id)
                .bind(account.0.as_str())
                .fetch_optional(self.store.read())
                .await?
                .ok_or_else(|| Error::not_found("entry").param("after"))?
                .try_get(0)?,
        };
        let rows = sqlx::query(
            "SELECT t.id, t.kind, t.created_at, t.reservation_id, r.model, \
             COALESCE((SELECT amount FROM ledger_entry e WHERE e.tx_id = t.id \
                       AND e.account = 'user:' || t.account_id || ':available'), 0), \
             COALESCE((SELECT amount FROM ledger_entry e WHERE e.tx_id = t.id \
                       AND e.account = 'user:' || t.account_id || ':held'), 0) \
             FROM ledger_tx t LEFT JOIN reservation r ON r.id = t.reservation_id \
             WHERE t.account_id = $1 AND t.seq < $2 ORDER BY t.seq DESC LIMIT $3",
        )
        .bind(account.0.as_str())
        .bind(before_seq)
        // One more than asked for tells whether there are older ones.
        .bind(i64::from(limit) + 1)
        .fetch_all(self.store.read())
        .await?;
        let has_more = rows.len() > limit as usize;
        let read = |row: &crate::store::AnyRow| {
            Ok(LedgerEntry {
                id: row.try_get(0)?,
                kind: kind_from(&row.try_get::<String, _>(1)?)?,
                created_at: row.try_get::<i64, _>(2)? / 1000,
                reservation: row.try_get(3)?,
                model: row.try_get(4)?,
                available: Credits::from_micro(row.try_get(5)?),
                held: Credits::from_micro(row.try_get(6)?),
            })
        };
        let data = rows.iter().take(limit as usize).map(read).collect::<Result<_, Error>>()?;
        Ok(EntriesPage { object: "list".to_owned(), data, has_more })
    }
}
