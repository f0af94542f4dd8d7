//! `Idempotency-Key`: a call that is repeated with its key is done once and answered twice.

mod attempt;
mod picture;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use sqlx::Row;
use triptych_protocol::ErrorCode;

pub(crate) use attempt::await_earlier;
pub(crate) use picture::slim;

use crate::error::Error;
use crate::ledger::ReservationId;
use crate::store::{Store, Tx, new_id, now_ms};

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a call without a key is known by its body: longer than a client goes on repeating it.
const KEPT_UNNAMED: Duration = Duration::from_secs(2 * 60);
const LONGEST_KEY: usize = 255;
/// How the note of a streamed call begins; the stream's id follows.
const STREAM_NOTE: &str = "its stream is ";

/// Claims a key that nobody has claimed.
const FIRST: &str = "INSERT INTO idempotency (scope, route, key, body_hash, state, claim, epoch, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, 'in_flight', $5, $6, $7, $8) ON CONFLICT (scope, route, key) DO NOTHING";
/// Claims a key whoever has it: its call counts no more.
const ANEW: &str = "INSERT INTO idempotency (scope, route, key, body_hash, state, claim, epoch, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, 'in_flight', $5, $6, $7, $8) ON CONFLICT (scope, route, key) DO UPDATE SET \
     body_hash = $4, state = 'in_flight', claim = $5, epoch = $6, created_at = $7, expires_at = $8, \
     reservation_id = NULL, note = NULL, status = NULL, headers = NULL, body = NULL";

/// What a repeat is known by.
pub(crate) struct Key<'a> {
    /// Whose key it is; two users may choose the same one.
    pub(crate) scope: &'a str,
    pub(crate) route: &'a str,
    pub(crate) name: KeyName,
    pub(crate) body_hash: String,
}

/// What names a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyName {
    /// The key that the caller has chosen.
    Chosen(String),
    /// None was chosen, by a client that repeats calls by itself and counts the attempts: the body is the name.
    Attempt(u32),
}

impl Key<'_> {
    /// As it is written down.
    fn name(&self) -> String {
        match &self.name {
            KeyName::Chosen(name) => name.clone(),
            KeyName::Attempt(_) => format!("body:{}", self.body_hash),
        }
    }
}

/// How a call with a key begins.
pub(crate) enum Begin {
    /// It is the first one: do it, and tell the guard how it went.
    Fresh(Guard),
    /// It was done: answer with this.
    Replay(Replay),
}

/// The stored answer of a call.
pub(crate) struct Replay {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The row of a call that is being worked on. Its row is written with the caller's transaction: a call that is refused
/// before the commit leaves no trace.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    scope: String,
    route: String,
    key: String,
    claim: String,
}

/// A row of the table.
struct Known {
    body_hash: String,
    done: bool,
    epoch: String,
    note: Option<String>,
    /// What became of its hold, where it has one.
    hold: Option<String>,
    created_at: i64,
    status: Option<i64>,
    headers: Option<String>,
    body: Option<Vec<u8>>,
}

