use sqlx::Row;

use super::known::Known;
use crate::error::Error;
use crate::ledger::ReservationId;
use crate::store::{Store, Tx};

/// Claims a key that nobody has claimed.
pub(super) const FIRST: &str = "INSERT INTO idempotency \
     (scope, route, key, body_hash, state, claim, epoch, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, 'in_flight', $5, $6, $7, $8) ON CONFLICT (scope, route, key) DO NOTHING";
/// Claims a key whoever has it: its call counts no more.
pub(super) const ANEW: &str = "INSERT INTO idempotency \
     (scope, route, key, body_hash, state, claim, epoch, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, 'in_flight', $5, $6, $7, $8) ON CONFLICT (scope, route, key) DO UPDATE SET \
     body_hash = $4, state = 'in_flight', claim = $5, epoch = $6, created_at = $7, expires_at = $8, \
     reservation_id = NULL, note = NULL, status = NULL, headers = NULL, body = NULL";

/// The row of a call that is being worked on. Its row is written with the caller's transaction: a call that is refused
/// before the commit leaves no trace.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(super) scope: String,
    pub(super) route: String,
    pub(super) key: String,
    pub(super) claim: String,
}

impl Guard {
    /// Claims the key by one of the two ways; false where somebody has it.
    pub(super) async fn claim(
        &self,
        tx: &mut Tx,
        store: &Store,
        way: &'static str,
        body_hash: &str,
        time: (i64, i64),
    ) -> Result<bool, Error> {
        let (now, expires_at) = time;
        let claimed = sqlx::query(way)
            .bind(&self.scope)
            .bind(&self.route)
            .bind(&self.key)
            .bind(body_hash)
            .bind(&self.claim)
            .bind(store.epoch())
            .bind(now)
            .bind(expires_at)
            .execute(&mut **tx)
            .await?;
        Ok(claimed.rows_affected() == 1)
    }

    pub(super) async fn known(&self, tx: &mut Tx) -> Result<Known, Error> {
        let row = sqlx::query(
            "SELECT i.body_hash, i.state, i.epoch, i.note, r.state, i.created_at, i.status, i.headers, i.body \
             FROM idempotency i LEFT JOIN reservation r ON r.id = i.reservation_id \
             WHERE i.scope = $1 AND i.route = $2 AND i.key = $3",
        )
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .fetch_one(&mut **tx)
        .await?;
        Ok(Known {
            body_hash: row.try_get(0)?,
            done: row.try_get::<String, _>(1)? == "done",
            epoch: row.try_get(2)?,
            note: row.try_get(3)?,
            hold: row.try_get(4)?,
            created_at: row.try_get(5)?,
            status: row.try_get(6)?,
            headers: row.try_get(7)?,
            body: row.try_get(8)?,
        })
    }

    /// Ties the call to its hold, and keeps a word about it, such as its stream's id, for those who repeat it.
    pub(crate) async fn attach(
        &self,
        tx: &mut Tx,
        reservation: &ReservationId,
        note: Option<&str>,
    ) -> Result<(), Error> {
        sqlx::query(
            "UPDATE idempotency SET reservation_id = $1, note = $2 \
             WHERE scope = $3 AND route = $4 AND key = $5 AND claim = $6",
        )
        .bind(&reservation.0)
        .bind(note)
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .bind(&self.claim)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Stores the answer for repeats.
    pub(crate) async fn finish(
        &self,
        tx: &mut Tx,
        status: u16,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<(), Error> {
        let headers = serde_json::to_string(headers).map_err(Error::internal)?;
        sqlx::query(
            "UPDATE idempotency SET state = 'done', status = $1, headers = $2, body = $3 \
             WHERE scope = $4 AND route = $5 AND key = $6 AND claim = $7",
        )
        .bind(i64::from(status))
        .bind(headers)
        .bind(body)
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .bind(&self.claim)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Ends a call whose answer cannot be repeated, such as a stream. Repeats are told the note.
    pub(crate) async fn close(&self, tx: &mut Tx, note: &str) -> Result<(), Error> {
        sqlx::query(
            "UPDATE idempotency SET state = 'done', status = NULL, note = $1 \
             WHERE scope = $2 AND route = $3 AND key = $4 AND claim = $5",
        )
        .bind(note)
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .bind(&self.claim)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Frees the key: the call had no effect and may be repeated.
    pub(crate) async fn abandon(&self, tx: &mut Tx) -> Result<(), Error> {
        sqlx::query("DELETE FROM idempotency WHERE scope = $1 AND route = $2 AND key = $3 AND claim = $4")
            .bind(&self.scope)
            .bind(&self.route)
            .bind(&self.key)
            .bind(&self.claim)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}
