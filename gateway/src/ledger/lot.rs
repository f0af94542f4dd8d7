//! Grants as lots: what is charged comes out of the one that expires first, and what is left goes when its time is up.
//!
//! A call pays with the balance; which lot that was is worked out later, when a lot comes or goes. Until then the
//! account counts what is `undrawn`. Always: the lots' rest less what is undrawn is what is available and held.

use sqlx::Row;
use triptych_protocol::EntryKind;

use super::transaction::{Posting, payload_hash};
use super::{AccountId, Ledger};
use crate::error::Error;
use crate::store::{Tx, new_id, now_ms};

struct Lot {
    id: String,
    remaining: i64,
    expires_at: Option<i64>,
    expiries: i64,
}

impl Ledger {
    /// Brings an account up to `now`: what has expired goes, bundles that are due come. Does nothing where nothing is
    /// due.
    pub(super) async fn mature(&self, tx: &mut Tx, account: &AccountId, now: i64) -> Result<(), Error> {
        self.lock(tx, account).await?;
        let row = sqlx::query("SELECT held, next_due_at FROM accounts WHERE id = $1")
            .bind(account.0.as_str())
            .fetch_one(&mut **tx)
            .await?;
        let (held, due): (i64, Option<i64>) = (row.try_get(0)?, row.try_get(1)?);
        if due.is_none_or(|due| due > now) {
            return Ok(());
        }
        self.draw(tx, account).await?;
        self.expire(tx, account, held, now).await?;
        self.renew_bundles(tx, account, now).await?;
        self.plan(tx, account).await
    }

    /// Takes what was charged from the lots.
    pub(super) async fn draw(&self, tx: &mut Tx, account: &AccountId) -> Result<(), Error> {
        let row = sqlx::query("SELECT undrawn FROM accounts WHERE id = $1")
            .bind(account.0.as_str())
            .fetch_one(&mut **tx)
            .await?;
        let mut left: i64 = row.try_get(0)?;
        if left == 0 {
            return Ok(());
        }
        for lot in self.lots(tx, account).await? {
            let taken = left.min(lot.remaining);
            left -= taken;
            shrink(tx, &lot, taken).await?;
            if left == 0 {
                break;
            }
        }
        if left > 0 {
            return Err(Error::internal(format!("account {account} was charged more than it was granted")));
        }
        sqlx::query("UPDATE accounts SET undrawn = 0 WHERE id = $1")
            .bind(account.0.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Notes what was charged, to be drawn later.
    pub(super) async fn add_undrawn(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: i64,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE accounts SET undrawn = undrawn + $1 WHERE id = $2")
            .bind(amount)
            .bind(account.0.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    pub(super) async fn add_lot(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        op_key: &str,
        amount: i64,
        expires_at: Option<i64>,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO grant_lot (id, account_id, amount, remaining, expires_at, created_at) \
             VALUES ($1, $2, $3, $3, $4, $5)",
        )
        .bind(format!("{}:{op_key}", new_id("lot")))
        .bind(account.0.as_str())
        .bind(amount)
        .bind(expires_at)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        if let Some(at) = expires_at {
            sqlx::query(
                "UPDATE accounts SET next_due_at = $1 WHERE id = $2 AND (next_due_at IS NULL OR next_due_at > $1)",
            )
            .bind(at)
            .bind(account.0.as_str())
            .execute(&mut **tx)
            .await?;
        }
        Ok(())
    }

    /// Works out when the account has to be looked at next.
    pub(super) async fn plan(&self, tx: &mut Tx, account: &AccountId) -> Result<(), Error> {
        sqlx::query(
            "UPDATE accounts SET next_due_at = (SELECT MIN(at) FROM ( \
                 SELECT expires_at AS at FROM grant_lot WHERE account_id = $1 AND remaining > 0 \
                 UNION ALL SELECT next_at FROM bundle \
                 WHERE account_id = $1 AND (ends_at IS NULL OR next_at < ends_at)) AS due) WHERE id = $1",
        )
        .bind(account.0.as_str())
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Takes away what is left of lots whose time is up. What calls hold counts as coming out of these first: it stays
    /// until they have ended.
    async fn expire(&self, tx: &mut Tx, account: &AccountId, held: i64, now: i64) -> Result<(), Error> {
        let mut spared = held;
        for lot in self.lots(tx, account).await? {
            if lot.expires_at.is_none_or(|at| at > now) {
                break;
            }
            let kept = spared.min(lot.remaining);
            spared -= kept;
            let gone = lot.remaining - kept;
            if gone == 0 {
                continue;
            }
            shrink(tx, &lot, gone).await?;
            sqlx::query("UPDATE grant_lot SET expiries = expiries + 1 WHERE id = $1")
                .bind(lot.id.as_str())
                .execute(&mut **tx)
                .await?;
            sqlx::query(
                "UPDATE accounts SET available = available - $1, version = version + 1 WHERE id = $2",
            )
            .bind(gone)
            .bind(account.0.as_str())
            .execute(&mut **tx)
            .await?;
            let op_key = format!("{}:expire:{}", lot.id, lot.expiries + 1);
            let payload = payload_hash(&["expire", &gone.to_string()]);
            let posting = Posting {
                reason: "expired",
                available: -gone,
                issued: gone,
                ..Posting::new(&op_key, EntryKind::Expire, account, &payload)
            };
            self.record(tx, &posting).await?;
        }
        Ok(())
    }

    /// Lots with something left, in the order in which they are spent.
    async fn lots(&self, tx: &mut Tx, account: &AccountId) -> Result<Vec<Lot>, Error> {
        let rows = sqlx::query(
            "SELECT id, remaining, expires_at, expiries FROM grant_lot WHERE account_id = $1 AND remaining > 0 \
             ORDER BY CASE WHEN expires_at IS NULL THEN 1 ELSE 0 END, expires_at, seq",
        )
        .bind(account.0.as_str())
        .fetch_all(&mut **tx)
        .await?;
        let lot = |row: &crate::store::AnyRow| {
            Ok(Lot {
                id: row.try_get(0)?,
                remaining: row.try_get(1)?,
                expires_at: row.try_get(2)?,
                expiries: row.try_get(3)?,
            })
        };
        rows.iter().map(lot).collect()
    }
}

async fn shrink(tx: &mut Tx, lot: &Lot, by: i64) -> Result<(), Error> {
    sqlx::query("UPDATE grant_lot SET remaining = remaining - $1 WHERE id = $2")
        .bind(by)
        .bind(lot.id.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