/// Looks for an earlier call of that key and claims the key where there is none.
///
/// # Errors
/// `in_flight` while the earlier call runs, `idempotency_mismatch` where it had another body, `conflict` where its
/// outcome cannot be repeated or is not known.
pub(crate) async fn begin(tx: &mut Tx, store: &Store, key: Key<'_>) -> Result<Begin, Error> {
    let now = now_ms();
    let kept = match &key.name {
        KeyName::Chosen(_) => KEPT,
        KeyName::Attempt(_) => KEPT_UNNAMED,
    };
    let guard = Guard {
        scope: key.scope.to_owned(),
        route: key.route.to_owned(),
        key: key.name(),
        claim: new_id("claim"),
    };
    let time = (now, now + kept.as_millis() as i64);
    if key.name == KeyName::Attempt(0) {
        // The same call a second time, or many at once: only a repeat that says so is one.
        guard.claim(tx, store, ANEW, &key.body_hash, time).await?;
        return Ok(Begin::Fresh(guard));
    }
    if guard.claim(tx, store, FIRST, &key.body_hash, time).await? {
        return Ok(Begin::Fresh(guard));
    }
    let known = guard.known(tx).await?;
    if known.is_over(now, kept) {
        guard.claim(tx, store, ANEW, &key.body_hash, time).await?;
        return Ok(Begin::Fresh(guard));
    }
    if known.body_hash != key.body_hash {
        let message = "This idempotency key was used before with another body. Use a new key for a new call.";
        return Err(Error::new(ErrorCode::IdempotencyMismatch, message));
    }
    if known.done {
        return known.replay();
    }
    let alive = store.is_alive(tx, &known.epoch).await?;
    if !alive || known.hold.as_deref().is_some_and(|hold| hold != "held") {
        let message = "The outcome of this call is unknown: the gateway restarted or gave up while it ran. Its hold \
                       was given back. Use a new key to call again.";
        return Err(Error::new(ErrorCode::Conflict, message));
    }
    let stream = known.stream();
    let about = known.note.map(|note| format!(" ({note})")).unwrap_or_default();
    let message = format!("A call with this idempotency key is running{about}. Wait for it.");
    Err(Error::new(ErrorCode::InFlight, message).retry_after(Duration::from_secs(1)).with_stream(stream))
}

impl Known {
    /// The stream that the call's answer was written to, by its note.
    fn stream(&self) -> Option<String> {
        self.note.as_deref()?.strip_prefix(STREAM_NOTE).map(str::to_owned)
    }

    fn is_over(&self, now: i64, kept: Duration) -> bool {
        self.created_at.saturating_add(kept.as_millis() as i64) <= now
    }

    fn replay(self) -> Result<Begin, Error> {
        let Some(status) = self.status else {
            let stream = self.stream();
            let note = self.note.map(|note| format!(": {note}")).unwrap_or_default();
            let message = format!(
                "This call was done and charged before, and its answer is not kept{note}. Use a new key to call again."
            );
            return Err(Error::new(ErrorCode::AlreadyCharged, message).with_stream(stream));
        };
        let headers =
            serde_json::from_str(self.headers.as_deref().unwrap_or("[]")).map_err(Error::internal)?;
        Ok(Begin::Replay(Replay {
            status: u16::try_from(status).unwrap_or(200),
            headers,
            body: self.body.unwrap_or_default(),
        }))
    }
}

impl Guard {
    /// Claims the key by one of the two ways; false where somebody has it.
    async fn claim(
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

    async fn known(&self, tx: &mut Tx) -> Result<Known, Error> {
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

/// Forgets keys whose time is up; tells how many.
pub(crate) async fn sweep(store: &Store) -> Result<u64, Error> {
    let mut tx = store.write().await?;
    let gone = sqlx::query("DELETE FROM idempotency WHERE expires_at <= $1")
        .bind(now_ms())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(gone.rows_affected())
}

impl IntoResponse for Replay {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                response.headers_mut().insert(name, value);
            }
        }
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        response
    }
}

/// What a request is known by, where repeats of it can be told.
///
/// A client that repeats failed calls by itself says which attempt each one is (OpenAI's SDKs do, in
/// `x-stainless-retry-count`). It may repeat a call whose answer was lost on its way, without a key.
///
/// # Errors
/// `invalid_request` where the key is empty, too long or not plain text.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<KeyName>, Error> {
    let Some(value) = headers.get("idempotency-key") else {
        let attempt = headers.get("x-stainless-retry-count").and_then(|count| count.to_str().ok());
        return Ok(attempt.and_then(|count| count.trim().parse().ok()).map(KeyName::Attempt));
    };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(KeyName::Chosen(key.to_owned()))),
        _ => Err(Error::invalid(
            "Idempotency-Key",
            "An idempotency key has 1 to 255 printable ASCII characters.",
        )),
    }
}

/// What is kept of a streamed call for those who repeat it.
pub(crate) fn stream_note(id: &str) -> String {
    format!("{STREAM_NOTE}{id}")
}

/// What two bodies are compared by.
pub(crate) fn body_hash(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
