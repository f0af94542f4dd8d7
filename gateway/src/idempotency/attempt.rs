//! A client that repeats a call by itself, without a key, wants the answer of its first attempt.

use std::time::Duration;

use sqlx::Row;
use tokio::time::{Instant, sleep};

use super::{Key, KeyName};
use crate::error::Error;
use crate::store::Store;

/// Longest wait for a first attempt; clients give up on a silent connection some time after that.
const PATIENCE: Duration = Duration::from_secs(20);
const SHORTEST_LOOK: Duration = Duration::from_millis(25);
const LONGEST_LOOK: Duration = Duration::from_millis(500);

/// Waits while an earlier attempt of the same call runs, but not for ever, and only as long as somebody `is_there` to
/// hear the answer; false where nobody is.
pub(crate) async fn await_earlier(
    store: &Store,
    key: &Key<'_>,
    is_there: impl Fn() -> bool,
) -> Result<bool, Error> {
    if !matches!(key.name, KeyName::Attempt(1..)) {
        return Ok(true);
    }
    let name = key.name();
    let begun = Instant::now();
    let mut pause = SHORTEST_LOOK;
    while begun.elapsed() < PATIENCE && is_there() {
        let row = sqlx::query("SELECT state FROM idempotency WHERE scope = $1 AND route = $2 AND key = $3")
            .bind(key.scope)
            .bind(key.route)
            .bind(name.as_str())
            .fetch_optional(store.read())
            .await?;
        let state: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
        if state.as_deref() != Some("in_flight") {
            break;
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_LOOK);
    }
    Ok(is_there())
}
