use std::time::Duration;

use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use triptych_protocol::ErrorCode;

use crate::error::Error;

/// Longest message of a provider that is passed on, in characters.
const MAX_MESSAGE: usize = 240;
/// Bytes of an error body that are looked at.
const MAX_BODY: usize = 64 * 1024;
/// How long the body of an error may take. The status has said the most important thing.
const BODY_TIME: Duration = Duration::from_secs(3);

/// How a call to a provider can go wrong. The text may reach the user, so it holds no address and no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// No connection was made, so the provider has seen nothing.
    #[error("the provider cannot be reached")]
    Connect,
    /// It did not answer in time. It may have done the work.
    #[error("the provider did not answer in time")]
    Timeout,
    /// The connection broke after the request was on its way. It may have done the work.
    #[error("the connection to the provider broke")]
    Broken,
    /// It answered with an error.
    #[error("the provider answered {status}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said, cleaned.
        message: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The process ends before the answer could have come.
    #[error("the gateway is going down, so the call was given up. Try again shortly")]
    GoingDown,
    /// It has failed again and again and is left alone for so long.
    #[error("the provider has failed several times and is left alone for a moment")]
    Resting(Duration),
    /// Its API has no such call, or the adapter does not speak it.
    #[error("the provider does not offer {0}")]
    Unsupported(&'static str),
    /// It answered, but not in the shape that was agreed, or with an error inside a success.
    #[error("the provider's answer is no use: {0}")]
    Protocol(String),
}

impl UpstreamError {
    /// The word for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            UpstreamError::Connect => "connect",
            UpstreamError::Timeout => "timeout",
            UpstreamError::Broken => "broken",
            UpstreamError::GoingDown => "going_down",
            UpstreamError::Resting(_) => "resting",
            UpstreamError::Unsupported(_) => "unsupported",
            UpstreamError::Refused { status: 429, .. } => "rate_limited",
            UpstreamError::Refused { status: 500.., .. } => "server_error",
            UpstreamError::Refused { .. } => "refused",
            UpstreamError::Protocol(_) => "protocol",
        }
    }

    /// The provider is full or overloaded and has not taken the work; the same call may be made later.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, UpstreamError::Refused { status: 429 | 503, .. })
    }

    /// The provider itself is down, unreachable or does not know the gateway's key. A plain 500 is not counted: some
    /// servers answer so to a request that is wrong, and whoever sends one must not cut off everybody else.
    pub(super) fn is_outage(&self) -> bool {
        matches!(
            self,
            UpstreamError::Connect
                | UpstreamError::Timeout
                | UpstreamError::Broken
                | UpstreamError::Refused { status: 401 | 403 | 502..=504, .. }
        )
    }

    /// The provider has done nothing for the call and has nothing against it, so another one may be asked.
    pub(crate) fn may_go_elsewhere(&self) -> bool {
        matches!(
            self,
            UpstreamError::Connect
                | UpstreamError::Resting(_)
                | UpstreamError::Unsupported(_)
                | UpstreamError::Refused { status: 401 | 403 | 429 | 503, .. }
        )
    }

    /// When the provider wants to be asked again, where it said so.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            UpstreamError::Refused { retry_after, .. } => *retry_after,
            UpstreamError::Resting(left) => Some(*left),
            _ => None,
        }
    }
}

impl From<reqwest::Error> for UpstreamError {
    fn from(error: reqwest::Error) -> Self {
        // The address of a file may be signed, so it stays out of the log.
        let error = error.without_url();
        tracing::warn!(?error, "a call to a provider has failed");
        if error.is_connect() || error.is_builder() {
            UpstreamError::Connect
        } else if error.is_timeout() {
            UpstreamError::Timeout
        } else {
            UpstreamError::Broken
        }
    }
}

