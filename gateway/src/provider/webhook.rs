use axum::http::HeaderMap;
use serde_json::Value;

use super::adapter::{Notice, WebhookError};
use super::connection::Connection;
use super::video::Operation;
use crate::webhook;

/// Checks a webhook by the provider's configured secret and reads which job it is about: `data.id` as OpenAI sends
/// it, or the names that the other job APIs have for it.
pub(super) fn standard(
    up: &Connection,
    headers: &HeaderMap,
    body: &[u8],
    now_seconds: i64,
) -> Result<Notice, WebhookError> {
    let secret = up.config.webhook_secret.as_ref().ok_or(WebhookError::Unsupported)?;
    let message = webhook::verify(std::slice::from_ref(secret), headers, body, now_seconds)?;
    let said: Value = serde_json::from_slice(body).map_err(|_| WebhookError::Irrelevant)?;
    let about = said.get("data").filter(|data| data.is_object()).unwrap_or(&said);
    let operation = Operation::read(about).map_err(|_| WebhookError::Irrelevant)?;
    Ok(Notice { id: message.id, operation })
}
