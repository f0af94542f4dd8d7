use std::sync::Arc;
use std::time::Duration;

use redis::{RedisError, cmd, pipe};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::scripts::{APPEND, APPEND_CODE, UNKNOWN, WRITTEN};
use super::{Shared, millis};
use crate::store::now_ms;
use crate::stream::log::StreamLog;
use crate::stream::unwritten::Unwritten;

/// How long events are gathered before they are written, which is what a reader on another node waits longer.
const GATHER: Duration = Duration::from_millis(4);
/// Streams that are written at once.
const MOST: usize = 512;
/// Bytes of one stream that are written at once.
const BATCH: usize = 64 * 1024;
/// Pause after the log could not be reached.
const PAUSE: Duration = Duration::from_millis(250);

impl Shared {
    /// Writes what pumps have written in memory, several streams and several events at once. Ends with the process.
    pub(in crate::stream) async fn publish(&self, mut unwritten: UnboundedReceiver<Arc<StreamLog>>) {
        let mut logs = Vec::new();
        let mut reachable = true;
        loop {
            if logs.is_empty() && unwritten.recv_many(&mut logs, MOST).await == 0 {
                return;
            }
            sleep(GATHER).await;
            while logs.len() < MOST
                && let Ok(log) = unwritten.try_recv()
            {
                logs.push(log);
            }
            match self.write(&mut logs).await {
                Ok(()) => reachable = true,
                Err(error) => {
                    if std::mem::replace(&mut reachable, false) {
                        tracing::error!(%error, "the log of streams cannot be written; readers of this node notice nothing");
                    }
                    for log in &logs {
                        log.queue();
                    }
                    // What nobody can read any more is not worth writing.
                    let oldest = now_ms().saturating_sub(millis(self.keep));
                    logs.retain(|log| log.ended_at().is_none_or(|ended| ended > oldest));
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Writes a piece of each of the streams, and leaves those that have more.
    async fn write(&self, logs: &mut Vec<Arc<StreamLog>>) -> Result<(), RedisError> {
        let pieces: Vec<Unwritten> = logs.iter().map(|log| log.unwritten(BATCH)).collect();
        let mut commands = pipe();
        // Costs little, and afterwards the server knows it, whatever happened to it in between.
        commands.cmd("SCRIPT").arg("LOAD").arg(APPEND_CODE).ignore();
        for (log, piece) in logs.iter().zip(&pieces) {
            if piece.is_void() {
                commands.cmd("DEL").arg(self.stream_key(&log.id));
                continue;
            }
            let life = if piece.ends { self.keep } else { self.longest + self.keep };
            commands
                .cmd("EVALSHA")
                .arg(APPEND.get_hash())
                .arg(2)
                .arg(self.stream_key(&log.id))
                .arg(self.log_key(&log.id))
                .arg(&*self.epoch)
                .arg(piece.first)
                .arg(piece.behind.events)
                .arg(&piece.text[..])
                .arg(u8::from(piece.ends))
                .arg(millis(life))
                .arg(self.bounds.each);
        }
        let outcomes: Vec<i64> = commands.query_async(&mut self.commands.clone()).await?;
        let mut rest = Vec::new();
        for ((log, piece), outcome) in logs.iter().zip(&pieces).zip(outcomes) {
            match outcome {
                _ if piece.is_void() => {
                    log.wrote(piece);
                }
                WRITTEN if log.wrote(piece) => rest.push(log.clone()),
                WRITTEN => {}
                // The server has forgotten everything, so it is told again.
                UNKNOWN => {
                    self.announce(log).await?;
                    log.rewind();
                    rest.push(log.clone());
                }
                _ => {
                    tracing::warn!(stream = log.id, "a stream was declared lost; only its own readers go on");
                    log.fence();
                }
            }
        }
        *logs = rest;
        Ok(())
    }

    /// Says again and again that this node lives. Ends with the process.
    pub(in crate::stream) async fn live(&self) {
        let mut beat = interval(self.lease / 4);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            beat.tick().await;
            let mut sign = cmd("SET");
            sign.arg(self.node_key(&self.epoch)).arg(1).arg("PX").arg(millis(self.lease));
            // Whoever writes to the log says that it cannot be reached.
            sign.exec_async(&mut self.commands.clone()).await.ok();
        }
    }
}
