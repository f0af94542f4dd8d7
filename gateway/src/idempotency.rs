//! `Idempotency-Key`: a call that is repeated with its key is done once and answered twice.

mod attempt;
mod guard;
mod key;
mod known;
mod picture;
mod replay;
mod sound;
#[cfg(test)]
mod tests;

use std::time::Duration;

use triptych_protocol::ErrorCode;

pub(crate) use attempt::await_earlier;
pub(crate) use guard::Guard;
pub(crate) use key::{Key, KeyName, body_hash, key_of};
pub(crate) use picture::slim;
pub(crate) use replay::Replay;
pub(crate) use sound::sound;

use guard::{ANEW, FIRST};

use crate::error::Error;
use crate::store::{Store, Tx, new_id, now_ms};

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a call without a key is known by its body: longer than a client goes on repeating it.
const KEPT_UNNAMED: Duration = Duration::from_secs(2 * 60);
/// How the note of a streamed call begins; the stream's id follows.
const STREAM_NOTE: &str = "its stream is ";

/// How a call with a key begins.
pub(crate) enum Begin {
    /// It is the first one: do it, and tell the guard how it went.
    Fresh(Guard),
    /// It was done: answer with this.
    Replay(Replay),
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

/// What is kept of a streamed call for those who repeat it.
pub(crate) fn stream_note(id: &str) -> String {
    format!("{STREAM_NOTE}{id}")
}
