use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use triptych_protocol::ErrorCode;

use super::log::{Bounds, StreamLog};
use crate::config::StreamsConfig;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::store::{new_id, now_ms};

/// All streams of this process that run or ended lately.
#[derive(Clone)]
pub(crate) struct Streams(Arc<Inner>);

struct Inner {
    /// Tells the events of this run of the process from those of others.
    epoch: Arc<str>,
    bounds: Arc<Bounds>,
    most: usize,
    keep: Duration,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    logs: HashMap<String, Arc<StreamLog>>,
    /// How many an account has that are being written, and how many there are.
    open: HashMap<AccountId, u32>,
    open_count: usize,
    /// Those that have ended, oldest first.
    ended: VecDeque<(i64, String)>,
}

/// The one who writes a stream. However it goes away, the stream has ended then.
pub(crate) struct Writer {
    log: Arc<StreamLog>,
    streams: Streams,
    done: AtomicBool,
}

impl Streams {
    /// No streams yet.
    pub(crate) fn new(config: &StreamsConfig) -> Self {
        let id = new_id("s");
        // The end of a version 7 UUID is its random part; it is repeated in each event, so it is kept short.
        let epoch = id.get(id.len().saturating_sub(12)..).unwrap_or(&id);
        Streams(Arc::new(Inner {
            epoch: epoch.into(),
            bounds: Arc::new(Bounds::new(config.bytes_each, config.bytes_in_all)),
            most: config.most,
            keep: config.keep,
            table: Mutex::default(),
        }))
    }

    /// Begins a stream.
    ///
    /// # Errors
    /// `rate_limited` where the user has `most_of_user` open, `unavailable` where the gateway has too many.
    pub(crate) fn open(&self, account: &AccountId, most_of_user: u32) -> Result<Writer, Error> {
        let mut table = self.table();
        table.forget(now_ms().saturating_sub(self.0.keep.as_millis() as i64));
        let of_user = table.open.get(account).copied().unwrap_or(0);
        if of_user >= most_of_user {
            let message =
                "Too many answers are being streamed to this user. Wait for one to end, or stop it.";
            return Err(Error::new(ErrorCode::RateLimited, message).retry_after(Duration::from_secs(2)));
        }
        if table.open_count >= self.0.most {
            let message = "Too many answers are being streamed. Try again shortly.";
            return Err(Error::new(ErrorCode::Unavailable, message).retry_after(Duration::from_secs(2)));
        }
        let (id, bounds) = (new_id("stream"), self.0.bounds.clone());
        let log = Arc::new(StreamLog::new(id, account.clone(), self.0.epoch.clone(), bounds));
        table.open.insert(account.clone(), of_user + 1);
        table.open_count += 1;
        table.logs.insert(log.id.clone(), log.clone());
        Ok(Writer { log, streams: self.clone(), done: AtomicBool::new(false) })
    }

    /// Drops the streams that have ended too long ago to be read again.
    pub(crate) fn forget_old(&self) {
        self.table().forget(now_ms().saturating_sub(self.0.keep.as_millis() as i64));
    }

    /// A stream of the account's own.
    pub(crate) fn find(&self, id: &str, account: &AccountId) -> Result<Arc<StreamLog>, Error> {
        let table = self.table();
        let found = table.logs.get(id).filter(|log| log.account == *account);
        found.cloned().ok_or_else(|| Error::not_found("stream"))
    }

    /// Asks the pump of a stream to stop. Doing so again, or once it has ended, changes nothing.
    pub(crate) fn stop(&self, log: &StreamLog) {
        log.ask_to_stop();
    }

    /// How many are being written.
    pub(crate) fn open_count(&self) -> usize {
        self.table().open_count
    }

