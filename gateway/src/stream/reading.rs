use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use triptych_protocol::ErrorCode;

use super::StreamLog;
use super::log::{Part, Place};
use crate::error::Error;
use crate::sse;

/// Most bytes that are handed to the connection at once.
const BATCH: usize = 16 * 1024;
/// Longest silence towards the browser.
const PING_AFTER: Duration = Duration::from_secs(15);

/// One connection that reads along. It holds a place and no events, so a slow one costs nothing.
struct Reading {
    log: Arc<StreamLog>,
    place: Place,
    over: bool,
}

/// A response body with the events from a place on, those to come included.
pub(crate) fn body(log: &Arc<StreamLog>, place: Place) -> Body {
    log.count_reader(true);
    let reading = Reading { log: log.clone(), place, over: false };
    Body::from_stream(stream::unfold(reading, |mut reading| async move {
        let part = reading.next().await?;
        Some((Ok::<_, Infallible>(part), reading))
    }))
}

impl Reading {
    async fn next(&mut self) -> Option<Bytes> {
        while !self.over {
            match self.log.read(&mut self.place, BATCH) {
                Part::Events(text) => return Some(text),
                Part::End => return None,
                Part::Gone => {
                    self.over = true;
                    return Some(gone());
                }
                Part::Nothing => {}
            }
            if tokio::time::timeout(PING_AFTER, self.log.readable(self.place)).await.is_err() {
                return Some(sse::PING);
            }
        }
        None
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.log.count_reader(false);
    }
}

/// What a reader is told that was slower than what is kept. No id: there is nothing to go on from.
fn gone() -> Bytes {
    let error = events_gone().body();
    let error = serde_json::to_string(&error).unwrap_or_default();
    Bytes::from(format!("data: {error}\n\ndata: [DONE]\n\n"))
}

/// The events that were asked for are no longer kept.
pub(crate) fn events_gone() -> Error {
    let message =
        "These events of the stream are no longer kept. Read it without Last-Event-ID to get those that are.";
    Error::new(ErrorCode::EventsGone, message)
}
