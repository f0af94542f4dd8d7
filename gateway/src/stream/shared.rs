//! The stream log of several nodes, in Redis or Valkey. The node of a pump writes what it has in memory a few
//! milliseconds later; a node that is asked for a stream of another one keeps a copy for all who read it there.
//!
//! Every key begins with the configured prefix:
//! - `stream:{id}`, a hash: `account`, `epoch` (the node that writes), `state` (`open`, `ended`, `lost`), `last`;
//! - `stream:{id}:log`, a stream whose entry ids are the numbers of the events, several of which may share an entry;
//! - `node:{epoch}`, there as long as the node lives;
//! - `node:{epoch}:inbox`, a stream of what other nodes ask of it.
//!
//! No money depends on any of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, cmd, pipe};
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use triptych_protocol::ErrorCode;

use super::log::{Bounds, StreamLog};
use crate::config::{StreamLogPlace, StreamsConfig};
use crate::error::Error;
use crate::ledger::AccountId;

mod follow;
mod publish;
mod scripts;

use follow::Copy;

/// Longest that a command may take; a request waits for some of them.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a read waits for the next event before it looks around.
const BLOCK: Duration = Duration::from_secs(1);

/// This node's side of the shared log.
pub(super) struct Shared {
    prefix: String,
    epoch: Arc<str>,
    bounds: Arc<Bounds>,
    /// No stream begins without the log.
    required: bool,
    keep: Duration,
    longest: Duration,
    /// How long after its last sign of life a node counts as gone.
    lease: Duration,
    commands: ConnectionManager,
    /// For the one read that waits.
    waiting: ConnectionManager,
    /// Streams with events that are not written yet.
    unwritten: mpsc::UnboundedSender<Arc<StreamLog>>,
    copies: Mutex<HashMap<String, Copy>>,
}

/// Streams that have events which are not in the log yet.
pub(super) type Unwritten = mpsc::UnboundedReceiver<Arc<StreamLog>>;

/// What a node needs to know of a stream.
struct About {
    account: String,
    epoch: String,
    state: String,
}

impl Shared {
    /// Prepares the connections; they are made when they are first used.
    ///
    /// # Errors
    /// A sentence where the address cannot be used.
    pub(super) fn new(
        config: &StreamsConfig,
        epoch: Arc<str>,
        bounds: Arc<Bounds>,
    ) -> Result<Option<(Self, Unwritten)>, String> {
        let StreamLogPlace::Redis { url, prefix, required } = &config.place else { return Ok(None) };
        // What is wrong with the address is not repeated: it may hold a password.
        let client = |patience| {
            let client = Client::open(url.expose_secret())
                .map_err(|_| "stream_log: the address cannot be used".to_owned())?;
            let settings = ConnectionManagerConfig::new()
                .set_number_of_retries(1)
                .set_max_delay(Duration::from_millis(500))
                .set_connection_timeout(Some(PATIENCE))
                .set_response_timeout(Some(patience));
            ConnectionManager::new_lazy_with_config(client, settings)
                .map_err(|error| format!("stream_log: {error}"))
        };
        let (unwritten, receiver) = mpsc::unbounded_channel();
        let shared = Shared {
            prefix: prefix.clone(),
            epoch,
            bounds,
            required: *required,
            keep: config.keep,
            longest: config.longest,
            lease: config.lease,
            commands: client(PATIENCE)?,
            waiting: client(BLOCK + PATIENCE)?,
            unwritten,
            copies: Mutex::default(),
        };
        Ok(Some((shared, receiver)))
    }

    /// Makes a stream known, before anything is held for it.
    ///
    /// # Errors
    /// `unavailable` where the log cannot be reached and streams must not begin without it.
    pub(super) async fn open(&self, log: &StreamLog) -> Result<(), Error> {
        match self.announce(log).await {
            Ok(()) => Ok(()),
            Err(error) if self.required => Err(unreachable(&error)),
            Err(error) => {
                tracing::warn!(%error, "a stream begins without the shared log");
                Ok(())
            }
        }
    }

    async fn announce(&self, log: &StreamLog) -> Result<(), RedisError> {
        let key = self.stream_key(&log.id);
        let mut commands = pipe();
        commands.atomic().del(self.log_key(&log.id)).ignore();
        let fields =
            [("account", log.account.0.as_str()), ("epoch", &log.epoch), ("state", "open"), ("last", "0")];
        commands.hset_multiple(&key, &fields).ignore();
        commands.pexpire(&key, millis(self.longest + self.keep)).ignore();
        commands.exec_async(&mut self.commands.clone()).await
    }

    /// Tells the publisher that there is something to write.
    pub(super) fn note(&self, log: &Arc<StreamLog>) {
        if log.queue() {
            // Fails only when the process is going down.
            self.unwritten.send(log.clone()).ok();
        }
    }

    /// A stream of another node that belongs to the account.
    ///
    /// # Errors
    /// `not_found`, also where it is somebody else's; `unavailable` where the log cannot be reached.
    pub(super) async fn find(&self, id: &str, account: &AccountId) -> Result<Arc<StreamLog>, Error> {
        if let Some(copy) = self.copy(id) {
            return if copy.account == *account { Ok(copy) } else { Err(Error::not_found("stream")) };
        }
        let about = self.about(id).await.map_err(|error| unreachable(&error))?;
        match about.filter(|about| about.account == account.0) {
            Some(about) => self.follow(id, about).await.map_err(|error| unreachable(&error)),
            None => Err(Error::not_found("stream")),
        }
    }

    /// Asks the node that writes a stream to stop it.
    ///
    /// # Errors
    /// `unavailable` where the log cannot be reached.
    pub(super) async fn ask_to_stop(&self, log: &StreamLog) -> Result<(), Error> {
        if log.has_ended() {
            return Ok(());
        }
        self.send(&log.epoch, "stop", &log.id).await.map_err(|error| unreachable(&error))
    }

    async fn send(&self, node: &str, what: &str, id: &str) -> Result<(), RedisError> {
        let inbox = self.inbox_key(node);
        let mut commands = pipe();
        commands
            .cmd("XADD")
            .arg(&inbox)
            .arg("MAXLEN")
            .arg("~")
            .arg(10_000)
            .arg("*")
            .arg(what)
            .arg(id)
            .ignore();
        commands.pexpire(&inbox, millis(self.longest)).ignore();
        commands.exec_async(&mut self.commands.clone()).await
    }

    async fn about(&self, id: &str) -> Result<Option<About>, RedisError> {
        let fields = ["account", "epoch", "state"];
        let found: [Option<String>; 3] = cmd("HMGET")
            .arg(self.stream_key(id))
            .arg(&fields)
            .query_async(&mut self.commands.clone())
            .await?;
        let [Some(account), Some(epoch), Some(state)] = found else { return Ok(None) };
        Ok(Some(About { account, epoch, state }))
    }

    fn copies(&self) -> MutexGuard<'_, HashMap<String, Copy>> {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stream_key(&self, id: &str) -> String {
        format!("{}stream:{id}", self.prefix)
    }

    fn log_key(&self, id: &str) -> String {
        format!("{}stream:{id}:log", self.prefix)
    }

    fn node_key(&self, epoch: &str) -> String {
        format!("{}node:{epoch}", self.prefix)
    }

    fn inbox_key(&self, epoch: &str) -> String {
        format!("{}node:{epoch}:inbox", self.prefix)
    }
}

fn unreachable(error: &RedisError) -> Error {
    let message = "The log of streams cannot be reached, so no answer is streamed. Try again soon.";
    Error::new(ErrorCode::Unavailable, message).cause(error).retry_after(Duration::from_secs(1))
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