    /// Bytes of events that are kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.0.bounds.used.load(Ordering::Relaxed)
    }

    fn end(&self, log: &StreamLog) {
        log.end();
        let mut table = self.table();
        table.open_count = table.open_count.saturating_sub(1);
        match table.open.get_mut(&log.account) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(table.open.remove(&log.account)),
        }
        if log.is_empty() {
            // The call came to nothing, so there is nothing to read again.
            table.logs.remove(&log.id);
        } else {
            table.ended.push_back((now_ms(), log.id.clone()));
        }
        // Old answers make room for those that are being written.
        while self.0.bounds.are_exceeded() && !table.ended.is_empty() {
            table.forget_oldest();
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn forget(&mut self, before: i64) {
        while self.ended.front().is_some_and(|(ended, _)| *ended <= before) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.ended.pop_front() {
            self.logs.remove(&id);
        }
    }
}

impl Writer {
    /// Writes an event down. Its `data` is the pieces one after the other, and has one line.
    pub(crate) fn push(&self, data: &[&str]) {
        self.log.push(data);
    }

    /// Writes an event of the gateway's own down.
    pub(crate) fn push_json(&self, event: &Value) {
        self.push(&[&event.to_string()]);
    }

    /// Writes the last event down.
    pub(crate) fn done(&self) {
        self.push(&["[DONE]"]);
        self.done.store(true, Ordering::Relaxed);
    }

    /// For those who read.
    pub(crate) fn log(&self) -> Arc<StreamLog> {
        self.log.clone()
    }
}

impl Deref for Writer {
    type Target = StreamLog;

    fn deref(&self) -> &StreamLog {
        &self.log
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let unheard = self.log.is_empty() && self.log.is_unread();
        if !unheard && !self.done.load(Ordering::Relaxed) {
            // The pump has failed; those who read must not take this for the end of the answer.
            self.push_json(&json!(Error::internal("a pump ended without a word").body()));
            self.done();
        }
        self.streams.end(&self.log);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn streams(change: impl FnOnce(&mut StreamsConfig)) -> Streams {
        let mut config = StreamsConfig::default();
        change(&mut config);
        Streams::new(&config)
    }

    fn left(streams: &Streams) -> Vec<String> {
        let mut left: Vec<String> = streams.table().logs.keys().cloned().collect();
        left.sort();
        left
    }

    #[test]
    fn a_call_that_came_to_nothing_leaves_no_stream_behind() {
        let (streams, account) = (streams(|_| {}), AccountId("a".into()));
        drop(streams.open(&account, 8).unwrap());
        let spoken = streams.open(&account, 8).unwrap();
        spoken.push(&["1"]);
        let id = spoken.id.clone();
        drop(spoken);
        let running = streams.open(&account, 8).unwrap();
        streams.forget_old();
        assert_eq!(left(&streams), [id, running.id.clone()]);
        assert_eq!(streams.open_count(), 1);
    }

    #[test]
    fn what_has_ended_is_forgotten_after_its_time() {
        let (streams, account) = (streams(|config| config.keep = Duration::ZERO), AccountId("a".into()));
        streams.open(&account, 8).unwrap().push(&["1"]);
        streams.forget_old();
        assert!(left(&streams).is_empty());
    }

    #[test]
    fn streams_are_limited_by_user_and_in_all() {
        let streams = streams(|config| config.most = 3);
        let (a, b) = (AccountId("a".into()), AccountId("b".into()));
        let code = |account| streams.open(account, 2).map_err(|error| error.code()).err();
        let first = streams.open(&a, 2).unwrap();
        let _second = streams.open(&a, 2).unwrap();
        assert_eq!(code(&a), Some(ErrorCode::RateLimited));
        let third = streams.open(&b, 2).unwrap();
        assert_eq!(code(&b), Some(ErrorCode::Unavailable));
        drop(first);
        assert_eq!(code(&a), None);
        drop(third);
        assert_eq!(streams.open_count(), 1);
        assert_eq!(streams.table().open.len(), 1);
    }

    #[test]
    fn answers_that_have_ended_make_room_for_others() {
        let streams = streams(|config| config.bytes_in_all = 100_000);
        let account = AccountId("a".into());
        let text = "x".repeat(60_000);
        for _ in 0..3 {
            streams.open(&account, 8).unwrap().push(&[&text]);
        }
        assert_eq!(left(&streams).len(), 1);
    }
}
