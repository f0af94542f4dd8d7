mod place;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fmt::Write;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::sync::Notify;

pub(super) use place::Part;
pub(crate) use place::{NoPlace, Place};

use super::unwritten::Progress;
use crate::ledger::AccountId;
use crate::sse;
use crate::store::now_ms;

/// What a stream keeps of its own even where all streams together have too much.
const FLOOR: usize = 64 * 1024;
/// Most events that a stream keeps.
const MOST_EVENTS: usize = 64 * 1024;

/// The events of one streamed answer, written by its pump and read by whoever owns it. The oldest events go once there
/// are too many, so neither a long answer nor a slow reader makes it grow without end.
pub(crate) struct StreamLog {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(super) epoch: Arc<str>,
    bounds: Arc<Bounds>,
    events: Mutex<Events>,
    /// Locked before `events` where both are.
    progress: Mutex<Progress>,
    /// Wakes those who read.
    grown: Notify,
    /// Wakes the pump: a reader came or went, or a stop was asked for.
    asked: Notify,
}

/// How much is kept, and how much there is.
pub(super) struct Bounds {
    /// Most bytes of one stream.
    pub(super) each: usize,
    /// Most bytes of all streams.
    pub(super) all: usize,
    pub(super) used: AtomicUsize,
}

struct Events {
    /// The kept events as they go over the wire, one after the other.
    text: BytesMut,
    lengths: VecDeque<u32>,
    /// How many events came before the kept ones, and how many bytes they had.
    dropped: u64,
    dropped_bytes: u64,
    ended_at: Option<i64>,
    readers: usize,
    stop: bool,
}

impl Bounds {
    pub(super) fn new(each: usize, all: usize) -> Self {
        Bounds { each, all, used: AtomicUsize::new(0) }
    }

    /// All streams together keep more than they may.
    pub(super) fn are_exceeded(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.all
    }
}

impl StreamLog {
    pub(super) fn new(id: String, account: AccountId, epoch: Arc<str>, bounds: Arc<Bounds>) -> Self {
        let events = Events {
            text: BytesMut::new(),
            lengths: VecDeque::new(),
            dropped: 0,
            dropped_bytes: 0,
            ended_at: None,
            readers: 0,
            stop: false,
        };
        StreamLog {
            id,
            account,
            epoch,
            bounds,
            events: Mutex::new(events),
            progress: Mutex::default(),
            grown: Notify::new(),
            asked: Notify::new(),
        }
    }

    /// Writes an event down. Its `data` is the pieces one after the other, and has one line.
    pub(super) fn push(&self, data: &[&str]) {
        {
            let mut events = self.events();
            let before = events.text.len();
            let number = events.last() + 1;
            // Writing to memory that grows does not fail.
            write!(events.text, "id: {}.{number}\ndata: ", self.epoch).ok();
            for piece in data {
                events.text.extend_from_slice(piece.as_bytes());
            }
            events.text.extend_from_slice(b"\n\n");
            let length = events.text.len() - before;
            self.written(&mut events, [length]);
        }
        self.grown.notify_waiters();
    }

    /// Takes over events that were written elsewhere: `text` holds them from number `first` on, as they go over the
    /// wire. Those that came before and did not get here count as no longer kept.
    pub(super) fn adopt(&self, first: u64, text: &[u8]) {
        {
            let mut events = self.events();
            let missing = (first.saturating_sub(1)).saturating_sub(events.last());
            if missing > 0 {
                let kept = events.lengths.len();
                self.forget(&mut events, kept);
                events.dropped += missing;
            }
            events.text.extend_from_slice(text);
            self.written(&mut events, sse::lengths(text));
        }
        self.grown.notify_waiters();
    }

    /// Ends the copy of a stream whose writer is gone with a word of the gateway's own, which has no number: the writer
    /// may have written more than anybody knows.
    pub(super) fn end_with(&self, event: &[u8]) {
        {
            let mut events = self.events();
            if events.ended_at.is_some() {
                return;
            }
            events.text.extend_from_slice(event);
            self.written(&mut events, sse::lengths(event));
        }
        self.end();
    }

