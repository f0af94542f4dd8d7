use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use triptych_protocol::ErrorCode;

use super::log::{Bounds, NoPlace, Place, StreamLog};
use super::shared::{Shared, Unwritten};
use crate::config::StreamsConfig;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::store::{new_id, now_ms};

/// How long a reader may wait for an event to become known that it says it has seen.
const CATCH_UP: Duration = Duration::from_secs(1);

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
    /// The log that other nodes read as well.
    shared: Option<Shared>,
    /// Taken when the tasks of the shared log start.
    unwritten: Mutex<Option<Unwritten>>,
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
    ///
    /// # Errors
    /// Where the shared log is configured and its address cannot be used.
    pub(crate) fn new(config: &StreamsConfig) -> Result<Self, String> {
        let id = new_id("s");
        // The end of a version 7 UUID is its random part; it is repeated in each event, so it is kept short.
        let epoch: Arc<str> = id.get(id.len().saturating_sub(12)..).unwrap_or(&id).into();
        let bounds = Arc::new(Bounds::new(config.bytes_each, config.bytes_in_all));
        let (shared, unwritten) = Shared::new(config, epoch.clone(), bounds.clone())?.unzip();
        Ok(Streams(Arc::new(Inner {
            epoch,
            bounds,
            most: config.most,
            keep: config.keep,
            table: Mutex::default(),
            shared,
            unwritten: Mutex::new(unwritten),
        })))
    }

    /// Starts what keeps the shared log, where there is one. The tasks end when the guard is dropped.
    pub(crate) fn start(&self) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let unwritten = self.0.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(unwritten) = unwritten {
            let tasks_of = |streams: &Streams| streams.clone();
            let (publisher, heart, ear) = (tasks_of(self), tasks_of(self), tasks_of(self));
            tasks.spawn(async move {
                if let Some(shared) = &publisher.0.shared {
                    shared.publish(unwritten).await;
                }
            });
            tasks.spawn(async move {
                if let Some(shared) = &heart.0.shared {
                    shared.live().await;
                }
            });
            tasks.spawn(async move {
                if let Some(shared) = &ear.0.shared {
                    shared.listen(|id| ear.stop_own(id)).await;
                }
            });
        }
        tasks
    }

    /// Waits until other nodes can read all that was written here, or until the time is up.
    pub(crate) async fn flush(&self, most: Duration) {
        let settled = || self.table().logs.values().all(|log| log.is_settled());
        let all = async {
            while !settled() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if self.0.shared.is_some() && tokio::time::timeout(most, all).await.is_err() {
            tracing::warn!("other nodes do not know the end of some streams");
        }
    }

    /// Begins a stream.
    ///
    /// # Errors
    /// `rate_limited` where the user has `most_of_user` open, `unavailable` where the gateway has too many or other
    /// nodes could not read it.
    pub(crate) async fn open(&self, account: &AccountId, most_of_user: u32) -> Result<Writer, Error> {
        let writer = self.open_here(account, most_of_user)?;
        if let Some(shared) = &self.0.shared {
            shared.open(&writer).await?;
        }
        Ok(writer)
    }

    fn open_here(&self, account: &AccountId, most_of_user: u32) -> Result<Writer, Error> {
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

    /// A stream of the account's own, wherever it is written.
    ///
    /// # Errors
    /// `not_found`; `unavailable` where other nodes cannot be asked.
    pub(crate) async fn find(&self, id: &str, account: &AccountId) -> Result<Arc<StreamLog>, Error> {
        let here = self.table().logs.get(id).cloned();
        match (here, &self.0.shared) {
            (Some(log), _) if log.account == *account => Ok(log),
            (None, Some(shared)) if is_id(id) => shared.find(id, account).await,
            _ => Err(Error::not_found("stream")),
        }
    }

    /// The place behind the event that `Last-Event-ID` names.
    ///
    /// # Errors
    /// Where the event is none of the stream, or what follows is no longer kept.
    pub(crate) async fn place(&self, log: &StreamLog, last_event_id: &str) -> Result<Place, NoPlace> {
        match log.place(last_event_id) {
            // A reader of the node that writes may have seen events that are not known here yet.
            Err(NoPlace::Foreign) if *log.epoch != *self.0.epoch => {
                log.wait_for(last_event_id, CATCH_UP).await;
                log.place(last_event_id)
            }
            known => known,
        }
    }

    /// Asks the pump of a stream to stop. Doing so again, or once it has ended, changes nothing.
    ///
    /// # Errors
    /// `unavailable` where the pump's node cannot be asked.
    pub(crate) async fn stop(&self, log: &StreamLog) -> Result<(), Error> {
        match &self.0.shared {
            Some(shared) if *log.epoch != *self.0.epoch => shared.ask_to_stop(log).await,
            _ => {
                log.ask_to_stop();
                Ok(())
            }
        }
    }

    fn stop_own(&self, id: &str) {
        if let Some(log) = self.table().logs.get(id) {
            log.ask_to_stop();
        }
    }

    /// How many are being written.
    pub(crate) fn open_count(&self) -> usize {
        self.table().open_count
    }

    /// Bytes of events that are kept.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.0.bounds.used.load(Ordering::Relaxed)
    }

    fn end(&self, log: &Arc<StreamLog>) {
        log.end();
        if let Some(shared) = &self.0.shared {
            shared.note(log);
        }
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
        if let Some(shared) = &self.streams.0.shared {
            shared.note(&self.log);
        }
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

    /// The call came to nothing: there is no stream.
    pub(crate) fn discard(self) {
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

/// An id as [`new_id`] makes them; anything else is not worth asking other nodes for.
fn is_id(id: &str) -> bool {
    let rest = id.strip_prefix("stream_");
    rest.is_some_and(|rest| rest.len() <= 64 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
#[path = "registry/tests.rs"]
mod tests;
