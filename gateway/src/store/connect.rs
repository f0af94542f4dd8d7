//! Connections with the settings that the store counts on, and tables that are up to date.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AnyPool, Connection};

use super::Write;
use super::disk::Disk;
use super::writer::Writer;

pub(super) static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
pub(super) static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections to PostgreSQL, which writers and readers share.
const CONNECTIONS: u32 = 24;
/// A connection that was idle for that long may have been closed by a server that restarted.
const IDLE: Duration = Duration::from_secs(1);
pub(super) const READERS: u32 = 4;
/// Takes the connection that writes out of its pool, for good.
pub(super) async fn writer_of(pool: &AnyPool, path: &Path) -> Result<Write, sqlx::Error> {
    let connection = pool.acquire().await?.detach();
    Ok(Write::Turns(Arc::new(Writer::new(connection, Disk::of(path)?))))
}

pub(super) async fn sqlite_pool(url: &str, most: u32, mode: &str) -> Result<AnyPool, sqlx::Error> {
    let separator = if url.contains('?') { '&' } else { '?' };
    let options: AnyConnectOptions = format!("{url}{separator}mode={mode}").parse()?;
    let reader = mode == "ro";
    AnyPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(Duration::from_secs(10))
        // A file does not go away as a server does, and asking costs every call a trip.
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                let settings: &[&'static str] = if reader {
                    &["PRAGMA busy_timeout = 5000"]
                } else {
                    &[
                        "PRAGMA journal_mode = WAL",
                        // Commits are ordered, and on the disk before a checkpoint moves them; `Disk` does the rest.
                        "PRAGMA synchronous = NORMAL",
                        // Pages: 16 MB. Whoever commits when they are full waits until they are copied.
                        "PRAGMA wal_autocheckpoint = 4000",
                        "PRAGMA foreign_keys = ON",
                        "PRAGMA busy_timeout = 5000",
                    ]
                };
                for setting in settings {
                    sqlx::query(*setting).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await
}

/// Both readers and writers take their connections from it.
pub(super) async fn postgres_pool(url: &str) -> Result<AnyPool, sqlx::Error> {
    let options: AnyConnectOptions = url.parse()?;
    AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(10))
        // Asking whether the server is still there is a trip for each call, so only who was idle asks.
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for >= IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await
}

/// A sentence for whoever starts the gateway where the tables cannot be brought up to date.
pub(super) async fn migrate(migrator: &Migrator, pool: &AnyPool) -> Result<(), String> {
    migrator.run(pool).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) => format!(
            "its tables are newer than this program (step {version} is unknown here). Start the newer program"
        ),
        MigrateError::VersionMismatch(version) => {
            format!("its tables were made by another build of the program (step {version} differs)")
        }
        other => other.to_string(),
    })
}