    fn written(&self, events: &mut Events, lengths: impl IntoIterator<Item = usize>) {
        for length in lengths {
            events.lengths.push_back(u32::try_from(length).unwrap_or(u32::MAX));
            self.bounds.used.fetch_add(length, Ordering::Relaxed);
        }
        let most = if self.bounds.are_exceeded() { self.bounds.each.min(FLOOR) } else { self.bounds.each };
        let (mut left, mut number) = (events.text.len(), 0);
        // The newest one stays whatever its size.
        while number + 1 < events.lengths.len()
            && (left > most || events.lengths.len() - number > MOST_EVENTS)
        {
            left -= events.lengths[number] as usize;
            number += 1;
        }
        self.forget(events, number);
    }

    /// Forgets the oldest events.
    fn forget(&self, events: &mut Events, number: usize) {
        let bytes: usize = events.lengths.drain(..number).map(|length| length as usize).sum();
        events.text.advance(bytes);
        events.dropped += number as u64;
        events.dropped_bytes += bytes as u64;
        self.bounds.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Nothing will follow.
    pub(super) fn end(&self) {
        let mut events = self.events();
        events.ended_at.get_or_insert_with(now_ms);
        // From here on it is only kept, so what it has to spare goes back.
        let kept = events.text.split();
        events.text = BytesMut::from(kept.as_ref());
        events.lengths.shrink_to_fit();
        drop(events);
        self.grown.notify_waiters();
    }

    /// When it ended, if it has; milliseconds since 1970.
    pub(super) fn ended_at(&self) -> Option<i64> {
        self.events().ended_at
    }

    /// True while nothing was ever written.
    pub(crate) fn is_empty(&self) -> bool {
        self.events().last() == 0
    }

    /// Asks the pump to stop.
    pub(crate) fn ask_to_stop(&self) {
        self.events().stop = true;
        self.asked.notify_waiters();
    }

    /// Returns once somebody has asked for a stop.
    pub(crate) async fn stopped(&self) {
        self.until(&self.asked, |events| events.stop).await;
    }

    /// True while nobody reads.
    pub(crate) fn is_unread(&self) -> bool {
        self.events().readers == 0
    }

    /// Returns once nobody has read for that long.
    pub(crate) async fn abandoned(&self, grace: Duration) {
        loop {
            self.until(&self.asked, |events| events.readers == 0).await;
            let read = self.until(&self.asked, |events| events.readers > 0);
            if tokio::time::timeout(grace, read).await.is_err() {
                return;
            }
        }
    }

    /// Returns once there is something to read at a place, or nothing ever will be.
    pub(super) async fn readable(&self, place: Place) {
        self.until(&self.grown, |events| events.last() > place.events || events.ended_at.is_some()).await;
    }

    async fn until(&self, notify: &Notify, holds: impl Fn(&Events) -> bool) {
        loop {
            let mut notified = pin!(notify.notified());
            // Before the look, so that what happens in between wakes the wait.
            notified.as_mut().enable();
            if holds(&self.events()) {
                return;
            }
            notified.await;
        }
    }

    pub(super) fn count_reader(&self, comes: bool) {
        {
            let mut events = self.events();
            events.readers = if comes { events.readers + 1 } else { events.readers.saturating_sub(1) };
        }
        self.asked.notify_waiters();
    }

    /// The number of the newest event; the first one has 1.
    pub(super) fn newest_number(&self) -> u64 {
        self.events().last()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended_at().is_some()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn events(&self) -> MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for StreamLog {
    fn drop(&mut self) {
        let kept = self.events().text.len();
        self.bounds.used.fetch_sub(kept, Ordering::Relaxed);
    }
}

impl Events {
    /// The number of the newest event; the first one has 1.
    fn last(&self) -> u64 {
        self.dropped + self.lengths.len() as u64
    }
}
