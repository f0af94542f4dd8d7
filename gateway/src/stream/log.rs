use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::stream;
use tokio::sync::watch;

use crate::ledger::AccountId;
use crate::sse;
use crate::store::now_ms;

/// Most bytes of one answer that are kept. The cap on tokens ends an honest answer long before.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most bytes that are handed to the connection at once.
const BATCH: usize = 64 * 1024;
/// Longest silence towards the browser.
const PING_AFTER: Duration = Duration::from_secs(15);

/// The answer is longer than what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is too long")]
pub(crate) struct Full;

/// The events of one streamed answer, written by its pump and read by whoever owns it.
pub(crate) struct StreamLog {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    epoch: String,
    events: Mutex<Events>,
    /// Wakes the readers.
    grown: watch::Sender<()>,
    readers: watch::Sender<usize>,
    stop: watch::Sender<bool>,
}

#[derive(Default)]
struct Events {
    list: Vec<Bytes>,
    bytes: usize,
    ended_at: Option<i64>,
}

/// One connection that reads along.
struct Reading {
    log: Arc<StreamLog>,
    next: usize,
    grown: watch::Receiver<()>,
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.log.readers.send_modify(|readers| *readers = readers.saturating_sub(1));
    }
}

impl StreamLog {
    pub(super) fn new(id: String, account: AccountId, epoch: String) -> Self {
        StreamLog {
            id,
            account,
            epoch,
            events: Mutex::default(),
            grown: watch::channel(()).0,
            readers: watch::channel(0).0,
            stop: watch::channel(false).0,
        }
    }

    /// Writes an event of the provider's down, unless the log is full. `data` is one line.
    pub(crate) fn push(&self, data: &str) -> Result<(), Full> {
        if self.events().bytes > MAX_BYTES {
            return Err(Full);
        }
        self.append(data);
        Ok(())
    }

    /// Writes one of the few events that the gateway adds itself, which a full log takes as well.
    pub(crate) fn append(&self, data: &str) {
        {
            let mut events = self.events();
            let event = sse::write(&format!("{}.{}", self.epoch, events.list.len() + 1), data);
            events.bytes += event.len();
            events.list.push(event);
        }
        self.grown.send_replace(());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events().list.is_empty()
    }

    /// Nothing will follow.
    pub(crate) fn end(&self) {
        self.events().ended_at = Some(now_ms());
        self.grown.send_replace(());
    }

    /// When it ended, if it has; milliseconds since 1970.
    pub(crate) fn ended_at(&self) -> Option<i64> {
        self.events().ended_at
    }

    /// Asks the pump to stop.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Returns once somebody has asked for a stop.
    pub(crate) async fn stopped(&self) {
        self.stop.subscribe().wait_for(|stop| *stop).await.ok();
    }

    /// Returns once nobody has read for that long.
    pub(crate) async fn abandoned(&self, grace: Duration) {
        let mut readers = self.readers.subscribe();
        loop {
            readers.wait_for(|readers| *readers == 0).await.ok();
            tokio::select! {
                () = tokio::time::sleep(grace) => return,
                _ = readers.wait_for(|readers| *readers > 0) => {}
            }
        }
    }

    /// The number of events before the one to go on with, from `Last-Event-ID`; `None` where it is no id of this
    /// stream.
    pub(crate) fn position(&self, last_event_id: &str) -> Option<usize> {
        let (epoch, number) = last_event_id.trim().rsplit_once('.')?;
        let number: usize = number.parse().ok()?;
        (epoch == self.epoch && number <= self.events().list.len()).then_some(number)
    }

    /// A response body with the events after the first `from`, those to come included.
    pub(crate) fn body(self: &Arc<Self>, from: usize) -> Body {
        self.readers.send_modify(|readers| *readers += 1);
        let reading = Reading { log: self.clone(), next: from, grown: self.grown.subscribe() };
        Body::from_stream(stream::unfold(reading, |mut reading| async move {
            let part = reading.next().await?;
            Some((Ok::<_, Infallible>(part), reading))
        }))
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Marked before the look, so that an event pushed in between wakes the wait below.
            self.grown.borrow_and_update();
            let (batch, ended) = self.batch();
            if !batch.is_empty() {
                return Some(batch);
            }
            if ended {
                return None;
            }
            if tokio::time::timeout(PING_AFTER, self.grown.changed()).await.is_err() {
                return Some(sse::PING);
            }
        }
    }

    fn batch(&mut self) -> (Bytes, bool) {
        let events = self.log.events();
        let waiting = events.list.get(self.next..).unwrap_or_default();
        if let [only] = waiting {
            self.next += 1;
            return (only.clone(), events.ended_at.is_some());
        }
        let mut batch = BytesMut::new();
        let mut taken = 0;
        for event in waiting {
            if batch.len() + event.len() > BATCH && taken > 0 {
                break;
            }
            batch.extend_from_slice(event);
            taken += 1;
        }
        let ended = events.ended_at.is_some();
        drop(events);
        self.next += taken;
        (batch.freeze(), ended)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn log() -> Arc<StreamLog> {
        Arc::new(StreamLog::new("stream_1".into(), AccountId("a".into()), "e".into()))
    }

    async fn text(body: Body) -> String {
        String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_reader_gets_what_was_and_what_comes() {
        let log = log();
        log.push("1").unwrap();
        let body = log.body(0);
        log.push("2").unwrap();
        log.end();
        assert_eq!(text(body).await, "id: e.1\ndata: 1\n\nid: e.2\ndata: 2\n\n");
    }

    #[tokio::test]
    async fn a_reader_that_comes_back_goes_on_where_it_was() {
        let log = log();
        log.push("1").unwrap();
        log.push("2").unwrap();
        log.end();
        let from = log.position("e.1").unwrap();
        assert_eq!(text(log.body(from)).await, "id: e.2\ndata: 2\n\n");
        assert_eq!(log.position("e.3"), None);
        assert_eq!(log.position("other.1"), None);
        assert_eq!(log.position("nonsense"), None);
    }

    #[tokio::test]
    async fn an_answer_that_is_too_long_still_gets_its_end() {
        let log = log();
        log.push(&"x".repeat(MAX_BYTES)).unwrap();
        assert_eq!(log.push("more"), Err(Full));
        log.append("[DONE]");
        log.end();
        assert!(text(log.body(0)).await.ends_with("data: [DONE]\n\n"));
    }

    #[tokio::test]
    async fn a_stream_that_is_read_is_not_abandoned() {
        let log = log();
        let body = log.body(0);
        let (grace, wait) = (Duration::from_millis(1), Duration::from_millis(100));
        assert!(tokio::time::timeout(wait, log.abandoned(grace)).await.is_err());
        drop(body);
        log.abandoned(grace).await;
    }
}
