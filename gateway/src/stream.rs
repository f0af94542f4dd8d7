//! Streamed answers. A detached pump reads the provider and does the accounts; browsers read what it has written
//! down, so one that hangs up can come back, and one that is slow holds nobody up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use triptych_protocol::ErrorCode;

use crate::error::Error;
use crate::ledger::AccountId;
use crate::store::{new_id, now_ms};

mod log;
mod meter;
mod pump;
mod surrogates;

pub(crate) use log::StreamLog;
pub(crate) use meter::{Meter, prompt_tokens, usage_of};
pub(crate) use pump::Pump;

/// How long an ended stream can be read again, in milliseconds.
const KEEP_MS: i64 = 5 * 60 * 1000;

/// All streams of this process that run or ended lately.
pub(crate) struct Streams {
    epoch: String,
    logs: Mutex<HashMap<String, Arc<StreamLog>>>,
}

impl Streams {
    /// No streams yet. Event ids of an earlier process are told apart by their epoch.
    pub(crate) fn new() -> Self {
        let epoch = new_id("s").split_off(2);
        Streams { epoch, logs: Mutex::default() }
    }

    /// Begins a stream, unless its user has too many.
    pub(crate) fn open(&self, account: &AccountId, most: u32) -> Result<Arc<StreamLog>, Error> {
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
        Ok(log)
    }

    /// Drops the streams that have ended too long ago to be read again, and those that never had anything to read.
    pub(crate) fn forget_old(&self) {
        let oldest = now_ms().saturating_sub(KEEP_MS);
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|_, log| log.ended_at().is_none_or(|ended| ended > oldest && !log.is_empty()));
    }

    /// A stream of the account's own.
    pub(crate) fn find(&self, id: &str, account: &AccountId) -> Result<Arc<StreamLog>, Error> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let found = logs.get(id).filter(|log| log.account == *account);
        found.cloned().ok_or_else(|| Error::not_found("stream"))
    }

    /// How many are being written.
    pub(crate) fn open_count(&self) -> usize {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.values().filter(|log| log.ended_at().is_none()).count()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_call_that_came_to_nothing_leaves_no_stream_behind() {
        let (streams, account) = (Streams::new(), AccountId("a".into()));
        streams.open(&account, 8).unwrap().end();
        let spoken = streams.open(&account, 8).unwrap();
        spoken.push("1").unwrap();
        spoken.end();
        let running = streams.open(&account, 8).unwrap();
        streams.forget_old();
        let mut left: Vec<String> = streams.logs.lock().unwrap().keys().cloned().collect();
        left.sort();
        assert_eq!(left, [spoken.id.clone(), running.id.clone()]);
        assert_eq!(streams.open_count(), 1);
    }
}
