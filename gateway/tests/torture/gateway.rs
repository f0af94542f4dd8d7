//! The gateway as a process of its own that dies and is started again.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::Connection;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const SECRET: &str = "0123456789-0123456789-0123456789-secret";

/// Where one run keeps its things.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    /// The address of the database.
    pub(crate) database: String,
}

/// One gateway of a run.
pub(crate) struct Gateway {
    pub(crate) url: String,
    config: PathBuf,
    log: PathBuf,
    child: Option<Child>,
}

impl Place {
    pub(crate) async fn new(seed: u64, postgres: Option<&str>) -> Place {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("triptych_torture_{}_{number}_{seed}", std::process::id());
        let folder = std::env::temp_dir().join(&name);
        std::fs::create_dir_all(&folder).unwrap();
        let database = match postgres {
            None => format!("sqlite:{}", folder.join("triptych.db").display()),
            Some(server) => {
                let mut connection = sqlx::PgConnection::connect(server).await.unwrap();
                let schema = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
                sqlx::query(schema).execute(&mut connection).await.unwrap();
                let separator = if server.contains('?') { '&' } else { '?' };
                format!("{server}{separator}options[search_path]={name}")
            }
        };
        Place { folder, database }
    }

    pub(crate) async fn connection(&self) -> sqlx::AnyConnection {
        sqlx::any::install_default_drivers();
        sqlx::AnyConnection::connect(&self.database).await.unwrap()
    }
}

impl Gateway {
    /// Writes the configuration of the `number`-th gateway of a run; nothing is started yet.
    pub(crate) fn new(place: &Place, number: u32, provider: &str, kind: &str, judge: &str) -> Gateway {
        // An address of its own, so that nobody else can take it between two of its lives.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed) + std::process::id() * 251;
        let host = format!("127.{}.{}.{}", 1 + next / 62_500 % 250, next / 250 % 250, 1 + next % 250);
        let config = place.folder.join(format!("gateway-{number}.toml"));
        let text = format!(
            r#"
listen = "{host}:8787"
database = "{database}"
media = "media"
shutdown_grace_seconds = 2
silence_ms = 1500
[jobs]
poll_min_ms = 20
poll_max_ms = 100
[[tenants]]
id = "acme"
secret_env = "ACME_SECRET"
origins = ["https://acme.example"]
initial_grant = 2000
[[providers]]
id = "simulator"
kind = "{kind}"
base_url = "{provider}"
max_video_jobs = {PLACES}
[policy]
url = "{judge}"
secret_env = "POLICY_SECRET"
before = false
"#,
            database = place.database,
        );
        std::fs::write(&config, text).unwrap();
        let log = place.folder.join(format!("gateway-{number}.log"));
        Gateway { url: format!("http://{host}:8787"), config, log, child: None }
    }

    /// Starts it, to die at the n-th dangerous place where `die_at` says so. True once it listens, false where it died
    /// before that.
    pub(crate) async fn start(&mut self, die_at: Option<u64>) -> bool {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_triptych-gateway"));
        command.arg("--config").arg(&self.config).kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(log).env("RUST_LOG", "info,sqlx=error");
        for name in ["TRIPTYCH_TOKEN_KEY", "TRIPTYCH_ADMIN_SECRET", "ACME_SECRET"] {
            command.env(name, format!("{name}-{SECRET}"));
        }
        command.env("POLICY_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        command.env_remove("TRIPTYCH_DIE_AT");
        if let Some(die_at) = die_at {
            command.env("TRIPTYCH_DIE_AT", die_at.to_string());
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listens = lines.next_line().await.unwrap().is_some_and(|line| line.starts_with("listening"));
        if !listens {
            child.wait().await.unwrap();
        }
        self.child = Some(child);
        listens
    }

    /// Returns once it has died.
    pub(crate) async fn death(&mut self) {
        if let Some(child) = &mut self.child {
            child.wait().await.unwrap();
        }
    }

    pub(crate) async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().await.ok();
        }
    }

    pub(crate) fn secret(name: &str) -> String {
        format!("{name}-{SECRET}")
    }
}

/// Jobs that run at the provider at once.
pub(crate) const PLACES: i64 = 3;
/// A port that was in use a moment ago may need one more.
pub(crate) const BETWEEN_TRIES: Duration = Duration::from_millis(20);

pub(crate) fn last_lines(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}
