use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::Value;
use tokio::time::Instant;

use crate::bill::Counter;
use crate::fault::{self, Faults, Kind};

/// What a streamed answer says, event by event, in one shape.
pub(crate) trait Script: Send + Sync + 'static {
    /// The events before the first piece.
    fn opening(&mut self) -> Bytes;
    /// How many pieces there are.
    fn pieces(&self) -> usize;
    /// The event of one piece.
    fn piece(&mut self, index: usize) -> Bytes;
    /// The event of a piece of text given as a JSON string, which need not be well-formed Unicode.
    fn raw_piece(&mut self, json: &str) -> Bytes;
    /// The events after the last piece.
    fn closing(&mut self) -> Bytes;
    /// The event of an error; `failed` is the kind that ends the whole answer, where there are two.
    fn error(&mut self, failed: bool) -> Bytes;
}

/// When pieces are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) first_at: Instant,
    /// Zero or less: all at once.
    pub(crate) per_second: f64,
}

impl Pace {
    /// Waits until piece `index` is due. Deadlines count from the start, so a slow timer does not
    /// lower the rate.
    pub(crate) async fn wait(self, index: usize) {
        let offset = if self.per_second > 0.0 {
            Duration::from_secs_f64(index as f64 / self.per_second)
        } else {
            Duration::ZERO
        };
        let due = self.first_at + offset;
        // A timer that is over costs a trip through the runtime, and a benchmark has thousands a second.
        if due > Instant::now() {
            tokio::time::sleep_until(due).await;
        }
    }
}

/// One answer on its way. Dropping it, as the server does when the client goes away, stops it, and
/// the bill holds what was sent until then.
struct Stream<S> {
    script: S,
    faults: Faults,
    pace: Pace,
    counter: Counter,
    sent: usize,
    odd: Odd,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Opening,
    Pieces,
    End,
}

/// How far the faults have come that let the stream go on afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Odd {
    Before,
    HalfAnEmoji,
    After,
}

/// Sends a script as server-sent events, broken where the faults say so. The counter counts pieces.
pub(crate) fn respond(script: impl Script, faults: Faults, pace: Pace, counter: Counter) -> Response {
    let start = Stream { script, faults, pace, counter, sent: 0, odd: Odd::Before, step: Step::Opening };
    let events = stream::unfold(start, |mut stream| async move {
        let event = stream.next().await?;
        Some((event, stream))
    });
    let headers =
        [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(events)).into_response()
}

/// An event of OpenAI's older APIs: data alone.
pub(crate) fn data(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

/// An event of OpenAI's newer APIs: its type in a line of its own as well.
pub(crate) fn typed(kind: &str, value: &Value) -> String {
    format!("event: {kind}\ndata: {value}\n\n")
}

impl<S: Script> Stream<S> {
    async fn next(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        match self.step {
            Step::Opening => {
                self.pace.wait(0).await;
                self.step = Step::Pieces;
                Some(Ok(self.script.opening()))
            }
            Step::Pieces => {
                if let Some(kind) = self.due_end() {
                    self.step = Step::End;
                    return self.end(kind).await;
                }
                if let Some(odd) = self.oddity().await {
                    return Some(Ok(odd));
                }
                let pieces = self.script.pieces();
                if self.sent < pieces || (pieces > 0 && self.faults.has(Kind::Endless)) {
                    return Some(Ok(self.piece(self.sent % pieces).await));
                }
                self.step = Step::End;
                self.pace.wait(self.sent).await;
                Some(Ok(self.script.closing()))
            }
            Step::End => None,
        }
    }

    async fn piece(&mut self, index: usize) -> Bytes {
        self.pace.wait(self.sent).await;
        self.sent += 1;
        self.counter.fetch_add(1, Ordering::Relaxed);
        let event = self.script.piece(index);
        if self.faults.has(Kind::Pings) {
            return Bytes::from([b": ping\n\n".as_slice(), &event].concat());
        }
        event
    }

    /// A fault that ends the stream and whose number of pieces is reached; an answer too short for it
    /// breaks at its end.
    fn due_end(&self) -> Option<Kind> {
        let reached = |after: usize| self.sent >= after.min(self.script.pieces());
        self.faults.0.iter().copied().find(|kind| match kind {
            Kind::Reset(after)
            | Kind::ErrorMidStream(after)
            | Kind::ResponseFailed(after)
            | Kind::Truncate(after)
            | Kind::Stall(after) => reached(*after),
            _ => false,
        })
    }

    async fn end(&mut self, kind: Kind) -> Option<Result<Bytes, std::io::Error>> {
        match kind {
            Kind::Reset(_) => {
                // The server drops what it has not written yet, so let it write first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Some(Err(fault::broken_pipe()))
            }
            Kind::Stall(_) => std::future::pending().await,
            Kind::ErrorMidStream(_) => Some(Ok(self.script.error(false))),
            Kind::ResponseFailed(_) => Some(Ok(self.script.error(true))),
            _ => None,
        }
    }

    /// What comes between two pieces and should not.
    async fn oddity(&mut self) -> Option<Bytes> {
        if self.odd == Odd::After {
            return None;
        }
        if self.odd == Odd::HalfAnEmoji {
            self.odd = Odd::After;
            return Some(self.script.raw_piece(r#""\udfac""#));
        }
        let reached = |after: usize| self.sent >= after.min(self.script.pieces());
        for kind in &self.faults.0 {
            match kind {
                Kind::NonJson(after) if reached(*after) => {
                    self.odd = Odd::After;
                    return Some(Bytes::from_static(b"data: {\"choices\":[{\"delta\":{\"con\n\n"));
                }
                Kind::Surrogates(after) if reached(*after) => {
                    self.odd = Odd::HalfAnEmoji;
                    return Some(self.script.raw_piece(r#""\ud83c""#));
                }
                Kind::Pause(time) if reached(5) => {
                    self.odd = Odd::After;
                    tokio::time::sleep(*time).await;
                    // Those that were due in the meantime do not all come at once.
                    self.pace.first_at += *time;
                    return None;
                }
                _ => {}
            }
        }
        None
    }
}
