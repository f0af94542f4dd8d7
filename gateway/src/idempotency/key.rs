use axum::http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::error::Error;

const LONGEST_KEY: usize = 255;

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
    pub(super) fn name(&self) -> String {
        match &self.name {
            KeyName::Chosen(name) => name.clone(),
            KeyName::Attempt(_) => format!("body:{}", self.body_hash),
        }
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

/// What two bodies are compared by.
pub(crate) fn body_hash(body: &[u8]) -> String {
    Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}