impl From<UpstreamError> for Error {
    fn from(error: UpstreamError) -> Self {
        let sentence = capital(&error.to_string());
        match error {
            UpstreamError::Timeout => Error::new(ErrorCode::UpstreamTimeout, sentence).cause(error),
            UpstreamError::GoingDown => {
                Error::new(ErrorCode::Unavailable, sentence).retry_after(Duration::from_secs(5))
            }
            UpstreamError::Resting(left) => Error::new(ErrorCode::Unavailable, sentence).retry_after(left),
            UpstreamError::Unsupported(_) => Error::new(ErrorCode::InvalidRequest, sentence),
            UpstreamError::Refused { status: 429, retry_after, .. } => {
                Error::new(ErrorCode::RateLimited, "The provider is busy. Try again shortly.")
                    .retry_after(retry_after.unwrap_or(Duration::from_secs(2)))
            }
            UpstreamError::Refused { status: 400 | 404 | 413 | 422, message, .. } => {
                Error::new(ErrorCode::InvalidRequest, format!("The provider refused the request: {message}"))
            }
            // A wrong provider key is the operator's affair, not the caller's: 401 and 403 end up here too.
            other => Error::new(ErrorCode::UpstreamFailed, sentence).cause(other),
        }
    }
}

/// Reads an answer whose status is no success.
pub(super) async fn refused(mut answer: Response) -> UpstreamError {
    let status = answer.status().as_u16();
    let retry_after = retry_after(&answer);
    let mut body = Vec::new();
    let reading = async {
        while let Ok(Some(part)) = answer.chunk().await {
            body.extend_from_slice(&part);
            if body.len() > MAX_BODY {
                break;
            }
        }
    };
    tokio::time::timeout(BODY_TIME, reading).await.ok();
    let message = serde_json::from_slice(&body).ok().and_then(|value| error_message(&value));
    let message = match (status, message) {
        // What it says of the gateway's key is for the operator, who finds the status in the log.
        (401 | 403, _) => "it does not accept the gateway's key".into(),
        (_, Some(message)) => message,
        // A page of HTML or plain text is not for the user's eyes.
        (_, None) => "it gave no reason".into(),
    };
    UpstreamError::Refused { status, message, retry_after }
}

/// `Retry-After` in seconds, at most ten minutes.
pub(super) fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds: u64 = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(600)))
}

/// The message of an error object: OpenAI's `{"error":{"message"}}`, or `{"error":"…"}`. `error:null` is none.
pub(super) fn error_message(value: &Value) -> Option<String> {
    // An empty error is how some write "none".
    let error = value.get("error").filter(|error| !error.is_null() && **error != json!(""))?;
    let text = error.get("message").unwrap_or(error).as_str().unwrap_or("no reason given");
    Some(clean(text))
}

/// Makes a sentence of what the enum says, which ends in a provider's own words at times.
fn capital(sentence: &str) -> String {
    let end = if sentence.ends_with(['.', '!', '?']) { "" } else { "." };
    let mut letters = sentence.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).chain(end.chars()).collect()
}

/// What a provider said, fit for the user: short, one line, without addresses and keys.
pub(crate) fn clean(text: &str) -> String {
    let secret = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        word.contains("://")
            || word.contains("sk-")
            || (bare.len() >= 32
                && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
    };
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.map(|word| if secret(word) { "…" } else { word }).collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(MAX_MESSAGE).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_keys_do_not_reach_the_user() {
        let text = "Incorrect API key provided: sk-proj-abc.\nSee https://platform.example/keys or\u{1b}[31m ask \
                    0123456789abcdef0123456789abcdef";
        assert_eq!(clean(text), "Incorrect API key provided: … See … or [31m ask …");
        assert!(clean(&"word ".repeat(500)).chars().count() <= MAX_MESSAGE + 1);
    }

    #[test]
    fn an_error_is_found_in_each_of_its_shapes() {
        assert_eq!(error_message(&json!({"error": {"message": "no", "code": 400}})).as_deref(), Some("no"));
        assert_eq!(error_message(&json!({"error": "no"})).as_deref(), Some("no"));
        assert_eq!(error_message(&json!({"error": null})), None);
        assert_eq!(error_message(&json!({"error": ""})), None);
        assert_eq!(error_message(&json!({"id": "x"})), None);
    }
}
