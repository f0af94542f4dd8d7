use axum::Json;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{Fault, Kind, Stage};
use crate::error::ApiError;

/// The faults that one request has to suffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(pub(crate) Vec<Kind>);

/// The faults that a create call names, for itself and for the life of its job.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) always: Vec<Fault>,
    pub(crate) once: Vec<Fault>,
}

impl Asked {
    /// Those for the call itself.
    pub(crate) fn now(&self) -> Faults {
        let all = self.always.iter().chain(&self.once);
        Faults(all.filter(|fault| fault.stage == Stage::Call).map(|fault| fault.kind).collect())
    }
}

impl Faults {
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }

    /// Waits and refuses as the faults ask, before anything is made.
    pub(crate) async fn at_the_door(&self, streamed: bool) -> Result<(), ApiError> {
        for kind in &self.0 {
            match kind {
                Kind::Delay(time) => tokio::time::sleep(*time).await,
                Kind::Hang => std::future::pending::<()>().await,
                Kind::RateLimited(wait) => {
                    return Err(ApiError::rate_limited("Rate limit reached for requests.", *wait));
                }
                Kind::Busy => return Err(ApiError::busy(1)),
                Kind::Status(status) => return Err(ApiError::with_status(*status)),
                Kind::Reset(_) if !streamed => return Err(ApiError::cut()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Sends a JSON answer, or what the faults make of it. The work is done and billed by now.
    pub(crate) async fn deliver(&self, answer: Value) -> Response {
        for kind in &self.0 {
            match kind {
                Kind::SlowCreate(time) => tokio::time::sleep(*time).await,
                Kind::LostCreate => return cut(),
                Kind::Html => return html(),
                Kind::MalformedJson | Kind::ResetInBody => {
                    let whole = answer.to_string();
                    // JSON escapes nothing above ASCII here, so the middle may lie within a character.
                    let half = Bytes::copy_from_slice(&whole.as_bytes()[..whole.len() / 2]);
                    let body = if *kind == Kind::ResetInBody { broken_off(half) } else { Body::from(half) };
                    let mut response = Response::new(body);
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(header::CONTENT_TYPE, json);
                    return response;
                }
                _ => {}
            }
        }
        Json(answer).into_response()
    }

    /// What the answer says of usage; `None` leaves the field out.
    pub(crate) fn usage(&self, truth: Value) -> Option<Value> {
        for kind in &self.0 {
            match kind {
                Kind::UsageMissing => return None,
                Kind::UsageNull => return Some(Value::Null),
                Kind::UsageZero => return Some(with_numbers(truth, 0)),
                Kind::UsageHuge(number) => return Some(with_numbers(truth, *number)),
                _ => {}
            }
        }
        Some(truth)
    }

    /// Prompt tokens that are to come from a cache.
    pub(crate) fn cached_tokens(&self) -> Option<u64> {
        self.0.iter().find_map(|kind| match kind {
            Kind::UsageCached(tokens) => Some(*tokens),
            _ => None,
        })
    }
}

/// An answer whose connection breaks before its first byte.
pub(crate) fn cut() -> Response {
    let broken = stream::once(async { Err::<Bytes, _>(broken_pipe()) });
    Response::new(Body::from_stream(broken))
}

/// A body whose connection breaks after these bytes.
pub(crate) fn broken_off(bytes: Bytes) -> Body {
    let end = async {
        // The server drops what it has not written yet, so let it write first.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        Err(broken_pipe())
    };
    Body::from_stream(stream::iter([Ok(bytes)]).chain(stream::once(end)))
}

/// The body error that makes the server drop the connection.
pub(crate) fn broken_pipe() -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::BrokenPipe, "cut by a simulated fault")
}

/// What a proxy in front of a provider answers when it has lost the thread.
pub(crate) fn html() -> Response {
    axum::response::Html("<!doctype html><html><head><title>Bad gateway</title></head><body></body></html>")
        .into_response()
}

fn with_numbers(value: Value, number: u64) -> Value {
    match value {
        Value::Number(_) => json!(number),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, with_numbers(value, number))).collect()
        }
        other => other,
    }
}
