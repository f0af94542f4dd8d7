use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{RedisError, cmd};
use serde_json::json;
use tokio::time::{Instant, sleep};
use triptych_protocol::ErrorCode;

use super::scripts::LOSE;
use super::{About, BLOCK, Shared};
use crate::error::Error;
use crate::ledger::AccountId;
use crate::stream::log::StreamLog;

/// How long a copy that nobody reads is kept.
const IDLE: Duration = Duration::from_secs(30);
/// Pause after each read, in which more events gather.
const GATHER: Duration = Duration::from_millis(3);
/// Pause after the log could not be reached.
const PAUSE: Duration = Duration::from_millis(250);
/// Entries of one stream that are read at once.
const BATCH: usize = 256;

/// A stream of another node, as far as it is known here.
pub(super) struct Copy {
    log: Arc<StreamLog>,
    /// The last entry that was read.
    cursor: String,
    used: Instant,
}

/// One look at the log: whose cursors go where.
struct Look {
    /// The inbox first.
    keys: Vec<String>,
    cursors: Vec<String>,
    /// The streams by their keys.
    ids: HashMap<String, String>,
}

impl Shared {
    pub(super) fn copy(&self, id: &str) -> Option<Arc<StreamLog>> {
        let mut copies = self.copies();
        let copy = copies.get_mut(id)?;
        copy.used = Instant::now();
        Some(copy.log.clone())
    }

    /// Begins a copy with what is there, and keeps it up to date from here on.
    pub(super) async fn follow(&self, id: &str, about: About) -> Result<Arc<StreamLog>, RedisError> {
        let entries: StreamRangeReply = cmd("XRANGE")
            .arg(self.log_key(id))
            .arg("-")
            .arg("+")
            .query_async(&mut self.commands.clone())
            .await?;
        let (account, epoch) = (AccountId(about.account), Arc::from(about.epoch));
        let log = Arc::new(StreamLog::new(id.to_owned(), account, epoch, self.bounds.clone()));
        let cursor = entries.ids.last().map_or_else(|| "0-0".to_owned(), |entry| entry.id.clone());
        entries.ids.iter().for_each(|entry| take(&log, entry));
        if about.state == "lost" {
            log.end_with(&lost());
        }
        let log = {
            // Somebody else may have been faster.
            let mut copies = self.copies();
            let copy = Copy { log, cursor, used: Instant::now() };
            copies.entry(id.to_owned()).or_insert(copy).log.clone()
        };
        if !log.has_ended() {
            // The read that waits does not know of it yet.
            self.send(&self.epoch, "look", id).await?;
        }
        Ok(log)
    }

    /// Reads on in the streams that are copied here, all in one command, and hears what other nodes ask for: `stop` is
    /// told the stream. Ends with the process.
    pub(in crate::stream) async fn listen(&self, stop: impl Fn(&str)) {
        let mut heard = "0-0".to_owned();
        let mut checked = Instant::now();
        loop {
            let look = self.look(&heard);
            match self.read(&look).await {
                Ok(read) => self.take(&look, read, &mut heard, &stop),
                Err(_) => sleep(PAUSE).await,
            }
            if checked.elapsed() >= self.lease / 4 {
                checked = Instant::now();
                self.check_writers().await.ok();
            }
            sleep(GATHER).await;
        }
    }

    fn look(&self, heard: &str) -> Look {
        let mut look = Look {
            keys: vec![self.inbox_key(&self.epoch)],
            cursors: vec![heard.to_owned()],
            ids: HashMap::new(),
        };
        let mut copies = self.copies();
        copies.retain(|_, copy| {
            if !copy.log.is_unread() {
                copy.used = Instant::now();
            }
            copy.used.elapsed() < IDLE
        });
        for (id, copy) in copies.iter().filter(|(_, copy)| !copy.log.has_ended()) {
            let key = self.log_key(id);
            look.ids.insert(key.clone(), id.clone());
            look.keys.push(key);
            look.cursors.push(copy.cursor.clone());
        }
        look
    }

    async fn read(&self, look: &Look) -> Result<StreamReadReply, RedisError> {
        let mut read = cmd("XREAD");
        read.arg("COUNT").arg(BATCH).arg("BLOCK").arg(BLOCK.as_millis() as u64);
        read.arg("STREAMS").arg(&look.keys).arg(&look.cursors);
        let read: Option<StreamReadReply> = read.query_async(&mut self.waiting.clone()).await?;
        Ok(read.unwrap_or_default())
    }

    fn take(&self, look: &Look, read: StreamReadReply, heard: &mut String, stop: &impl Fn(&str)) {
        for part in read.keys {
            let Some(last) = part.ids.last().map(|entry| entry.id.clone()) else { continue };
            let Some(id) = look.ids.get(&part.key) else {
                part.ids.iter().filter_map(|entry| entry.get::<String>("stop")).for_each(|id| stop(&id));
                *heard = last;
                continue;
            };
            let mut copies = self.copies();
            let Some(copy) = copies.get_mut(id) else { continue };
            part.ids.iter().for_each(|entry| take(&copy.log, entry));
            copy.cursor = last;
        }
    }

    /// Ends the copies of streams whose node has died: nobody will write them on.
    async fn check_writers(&self) -> Result<(), RedisError> {
        let open: Vec<Arc<StreamLog>> = {
            let copies = self.copies();
            copies.values().filter(|copy| !copy.log.has_ended()).map(|copy| copy.log.clone()).collect()
        };
        for log in open {
            let mut script = LOSE.key(self.stream_key(&log.id));
            script.key(self.node_key(&log.epoch));
            let is_lost: i64 = script.invoke_async(&mut self.commands.clone()).await?;
            if is_lost == 1 {
                tracing::warn!(stream = log.id, node = &*log.epoch, "the node that wrote a stream is gone");
                log.end_with(&lost());
            }
        }
        Ok(())
    }
}

fn take(log: &StreamLog, entry: &StreamId) {
    if let (Some(first), Some(text)) = (entry.get::<u64>("first"), entry.get::<Vec<u8>>("text")) {
        log.adopt(first, &text);
    }
    if entry.map.contains_key("end") {
        log.end();
    }
}

/// What readers are told whose stream ended with its node.
fn lost() -> Vec<u8> {
    let message =
        "The gateway that wrote this answer is gone, and the rest of the answer with it. Ask again.";
    let error = json!(Error::new(ErrorCode::StreamLost, message).body());
    format!("data: {error}\n\ndata: [DONE]\n\n").into_bytes()
}
