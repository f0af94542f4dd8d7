//! Accounts: who they belong to, what they have, and how credits get into them.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use triptych_protocol::{Balance, Credits, EntryKind, ErrorCode};

use super::transaction::{Posting, payload_hash};
use super::{AccountId, Applied, Ledger};
use crate::error::Error;
use crate::store::{Tx, new_id, now_ms};

/// No account may hold more than this, so that no sum can overflow: a thousand million credits.
const MOST: i64 = 1_000_000_000 * triptych_protocol::MICRO_PER_CREDIT;

impl Ledger {
    /// The account of a tenant's user, made empty where there is none.
    pub(crate) async fn open_account(
        &self,
        tx: &mut Tx,
        tenant: &str,
        user: &str,
    ) -> Result<AccountId, Error> {
        let found = sqlx::query("SELECT id FROM users WHERE tenant = ? AND external_id = ?")
            .bind(tenant)
            .bind(user)
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(row) = found {
            return Ok(AccountId(row.try_get(0)?));
        }
        let id = new_id("usr");
        sqlx::query("INSERT INTO users (id, tenant, external_id, created_at) VALUES (?, ?, ?, ?)")
            .bind(&id)
            .bind(tenant)
            .bind(user)
            .bind(now_ms())
            .execute(&mut **tx)
            .await?;
        sqlx::query("INSERT INTO accounts (id) VALUES (?)").bind(&id).execute(&mut **tx).await?;
        Ok(AccountId(id))
    }

    /// The account of a tenant's user, where there is one.
    pub(crate) async fn find_account(&self, tenant: &str, user: &str) -> Result<Option<AccountId>, Error> {
        let row = sqlx::query("SELECT id FROM users WHERE tenant = ? AND external_id = ?")
            .bind(tenant)
            .bind(user)
            .fetch_optional(self.store.read())
            .await?;
        row.map(|row| Ok(AccountId(row.try_get(0)?))).transpose()
    }

    /// Gives credits. The same `op_key` gives them once only.
    ///
    /// # Errors
    /// `invalid_request` where the amount is not positive or too large, `conflict` where the key was used before for
    /// another grant.
    pub(crate) async fn grant(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: Credits,
        op_key: &str,
        actor: &str,
        reason: &str,
    ) -> Result<Applied, Error> {
        if amount <= Credits::ZERO || amount.micro() > MOST {
            return Err(Error::invalid("amount", "The amount must be positive, in micro-credits."));
        }
        let payload = payload_hash(&["grant", &account.0, &amount.micro().to_string()]);
        if self.done_before(tx, op_key, &payload).await? {
            return Ok(Applied::Before);
        }
        let before = self.balance_in(tx, account).await?;
        if before.available.micro().saturating_add(before.held.micro()).saturating_add(amount.micro()) > MOST
        {
            return Err(Error::invalid("amount", "The balance would be larger than an account can hold."));
        }
        let posting = Posting {
            op_key,
            kind: EntryKind::Grant,
            account,
            reservation: None,
            payload_hash: &payload,
            actor,
            reason,
            available: amount,
            held: Credits::ZERO,
            revenue: Credits::ZERO,
            issued: Credits::from_micro(-amount.micro()),
        };
        self.post(tx, posting).await?;
        Ok(Applied::New)
    }

    /// Gives credits unless that key has given any before, of whatever amount: a setting that has changed is neither a
    /// second grant nor a conflict.
    pub(crate) async fn grant_once(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: Credits,
        op_key: &str,
        actor: &str,
        reason: &str,
    ) -> Result<Applied, Error> {
        if self.payload_of(tx, op_key).await?.is_some() {
            return Ok(Applied::Before);
        }
        self.grant(tx, account, amount, op_key, actor, reason).await
    }

    /// What the account has, as the last committed transaction left it.
    pub(crate) async fn balance(&self, account: &AccountId) -> Result<Balance, Error> {
        let row = sqlx::query("SELECT available, held FROM accounts WHERE id = ?")
            .bind(&account.0)
            .fetch_optional(self.store.read())
            .await?;
        self.balance_of(row)
    }

    /// What the account has, as seen from inside of a transaction.
    pub(crate) async fn balance_in(&self, tx: &mut Tx, account: &AccountId) -> Result<Balance, Error> {
        let row = sqlx::query("SELECT available, held FROM accounts WHERE id = ?")
            .bind(&account.0)
            .fetch_optional(&mut **tx)
            .await?;
        self.balance_of(row)
    }

    fn balance_of(&self, row: Option<SqliteRow>) -> Result<Balance, Error> {
        let row = row.ok_or_else(|| Error::new(ErrorCode::NotFound, "There is no such account."))?;
        Ok(Balance {
            available: Credits::from_micro(row.try_get(0)?),
            held: Credits::from_micro(row.try_get(1)?),
            currency: self.credits.currency.clone(),
            low_at: self.credits.low_at,
            top_up_url: self.credits.top_up_url.clone(),
        })
    }
}
