//! The database: one writer, several readers.

use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Sqlite, Transaction};
use uuid::Uuid;

use crate::error::Error;
use crate::state::StartError;

/// A write transaction. Dropping it without a commit undoes it.
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// The database; cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    epoch: Arc<str>,
}

impl Store {
    /// Opens `sqlite:path`, creates the file where it is missing, and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Store, StartError> {
        let failed = |message: String| StartError::Database { url: url.to_owned(), message };
        let options = SqliteConnectOptions::from_str(url)
            .map_err(|error| failed(error.to_string()))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Money: a commit that was answered must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        if let Some(folder) = options.get_filename().parent() {
            std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
        }
        // SQLite has one writer anyway; a pool of one queues fairly instead of failing with SQLITE_BUSY.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.clone())
            .await
            .map_err(|error| failed(error.to_string()))?;
        sqlx::migrate!().run(&writer).await.map_err(|error| failed(error.to_string()))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(|error| failed(error.to_string()))?;
        Ok(Store { writer, readers, epoch: new_id("run").into() })
    }

    /// Begins a write transaction. The write lock is taken at once: a reader that upgrades later would fail.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// For queries that only read.
    pub(crate) fn read(&self) -> &SqlitePool {
        &self.readers
    }

    /// The id of this run of the process, by which what an earlier run left behind is told apart.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// Lets running queries end and closes the files.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A new id such as `job_0192…`; later ids sort after earlier ones.
pub(crate) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::now_v7().simple())
}
