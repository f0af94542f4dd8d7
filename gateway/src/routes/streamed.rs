//! What all streamed answers in words have in common: how they begin, how a repeat finds them, and their head.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tracing::Instrument;
use triptych_protocol::Model;

use crate::auth::Caller;
use crate::call::{Call, Hold, Start};
use crate::error::Error;
use crate::estimate::Quote;
use crate::idempotency::stream_note;
use crate::provider::Plan;
use crate::state::AppState;
use crate::stream::{self, Place, StreamLog, Writer};
use crate::trace;

/// Longest that an answer in words can last; then its hold is given back.
pub(super) const LIFE: Duration = Duration::from_secs(60 * 60);

/// How a streamed call begins.
pub(super) enum Opened {
    /// It is paid for and has a log to be written to.
    Fresh(Writer, Hold),
    /// It was made before: this is its answer.
    Before(Response),
}

/// Opens a stream and takes its hold.
///
/// # Errors
/// Those of [`Call::start`], and `rate_limited` where the user has too many streams.
pub(super) async fn open(
    state: &AppState,
    caller: &Caller,
    request: &Call<'_>,
    model: &Model,
    quote: &Quote,
    plan: &Plan,
) -> Result<Opened, Error> {
    let writer = state.streams.open(&caller.account, state.config.limits.streams_per_user).await?;
    let log = writer.log();
    let note = stream_note(&log.id);
    match request.start(state, model, quote, LIFE, Some(&note)).await {
        Ok(Start::Fresh(hold)) => {
            state.switches.follow(caller, &model.id, &plan.ids(), &log);
            Ok(Opened::Fresh(writer, hold))
        }
        Ok(Start::Replay(replay)) => Ok(Opened::Before(replay.into_response())),
        Err(error) => again(state, caller, error).await.map(Opened::Before),
    }
}

/// Answers a repeat with the stream that the first call began, as far as it is kept and as it goes on.
async fn again(state: &AppState, caller: &Caller, error: Error) -> Result<Response, Error> {
    let Some(id) = error.stream() else { return Err(error) };
    let Ok(log) = state.streams.find(id, &caller.account).await else { return Err(error) };
    let mut response = event_stream(&log, log.start());
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

/// Sets a pump to work and answers with what it writes, once it says that the provider has taken the call.
pub(super) async fn answer<Work>(
    log: &Arc<StreamLog>,
    pump: impl FnOnce(oneshot::Sender<Result<(), Error>>) -> Work,
) -> Result<Response, Error>
where
    Work: Future<Output = ()> + Send + 'static,
{
    // Reads from the start, so that the answer never counts as abandoned before it was delivered.
    let response = event_stream(log, log.start());
    let (ready, taken) = oneshot::channel();
    tokio::spawn(trace::step("stream").run(pump(ready)).in_current_span());
    taken.await.map_err(|_| Error::internal("the pump is gone"))??;
    Ok(response)
}

/// The response that reads a stream's log from a place on.
pub(super) fn event_stream(log: &Arc<StreamLog>, place: Place) -> Response {
    let mut response = Response::new(stream::body(log, place));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // Proxies of the nginx family collect answers otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Ok(id) = HeaderValue::from_str(&log.id) {
        headers.insert(HeaderName::from_static("x-stream-id"), id);
    }
    response
}
