use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// A way in which the simulated provider misbehaves.
///
/// | name | where | what happens | billed |
/// | --- | --- | --- | --- |
/// | `delay=MS` | all | the answer starts MS milliseconds late | as without it |
/// | `429` | all | 429 `rate_limit_exceeded` with `Retry-After: 1` | no |
/// | `500` | all | 500 `server_error` | no |
/// | `reset=N` | all | a chat stream loses its TCP connection after N tokens (default 5); any other call loses it before an answer, and nothing is made | chat: tokens sent |
/// | `error-mid-stream=N` | chat, streamed | an event `{"error":{…}}` after N tokens (default 5), then a clean end | tokens sent |
/// | `truncate=N` | chat, streamed | a clean end after N tokens (default 5) without `finish_reason`, usage or `[DONE]` | tokens sent |
/// | `lost-create` | image, video | the work is accepted and the connection is cut before the answer | yes |
/// | `job-failed` | video | the job ends `failed` with an error object | no |
/// | `done-with-error` | video | the job ends `completed` but holds an error object and no clip | no |
///
/// There are three ways to ask for one, looked at in this order and added up:
///
/// 1. the request header `x-sim-fault: NAME[=VALUE][, …]`;
/// 2. the marker `[[fault:NAME]]` or `[[fault:NAME=VALUE]]` in the prompt or in the last user message,
///    or `[[fault-once:…]]`, which acts only the first time that very text is seen, so that a retry works;
/// 3. the queue set by `PUT /sim/faults {"next":[{"route":"chat","fault":"500"}]}`: each request takes
///    the oldest entry of its route, which is `chat`, `image`, `video` (create) or `video_poll` (status).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `delay=MS`
    Delay(Duration),
    /// `429`
    RateLimited,
    /// `500`
    ServerError,
    /// `reset=N`
    Reset(usize),
    /// `error-mid-stream=N`
    ErrorMidStream(usize),
    /// `truncate=N`
    Truncate(usize),
    /// `lost-create`
    LostCreate,
    /// `job-failed`
    JobFailed,
    /// `done-with-error`
    DoneWithError,
}

/// Which calls a queued fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultRoute {
    /// `POST /v1/chat/completions`
    Chat,
    /// `POST /v1/images/generations`
    Image,
    /// The create call of either video shape.
    Video,
    /// The status call of either video shape.
    VideoPoll,
}

/// An entry of the fault queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueuedFault {
    /// The calls it waits for.
    pub route: FaultRoute,
    /// `NAME` or `NAME=VALUE` from the table at [`Fault`].
    pub fault: String,
}

const TOKENS_BEFORE_FAULT: usize = 5;

impl std::str::FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.trim().split_once('=') {
            Some((name, value)) => {
                let value = value.trim().parse::<u64>();
                (
                    name.trim(),
                    Some(value.map_err(|_| format!("fault `{text}` has a value that is no number"))?),
                )
            }
            None => (text.trim(), None),
        };
        let tokens = value.map_or(TOKENS_BEFORE_FAULT, |value| value as usize);
        Ok(match name {
            "delay" => Self::Delay(Duration::from_millis(value.unwrap_or(1000))),
            "429" => Self::RateLimited,
            "500" => Self::ServerError,
            "reset" => Self::Reset(tokens),
            "error-mid-stream" => Self::ErrorMidStream(tokens),
            "truncate" => Self::Truncate(tokens),
            "lost-create" => Self::LostCreate,
            "job-failed" => Self::JobFailed,
            "done-with-error" => Self::DoneWithError,
            _ => return Err(format!("there is no fault `{name}`")),
        })
    }
}

/// The faults that one request has to suffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Fault>);

impl Faults {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.0.contains(&fault)
    }

    pub(crate) fn resets(&self) -> bool {
        self.0.iter().any(|fault| matches!(fault, Fault::Reset(_)))
    }

    /// Waits and refuses as the faults ask, before anything is made.
    pub(crate) async fn at_the_door(&self) -> Result<(), ApiError> {
        for fault in &self.0 {
            match fault {
                Fault::Delay(time) => tokio::time::sleep(*time).await,
                Fault::RateLimited => {
                    return Err(ApiError::rate_limited("Rate limit reached for requests.", 1));
                }
                Fault::ServerError => return Err(ApiError::server()),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The faults named by the header `x-sim-fault`.
pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Vec<Fault>, ApiError> {
    let Some(value) = headers.get("x-sim-fault").and_then(|value| value.to_str().ok()) else {
        return Ok(Vec::new());
    };
    value.split(',').map(parse).collect()
}

/// Takes the markers out of a prompt: the text that is left, the faults for every time, and the
/// faults for the first time only.
pub(crate) fn from_text(text: &str) -> Result<(String, Vec<Fault>, Vec<Fault>), ApiError> {
    let (mut left, mut always, mut once) = (String::new(), Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("[[fault") {
        let (before, marker) = rest.split_at(start);
        let Some(end) = marker.find("]]") else { break };
        let inner = marker.get("[[fault".len()..end).unwrap_or_default();
        let (faults, name) = match (inner.strip_prefix(':'), inner.strip_prefix("-once:")) {
            (Some(name), _) => (&mut always, name),
            (None, Some(name)) => (&mut once, name),
            (None, None) => {
                return Err(ApiError::invalid(None, format!("bad fault marker `[[fault{inner}]]`")));
            }
        };
        faults.push(parse(name)?);
        left.push_str(before);
        rest = marker.get(end + 2..).unwrap_or_default();
    }
    left.push_str(rest);
    Ok((left.trim().to_owned(), always, once))
}

/// An answer whose connection breaks before it says anything useful.
pub(crate) fn cut() -> Response {
    let broken = futures_util::stream::once(async { Err::<Bytes, _>(broken_pipe()) });
    Response::new(Body::from_stream(broken))
}

/// The body error that makes the server drop the connection.
pub(crate) fn broken_pipe() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::BrokenPipe, "cut by a simulated fault")
}

fn parse(text: &str) -> Result<Fault, ApiError> {
    text.parse().map_err(|message: String| ApiError::invalid(Some("fault"), message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn markers_are_taken_out_of_the_prompt() {
        let (left, always, once) =
            from_text("draw [[fault:delay=20]]a cat [[fault-once:500]]").expect("good markers");
        assert_eq!(left, "draw a cat");
        assert_eq!(always, [Fault::Delay(Duration::from_millis(20))]);
        assert_eq!(once, [Fault::ServerError]);
    }

    #[test]
    fn an_unclosed_marker_is_only_text() {
        let (left, always, _) = from_text("see [[fault:500").unwrap();
        assert_eq!(left, "see [[fault:500");
        assert!(always.is_empty());
    }

    #[test]
    fn an_unknown_fault_is_refused_by_name() {
        let error = "sulk".parse::<Fault>().unwrap_err();
        assert!(error.contains("sulk"));
    }
}
