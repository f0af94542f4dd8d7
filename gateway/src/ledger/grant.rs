//! How credits come in, and how an operator sets an account right.

use sqlx::Row;
use triptych_protocol::{Credits, EntryKind};

use super::transaction::{Posting, payload_hash};
use super::{AccountId, Applied, Ledger};
use crate::error::Error;
use crate::store::Tx;

/// No account may hold more than this, so that no sum can overflow: a thousand million credits.
const MOST: i64 = 1_000_000_000 * triptych_protocol::MICRO_PER_CREDIT;

/// Credits to give.
pub(crate) struct NewGrant<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) amount: Credits,
    /// When what is left of them goes, in milliseconds since 1970; never where `None`.
    pub(crate) expires_at: Option<i64>,
    /// The same key gives them once only.
    pub(crate) op_key: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) reason: &'a str,
}

impl NewGrant<'_> {
    fn payload(&self) -> String {
        let expiry = self.expires_at.map(|at| at.to_string());
        let amount = self.amount.micro().to_string();
        // Grants without an end hash as they did before grants could have one.
        match &expiry {
            None => payload_hash(&["grant", &self.account.0, &amount]),
            Some(at) => payload_hash(&["grant", &self.account.0, &amount, at]),
        }
    }
}

impl Ledger {
    /// Gives credits.
    ///
    /// # Errors
    /// `invalid_request` where the amount is not positive or too large or the end is past, `conflict` where the key
    /// was used before for another grant.
    pub(crate) async fn grant(&self, tx: &mut Tx, grant: NewGrant<'_>) -> Result<Applied, Error> {
        if grant.amount <= Credits::ZERO || grant.amount.micro() > MOST {
            return Err(Error::invalid("amount", "The amount must be positive, in micro-credits."));
        }
        self.lock(tx, grant.account).await?;
        let payload = grant.payload();
        if self.done_before(tx, grant.op_key, &payload).await? {
            return Ok(Applied::Before);
        }
        if grant.expires_at.is_some_and(|at| at <= self.now()) {
            return Err(Error::invalid("expires_at", "The grant would expire before it is made."));
        }
        self.expect_room(tx, grant.account, grant.amount.micro()).await?;
        self.give(tx, EntryKind::Grant, &grant, &payload).await?;
        Ok(Applied::New)
    }

    /// Gives credits unless that key has given any before, of whatever amount: a setting that has changed is neither a
    /// second grant nor a conflict.
    pub(crate) async fn grant_once(&self, tx: &mut Tx, grant: NewGrant<'_>) -> Result<Applied, Error> {
        self.lock(tx, grant.account).await?;
        if self.payload_of(tx, grant.op_key).await?.is_some() {
            return Ok(Applied::Before);
        }
        self.grant(tx, grant).await
    }

    /// Sets an account right: gives where the amount is positive, takes from what can be spent where it is negative.
    ///
    /// # Errors
    /// `invalid_request` for nothing or too much, `insufficient_credits` where there is less than is to be taken,
    /// `conflict` where the key was used before for another adjustment.
    pub(crate) async fn adjust(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        amount: Credits,
        op_key: &str,
        actor: &str,
        reason: &str,
    ) -> Result<Applied, Error> {
        let micro = amount.micro();
        if micro == 0 || !(-MOST..=MOST).contains(&micro) {
            return Err(Error::invalid("amount", "The amount must not be zero, in micro-credits."));
        }
        self.lock(tx, account).await?;
        let payload = payload_hash(&["adjust", &account.0, &micro.to_string()]);
        if self.done_before(tx, op_key, &payload).await? {
            return Ok(Applied::Before);
        }
        if micro > 0 {
            self.expect_room(tx, account, micro).await?;
            let grant = NewGrant { account, amount, expires_at: None, op_key, actor, reason };
            self.give(tx, EntryKind::Adjust, &grant, &payload).await?;
            return Ok(Applied::New);
        }
        self.take(tx, account, -micro, 0).await?;
        self.add_undrawn(tx, account, -micro).await?;
        let posting = Posting {
            actor,
            reason,
            available: micro,
            issued: -micro,
            ..Posting::new(op_key, EntryKind::Adjust, account, &payload)
        };
        self.record(tx, &posting).await?;
        Ok(Applied::New)
    }

    /// Writes a grant down, as a lot of its own.
    pub(super) async fn give(
        &self,
        tx: &mut Tx,
        kind: EntryKind,
        grant: &NewGrant<'_>,
        payload: &str,
    ) -> Result<(), Error> {
        let amount = grant.amount.micro();
        // What was charged so far comes out of the grants that were there then.
        self.draw(tx, grant.account).await?;
        self.add_lot(tx, grant.account, grant.op_key, amount, grant.expires_at).await?;
        sqlx::query("UPDATE accounts SET available = available + $1, version = version + 1 WHERE id = $2")
            .bind(amount)
            .bind(grant.account.0.as_str())
            .execute(&mut **tx)
            .await?;
        let posting = Posting {
            actor: grant.actor,
            reason: grant.reason,
            available: amount,
            issued: -amount,
            ..Posting::new(grant.op_key, kind, grant.account, payload)
        };
        self.record(tx, &posting).await
    }

    async fn expect_room(&self, tx: &mut Tx, account: &AccountId, amount: i64) -> Result<(), Error> {
        let row = sqlx::query("SELECT available + held FROM accounts WHERE id = $1")
            .bind(account.0.as_str())
            .fetch_one(&mut **tx)
            .await?;
        if row.try_get::<i64, _>(0)?.saturating_add(amount) > MOST {
            return Err(Error::invalid("amount", "The balance would be larger than an account can hold."));
        }
        Ok(())
    }
}
