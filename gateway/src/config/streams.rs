use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// Longest that an answer may take: its hold lives for an hour.
const MOST_SECONDS: u64 = 50 * 60;

/// Where the events of streamed answers are written down.
#[derive(Clone, Debug, Default)]
pub enum StreamLogPlace {
    /// In this process alone; who comes back must come back to it.
    #[default]
    Memory,
    /// In Redis or Valkey as well, so that who comes back may come to another node.
    Redis {
        /// `redis://` with host, port and database, and the password where there is one.
        url: SecretString,
        /// What the names of all keys begin with.
        prefix: String,
        /// True where no stream begins while it cannot be reached.
        required: bool,
    },
}

/// How streamed answers are kept and ended.
#[derive(Clone, Debug)]
pub struct StreamsConfig {
    /// Where their events are written down.
    pub place: StreamLogPlace,
    /// How long an ended stream can be read again.
    pub keep: Duration,
    /// Most bytes of events that are kept of one stream.
    pub bytes_each: usize,
    /// Most bytes of events that are kept of all streams.
    pub bytes_in_all: usize,
    /// Most streams that are open at once.
    pub most: usize,
    /// How long an answer is read on after its last reader has gone.
    pub drain: Duration,
    /// How many pieces of an answer are read on after its last reader has gone.
    pub drain_tokens: u64,
    /// Longest that an answer may take.
    pub longest: Duration,
    /// How long after its last sign of life another node counts as gone.
    pub lease: Duration,
}

/// `[streams]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StreamsTable {
    key_prefix: String,
    log_password_env: Option<String>,
    log_required: bool,
    keep_seconds: u64,
    bytes_per_stream: usize,
    bytes_in_all: usize,
    most_open: usize,
    drain_seconds: u64,
    drain_tokens: u64,
    longest_seconds: u64,
    lease_seconds: u64,
}

impl Default for StreamsTable {
    fn default() -> Self {
        StreamsTable {
            key_prefix: "triptych:".to_owned(),
            log_password_env: None,
            log_required: true,
            keep_seconds: 5 * 60,
            bytes_per_stream: 4 << 20,
            bytes_in_all: 256 << 20,
            most_open: 20_000,
            drain_seconds: 60,
            drain_tokens: 8_192,
            longest_seconds: 30 * 60,
            lease_seconds: 10,
        }
    }
}

impl Default for StreamsConfig {
    fn default() -> Self {
        StreamsTable::default().with(StreamLogPlace::Memory)
    }
}

impl StreamsTable {
    /// Checks the table together with `stream_log`.
    pub(super) fn check(
        self,
        log: Option<&str>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<StreamsConfig, String> {
        if self.longest_seconds == 0 || self.longest_seconds > MOST_SECONDS {
            return Err(format!("streams.longest_seconds: must be 1 to {MOST_SECONDS}"));
        }
        if self.lease_seconds == 0 {
            return Err("streams.lease_seconds: must be at least 1".to_owned());
        }
        if self.bytes_per_stream == 0 || self.most_open == 0 {
            return Err("streams: bytes_per_stream and most_open must be at least 1".to_owned());
        }
        let place = match log {
            None | Some("memory") => StreamLogPlace::Memory,
            Some(url) => StreamLogPlace::Redis {
                url: self.redis_url(url, env)?,
                prefix: self.key_prefix.clone(),
                required: self.log_required,
            },
        };
        Ok(self.with(place))
    }

    fn redis_url(&self, url: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<SecretString, String> {
        let wrong = || {
            "stream_log: write \"memory\", or an address such as \"redis://127.0.0.1:6379/0\" whose password is named \
             by streams.log_password_env"
                .to_owned()
        };
        let rest =
            url.strip_prefix("redis://").or_else(|| url.strip_prefix("valkey://")).ok_or_else(wrong)?;
        if rest.is_empty() || rest.contains('@') {
            return Err(wrong());
        }
        let Some(name) = &self.log_password_env else { return Ok(format!("redis://{rest}").into()) };
        let password = env(name).filter(|password| !password.is_empty());
        let password = SecretString::from(password.ok_or_else(|| {
            format!("{name}: is not set in the environment (streams.log_password_env names it)")
        })?);
        let escaped: String = password.expose_secret().bytes().map(|byte| format!("%{byte:02x}")).collect();
        Ok(format!("redis://:{escaped}@{rest}").into())
    }

    fn with(self, place: StreamLogPlace) -> StreamsConfig {
        StreamsConfig {
            place,
            keep: Duration::from_secs(self.keep_seconds),
            bytes_each: self.bytes_per_stream,
            bytes_in_all: self.bytes_in_all,
            most: self.most_open,
            drain: Duration::from_secs(self.drain_seconds),
            drain_tokens: self.drain_tokens,
            longest: Duration::from_secs(self.longest_seconds),
            lease: Duration::from_secs(self.lease_seconds),
        }
    }
}
