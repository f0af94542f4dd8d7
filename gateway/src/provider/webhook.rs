//! Signatures of Standard Webhooks, which OpenAI and others use: `webhook-signature: v1,<base64 of HMAC-SHA256 over
//! "{webhook-id}.{webhook-timestamp}.{body}">`, several of them apart by spaces.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde_json::Value;
use sha2::Sha256;

use super::adapter::WebhookError;
use super::connection::Connection;
use super::video::Operation;

/// How far the sender's clock may be off, in seconds.
const TOLERANCE: i64 = 300;

/// Checks a webhook by the provider's configured secret and reads which job it is about.
pub(super) fn standard(
    up: &Connection,
    headers: &HeaderMap,
    body: &[u8],
    now_seconds: i64,
) -> Result<Operation, WebhookError> {
    let secret = up.config.webhook_secret.as_ref().ok_or(WebhookError::Unsupported)?;
    verify(secret.expose_secret(), headers, body, now_seconds)?;
    let message: Value = serde_json::from_slice(body).map_err(|_| WebhookError::Irrelevant)?;
    let inner = message.get("data").unwrap_or(&message);
    Operation::read(inner).map_err(|_| WebhookError::Irrelevant)
}

/// Checks the signature of a message that arrived now.
///
/// # Errors
/// [`WebhookError::Signature`] where it is missing, wrong, or from another time.
pub(crate) fn verify(
    secret: &str,
    headers: &HeaderMap,
    body: &[u8],
    now_seconds: i64,
) -> Result<(), WebhookError> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let (id, sent) = (header("webhook-id"), header("webhook-timestamp"));
    let (Some(id), Some(sent), Some(signatures)) = (id, sent, header("webhook-signature")) else {
        return Err(WebhookError::Signature);
    };
    let age = sent.parse::<i64>().map(|sent| now_seconds.saturating_sub(sent)).unwrap_or(i64::MAX);
    if !(-TOLERANCE..=TOLERANCE).contains(&age) {
        return Err(WebhookError::Signature);
    }
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| WebhookError::Signature)?,
        None => secret.as_bytes().to_vec(),
    };
    let signed = || {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| WebhookError::Signature)?;
        mac.update(format!("{id}.{sent}.").as_bytes());
        mac.update(body);
        Ok(mac)
    };
    for signature in signatures.split(' ').filter_map(|one| one.strip_prefix("v1,")) {
        // Compares in constant time.
        if let Ok(signature) = STANDARD.decode(signature)
            && signed()?.verify_slice(&signature).is_ok()
        {
            return Ok(());
        }
    }
    Err(WebhookError::Signature)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek".parse().unwrap());
        headers.insert("webhook-timestamp", "1614265330".parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn the_published_example_of_the_scheme_is_accepted_and_nothing_near_it() {
        let good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(verify(SECRET, &headers(good), BODY, 1_614_265_330), Ok(()));
        let several = format!("v2,xx v1,AAAA {good}");
        assert_eq!(verify(SECRET, &headers(&several), BODY, 1_614_265_330 + TOLERANCE), Ok(()));
        let wrong = Err(WebhookError::Signature);
        assert_eq!(verify(SECRET, &headers(good), b"{}", 1_614_265_330), wrong);
        assert_eq!(verify(SECRET, &headers(good), BODY, 1_614_265_331 + TOLERANCE), wrong);
        assert_eq!(verify("whsec_AAAA", &headers(good), BODY, 1_614_265_330), wrong);
        assert_eq!(verify(SECRET, &headers("v1,"), BODY, 1_614_265_330), wrong);
        assert_eq!(verify(SECRET, &HeaderMap::new(), BODY, 1_614_265_330), wrong);
    }
}
