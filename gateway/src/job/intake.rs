//! News of jobs from providers. Nothing that a webhook says is believed: it only makes the job due.

use super::late::NEVER;
use crate::error::Error;
use crate::provider::Notice;
use crate::state::AppState;
use crate::store::{Store, now_ms};

/// How long the ids of webhooks are kept, in milliseconds. One that is older than minutes is refused for its age.
const KEEP: i64 = 24 * 60 * 60 * 1000;

/// Looks at the job that a genuine webhook is about; once for each webhook.
pub(crate) async fn told(state: &AppState, provider: &str, notice: &Notice) -> Result<(), Error> {
    let now = now_ms();
    let mut tx = state.store.write().await?;
    let new = sqlx::query(
        "INSERT INTO webhook (source, webhook_id, received_at) VALUES ($1, $2, $3) \
         ON CONFLICT (source, webhook_id) DO NOTHING",
    )
    .bind(format!("provider:{provider}"))
    .bind(&notice.id)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if new.rows_affected() == 0 {
        return Ok(());
    }
    // A poll under way may have heard less than the webhook knows: with the version gone up, what it heard is void.
    let running = sqlx::query(
        "UPDATE job SET due_at = $1, version = version + 1 \
         WHERE provider = $2 AND upstream_id = $3 AND state IN ('running', 'cancelling')",
    );
    let given_up = sqlx::query(
        "UPDATE job SET due_at = $1 WHERE provider = $2 AND upstream_id = $3 AND state = 'expired' AND due_at < $4",
    );
    let running = running.bind(now).bind(provider).bind(&notice.operation.id).execute(&mut *tx).await?;
    let given_up =
        given_up.bind(now).bind(provider).bind(&notice.operation.id).bind(NEVER).execute(&mut *tx).await?;
    let can_find = state.providers.get(provider).is_some_and(|provider| provider.can_find());
    if running.rows_affected() + given_up.rows_affected() == 0 && can_find {
        // It may be one whose id was lost with the answer to its order.
        sqlx::query("UPDATE job SET due_at = $1 WHERE provider = $2 AND state = 'indeterminate'")
            .bind(now)
            .bind(provider)
            .execute(&mut *tx)
            .await?;
    }
    tx.notify_jobs().await?;
    tx.commit().await?;
    state.jobs.wake();
    Ok(())
}

/// Forgets webhooks that would be refused for their age.
pub(super) async fn forget(store: &Store) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query("DELETE FROM webhook WHERE received_at < $1")
        .bind(now_ms().saturating_sub(KEEP))
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
