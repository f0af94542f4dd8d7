//! Credits that come each month: at each renewal what is left of the last ones goes and new ones come.

use chrono::{DateTime, Months};
use sqlx::Row;
use triptych_protocol::{Credits, EntryKind, ErrorCode};

use super::transaction::payload_hash;
use super::{AccountId, Applied, Ledger, NewGrant};
use crate::error::Error;
use crate::store::{Tx, now_ms};

/// Credits to give each month.
pub(crate) struct NewBundle<'a> {
    /// The same id is made once only.
    pub(crate) id: &'a str,
    pub(crate) account: &'a AccountId,
    /// What comes each month.
    pub(crate) amount: Credits,
    /// When it comes first, in milliseconds since 1970.
    pub(crate) starts_at: i64,
}

/// One that is due.
struct Due {
    id: String,
    amount: i64,
    starts_at: i64,
    ends_at: Option<i64>,
    next_month: i64,
}

impl Ledger {
    /// Starts a monthly bundle. Where its start is past, the current month comes at once.
    ///
    /// # Errors
    /// `invalid_request` where the amount is not positive, `conflict` where another bundle has that id.
    pub(crate) async fn start_bundle(&self, tx: &mut Tx, bundle: NewBundle<'_>) -> Result<Applied, Error> {
        if bundle.amount <= Credits::ZERO || month(bundle.starts_at, 1).is_none() {
            return Err(Error::invalid("amount", "A bundle needs a positive amount and a date that exists."));
        }
        self.lock(tx, bundle.account).await?;
        let known = sqlx::query("SELECT account_id, amount FROM bundle WHERE id = $1")
            .bind(bundle.id)
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(row) = known {
            let same = row.try_get::<String, _>(0)? == bundle.account.0
                && row.try_get::<i64, _>(1)? == bundle.amount.micro();
            let message =
                "A bundle of that id exists with another user or amount. End it and start a new one.";
            return if same { Ok(Applied::Before) } else { Err(Error::new(ErrorCode::Conflict, message)) };
        }
        sqlx::query(
            "INSERT INTO bundle (id, account_id, amount, starts_at, next_at, created_at) \
             VALUES ($1, $2, $3, $4, $4, $5)",
        )
        .bind(bundle.id)
        .bind(bundle.account.0.as_str())
        .bind(bundle.amount.micro())
        .bind(bundle.starts_at)
        .bind(now_ms())
        .execute(&mut **tx)
        .await?;
        self.plan(tx, bundle.account).await?;
        self.mature(tx, bundle.account, self.now()).await?;
        Ok(Applied::New)
    }

    /// Starts a bundle unless there is one of that id, whatever its amount: a setting that has changed is no conflict,
    /// and holds from the next user on.
    pub(crate) async fn start_bundle_once(
        &self,
        tx: &mut Tx,
        bundle: NewBundle<'_>,
    ) -> Result<Applied, Error> {
        let known = sqlx::query("SELECT 1 FROM bundle WHERE id = $1")
            .bind(bundle.id)
            .fetch_optional(&mut **tx)
            .await?;
        if known.is_some() {
            return Ok(Applied::Before);
        }
        self.start_bundle(tx, bundle).await
    }

    /// Ends a bundle: what it gave stays until the month is over, nothing comes after.
    ///
    /// # Errors
    /// `not_found` where there is none of that id.
    pub(crate) async fn end_bundle(&self, tx: &mut Tx, id: &str) -> Result<(), Error> {
        let row = sqlx::query(
            "UPDATE bundle SET ends_at = COALESCE(ends_at, $1) WHERE id = $2 RETURNING account_id",
        )
        .bind(self.now())
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
        let account = AccountId(row.ok_or_else(|| Error::not_found("bundle"))?.try_get(0)?);
        self.lock(tx, &account).await?;
        self.plan(tx, &account).await
    }

    /// Gives what bundles owe the account. Months that have passed unseen are not made up for.
    pub(super) async fn renew_bundles(
        &self,
        tx: &mut Tx,
        account: &AccountId,
        now: i64,
    ) -> Result<(), Error> {
        let rows = sqlx::query(
            "SELECT id, amount, starts_at, ends_at, next_month FROM bundle \
             WHERE account_id = $1 AND next_at <= $2 AND (ends_at IS NULL OR next_at < ends_at) ORDER BY id",
        )
        .bind(account.0.as_str())
        .bind(now)
        .fetch_all(&mut **tx)
        .await?;
        for row in rows {
            let due = Due {
                id: row.try_get(0)?,
                amount: row.try_get(1)?,
                starts_at: row.try_get(2)?,
                ends_at: row.try_get(3)?,
                next_month: row.try_get(4)?,
            };
            self.renew(tx, account, &due, now).await?;
        }
        Ok(())
    }

    async fn renew(&self, tx: &mut Tx, account: &AccountId, due: &Due, now: i64) -> Result<(), Error> {
        let never = || Error::internal(format!("bundle {} has a month that does not exist", due.id));
        let mut number = due.next_month;
        let mut end = month(due.starts_at, number + 1).ok_or_else(never)?;
        while end <= now {
            number += 1;
            end = month(due.starts_at, number + 1).ok_or_else(never)?;
        }
        let start = month(due.starts_at, number).ok_or_else(never)?;
        if due.ends_at.is_none_or(|ends_at| start < ends_at) {
            let op_key = format!("{}:month:{number}", due.id);
            let grant = NewGrant {
                account,
                amount: Credits::from_micro(due.amount),
                expires_at: Some(end),
                op_key: &op_key,
                actor: super::transaction::ACTOR,
                reason: "monthly bundle",
            };
            let payload = payload_hash(&["bundle", &account.0, &due.amount.to_string()]);
            if !self.done_before(tx, &op_key, &payload).await? {
                self.give(tx, EntryKind::Grant, &grant, &payload).await?;
            }
        }
        sqlx::query("UPDATE bundle SET next_month = $1, next_at = $2 WHERE id = $3")
            .bind(number + 1)
            .bind(end)
            .bind(due.id.as_str())
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

/// The moment some months after another one, on the same day of the month or its last one.
fn month(starts_at: i64, number: i64) -> Option<i64> {
    let start = DateTime::from_timestamp_millis(starts_at)?;
    let months = Months::new(u32::try_from(number).ok()?);
    Some(start.checked_add_months(months)?.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_of_the_31st_comes_on_the_last_day_of_shorter_months() {
        let at = |text: &str| text.parse::<DateTime<chrono::Utc>>().ok().map(|at| at.timestamp_millis());
        let start = at("2026-01-31T09:00:00Z").unwrap_or_default();
        assert_eq!(month(start, 1), at("2026-02-28T09:00:00Z"));
        assert_eq!(month(start, 2), at("2026-03-31T09:00:00Z"));
        assert_eq!(month(start, 25), at("2028-02-29T09:00:00Z"));
    }
}
