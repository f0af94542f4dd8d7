//! Accounts: who they belong to and what they have.

use sqlx::Row;
use triptych_protocol::{Balance, Credits, ErrorCode};

use super::{AccountId, Ledger};
use crate::error::Error;
use crate::store::{AnyRow, Tx, new_id, now_ms};

const BALANCE: &str = "SELECT available, held, next_due_at FROM accounts WHERE id = $1";
const FIND: &str = "SELECT id FROM users WHERE tenant = $1 AND external_id = $2";

impl Ledger {
    /// The account of a tenant's user, made empty where there is none.
    pub(crate) async fn open_account(
        &self,
        tx: &mut Tx,
        tenant: &str,
        user: &str,
    ) -> Result<AccountId, Error> {
        let found = sqlx::query(FIND).bind(tenant).bind(user).fetch_optional(&mut **tx).await?;
        if let Some(row) = found {
            return Ok(AccountId(row.try_get(0)?));
        }
        let id = new_id("usr");
        // Another gateway may make it at the same moment; then that one is taken.
        let made = sqlx::query(
            "INSERT INTO users (id, tenant, external_id, created_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (tenant, external_id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(tenant)
        .bind(user)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        if made.rows_affected() == 0 {
            let row = sqlx::query(FIND).bind(tenant).bind(user).fetch_one(&mut **tx).await?;
            return Ok(AccountId(row.try_get(0)?));
        }
        sqlx::query("INSERT INTO accounts (id) VALUES ($1)").bind(id.as_str()).execute(&mut **tx).await?;
        Ok(AccountId(id))
    }

    /// The account of a tenant's user, where there is one.
    pub(crate) async fn find_account(&self, tenant: &str, user: &str) -> Result<Option<AccountId>, Error> {
        let row = sqlx::query(FIND).bind(tenant).bind(user).fetch_optional(self.store.read()).await?;
        row.map(|row| Ok(AccountId(row.try_get(0)?))).transpose()
    }

    /// What the account has now: what has expired is taken away first, and what is due is given.
    pub(crate) async fn balance(&self, account: &AccountId) -> Result<Balance, Error> {
        let row = sqlx::query(BALANCE).bind(account.0.as_str()).fetch_optional(self.store.read()).await?;
        let due: Option<i64> = row.as_ref().map(|row| row.try_get(2)).transpose()?.flatten();
        if due.is_none_or(|due| due > self.now()) {
            return self.balance_of(row);
        }
        let mut tx = self.store.write().await?;
        self.mature(&mut tx, account, self.now()).await?;
        let balance = self.balance_in(&mut tx, account).await?;
        tx.commit().await?;
        Ok(balance)
    }

    /// What the account has, as seen from inside of a transaction.
    pub(crate) async fn balance_in(&self, tx: &mut Tx, account: &AccountId) -> Result<Balance, Error> {
        self.balance_of(sqlx::query(BALANCE).bind(account.0.as_str()).fetch_optional(&mut **tx).await?)
    }

    fn balance_of(&self, row: Option<AnyRow>) -> Result<Balance, Error> {
        let row = row.ok_or_else(|| Error::new(ErrorCode::NotFound, "There is no such account."))?;
        Ok(self.balance_with(row.try_get(0)?, row.try_get(1)?))
    }

    /// A balance of micro-credits, with what else the host shows of it.
    pub(super) fn balance_with(&self, available: i64, held: i64) -> Balance {
        Balance {
            available: Credits::from_micro(available),
            held: Credits::from_micro(held),
            currency: self.credits.currency.clone(),
            low_at: self.credits.low_at,
            top_up_url: self.credits.top_up_url.clone(),
        }
    }
}
