//! `Idempotency-Key`: a call that is repeated with its key is done once and answered twice.

#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use sqlx::Row;
use triptych_protocol::ErrorCode;

use crate::error::Error;
use crate::store::{Store, Tx, now_ms};

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const LONGEST_KEY: usize = 255;

/// What a repeat is known by.
pub(crate) struct Key<'a> {
    /// Whose key it is; two users may choose the same one.
    pub(crate) scope: &'a str,
    pub(crate) route: &'a str,
    pub(crate) key: &'a str,
    pub(crate) body_hash: String,
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
}

/// Looks for an earlier call of that key and claims the key where there is none.
///
/// # Errors
/// `in_flight` while the earlier call runs, `idempotency_mismatch` where it had another body, `conflict` where its
/// outcome cannot be repeated or is not known.
pub(crate) async fn begin(tx: &mut Tx, store: &Store, key: Key<'_>) -> Result<Begin, Error> {
    let now = now_ms();
    sqlx::query("DELETE FROM idempotency WHERE expires_at <= ?").bind(now).execute(&mut **tx).await?;
    let row = sqlx::query(
        "SELECT body_hash, state, epoch, note, status, headers, body FROM idempotency \
         WHERE scope = ? AND route = ? AND key = ?",
    )
    .bind(key.scope)
    .bind(key.route)
    .bind(key.key)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else {
        sqlx::query(
            "INSERT INTO idempotency (scope, route, key, body_hash, state, epoch, created_at, expires_at) \
             VALUES (?, ?, ?, ?, 'in_flight', ?, ?, ?)",
        )
        .bind(key.scope)
        .bind(key.route)
        .bind(key.key)
        .bind(&key.body_hash)
        .bind(store.epoch())
        .bind(now)
        .bind(now + KEPT.as_millis() as i64)
        .execute(&mut **tx)
        .await?;
        let (scope, route, key) = (key.scope.to_owned(), key.route.to_owned(), key.key.to_owned());
        return Ok(Begin::Fresh(Guard { scope, route, key }));
    };
    if row.try_get::<String, _>(0)? != key.body_hash {
        let message = "This idempotency key was used before with another body. Use a new key for a new call.";
        return Err(Error::new(ErrorCode::IdempotencyMismatch, message));
    }
    let note: Option<String> = row.try_get(3)?;
    if row.try_get::<String, _>(1)? == "done" {
        return match row.try_get::<Option<u16>, _>(4)? {
            Some(status) => {
                let headers: Option<String> = row.try_get(5)?;
                let headers =
                    serde_json::from_str(headers.as_deref().unwrap_or("[]")).map_err(Error::internal)?;
                Ok(Begin::Replay(Replay {
                    status,
                    headers,
                    body: row.try_get::<Option<_>, _>(6)?.unwrap_or_default(),
                }))
            }
            None => Err(Error::new(
                ErrorCode::Conflict,
                format!(
                    "This call was done before and its answer was not kept{}. Use a new key to call again.",
                    note.map(|note| format!(": {note}")).unwrap_or_default()
                ),
            )),
        };
    }
    if row.try_get::<String, _>(2)? != store.epoch() {
        let message = "The outcome of this call is unknown: the gateway restarted while it ran. Its hold was given \
                       back. Use a new key to call again.";
        return Err(Error::new(ErrorCode::Conflict, message));
    }
    let about = note.map(|note| format!(" ({note})")).unwrap_or_default();
    let message = format!("A call with this idempotency key is running{about}. Wait for it.");
    Err(Error::new(ErrorCode::InFlight, message).retry_after(Duration::from_secs(1)))
}

impl Guard {
    /// Keeps a word about the call, such as its stream's id, for those who repeat it.
    pub(crate) async fn note(&self, tx: &mut Tx, note: &str) -> Result<(), Error> {
        sqlx::query("UPDATE idempotency SET note = ? WHERE scope = ? AND route = ? AND key = ?")
            .bind(note)
            .bind(&self.scope)
            .bind(&self.route)
            .bind(&self.key)
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
            "UPDATE idempotency SET state = 'done', status = ?, headers = ?, body = ? \
             WHERE scope = ? AND route = ? AND key = ?",
        )
        .bind(status)
        .bind(headers)
        .bind(body)
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Ends a call whose answer cannot be repeated, such as a stream. Repeats are told the note.
    pub(crate) async fn close(&self, tx: &mut Tx, note: &str) -> Result<(), Error> {
        sqlx::query(
            "UPDATE idempotency SET state = 'done', status = NULL, note = ? WHERE scope = ? AND route = ? AND key = ?",
        )
        .bind(note)
        .bind(&self.scope)
        .bind(&self.route)
        .bind(&self.key)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// Frees the key: the call had no effect and may be repeated.
    pub(crate) async fn abandon(&self, tx: &mut Tx) -> Result<(), Error> {
        sqlx::query("DELETE FROM idempotency WHERE scope = ? AND route = ? AND key = ?")
            .bind(&self.scope)
            .bind(&self.route)
            .bind(&self.key)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
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

/// The key that a request carries.
///
/// # Errors
/// `invalid_request` where it is empty, too long or not plain text.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    match value.to_str() {
        Ok(key) if !key.is_empty() && key.len() <= LONGEST_KEY => Ok(Some(key.to_owned())),
        _ => Err(Error::invalid(
            "Idempotency-Key",
            "An idempotency key has 1 to 255 printable ASCII characters.",
        )),
    }
}

/// What two bodies are compared by.
pub(crate) fn body_hash(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
