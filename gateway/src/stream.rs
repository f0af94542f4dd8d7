//! Streamed answers. A detached pump reads the provider and does the accounts; browsers read what it has written
//! down, so one that hangs up can come back, and one that is slow holds nobody up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use triptych_protocol::ErrorCode;

use crate::error::Error;
use crate::ledger::AccountId;
use crate::store::{new_id, now_ms};

mod log;
mod meter;
mod pump;

pub(crate) use log::StreamLog;
pub(crate) use meter::{Meter, prompt_tokens, usage_of};
pub(crate) use pump::Pump;

/// How long an ended stream can be read again, in milliseconds.
const KEEP_MS: i64 = 5 * 60 * 1000;

/// All streams of this process that run or ended lately.
pub(crate) struct Streams {
    epoch: String,
    logs: Mutex<HashMap<String, Arc<StreamLog>>>,
    running: watch::Sender<usize>,
}

/// Counts a stream as running until it is dropped.
pub(crate) struct Running(watch::Sender<usize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running = running.saturating_sub(1));
    }
}

impl Streams {
    /// No streams yet. Event ids of an earlier process are told apart by their epoch.
    pub(crate) fn new() -> Self {
        let epoch = new_id("s").split_off(2);
        Streams { epoch, logs: Mutex::default(), running: watch::channel(0).0 }
    }

    /// Begins a stream, unless its user has too many.
    pub(crate) fn open(&self, account: &AccountId, most: u32) -> Result<(Arc<StreamLog>, Running), Error> {
        self.forget_old();
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let open = logs.values().filter(|log| log.account == *account && log.ended_at().is_none()).count();
        if open >= most as usize {
            let message =
                "Too many answers are being streamed to this user. Wait for one to end, or stop it.";
            return Err(Error::new(ErrorCode::RateLimited, message).retry_after(Duration::from_secs(2)));
        }
        let log = Arc::new(StreamLog::new(new_id("stream"), account.clone(), self.epoch.clone()));
        logs.insert(log.id.clone(), log.clone());
        self.running.send_modify(|running| *running += 1);
        Ok((log, Running(self.running.clone())))
    }

    /// Drops the streams that have ended too long ago to be read again.
    pub(crate) fn forget_old(&self) {
        let oldest = now_ms().saturating_sub(KEEP_MS);
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|_, log| log.ended_at().is_none_or(|ended| ended > oldest));
    }

    /// A stream of the account's own.
    pub(crate) fn find(&self, id: &str, account: &AccountId) -> Result<Arc<StreamLog>, Error> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let found = logs.get(id).filter(|log| log.account == *account);
        found.cloned().ok_or_else(|| Error::not_found("stream"))
    }

    /// Returns once no pump runs, at once if none does.
    pub(crate) async fn idle(&self) {
        // The sender lives in `self`, so this ends only when the count is zero.
        self.running.subscribe().wait_for(|running| *running == 0).await.ok();
    }
}

impl Default for Streams {
    fn default() -> Self {
        Streams::new()
    }
}
