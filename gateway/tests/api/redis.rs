//! A Redis for a test, if there is one on this machine.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::support::eventually;

/// A Redis of its own, or a corner of the one that `TRIPTYCH_TEST_REDIS` names.
pub(crate) struct Redis {
    pub(crate) url: String,
    pub(crate) prefix: String,
    port: u16,
    child: Option<Child>,
}

impl Redis {
    /// The one that the environment names, or a new one; `None`, with a note, where neither is there.
    pub(crate) async fn start() -> Option<Redis> {
        match std::env::var("TRIPTYCH_TEST_REDIS") {
            Ok(url) => Some(Redis { url, prefix: prefix(), port: 0, child: None }),
            Err(_) => Redis::own().await,
        }
    }

    /// A new one, which can be killed.
    pub(crate) async fn own() -> Option<Redis> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("redis://127.0.0.1:{port}");
        let mut redis = Redis { url, prefix: prefix(), port, child: None };
        redis.run().await.then_some(redis)
    }

    /// Starts it, or starts it again, empty.
    pub(crate) async fn run(&mut self) -> bool {
        let port = self.port.to_string();
        let spawn = |program: &str| {
            let arguments = ["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
            Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        };
        self.child = spawn("valkey-server").or_else(|| spawn("redis-server"));
        if self.child.is_none() {
            skipped();
            return false;
        }
        eventually("Redis answers", async || self.connection().await).await;
        true
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Lines of a gateway's configuration before its first table, and a table.
    pub(crate) fn config(&self) -> (String, String) {
        let table = format!("[streams]\nlease_seconds = 1\nkey_prefix = \"{}\"\n", self.prefix);
        (format!("stream_log = \"{}\"\n", self.url), table)
    }

    pub(crate) async fn connection(&self) -> Option<redis::aio::MultiplexedConnection> {
        let client = redis::Client::open(self.url.as_str()).ok()?;
        let config = redis::AsyncConnectionConfig::new().set_connection_timeout(Some(Duration::from_secs(2)));
        client.get_multiplexed_async_connection_with_config(&config).await.ok()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

#[allow(clippy::print_stdout)]
fn skipped() {
    println!("skipped: neither valkey-server nor redis-server is installed");
}

/// Keys of one test must not meet those of another one.
fn prefix() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test:{}:{}:", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
