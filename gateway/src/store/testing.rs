//! Stores for tests: an empty one of each kind, gone when the test ends.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, PgConnection};

use super::Store;

/// Where a test's database is.
pub(crate) struct Place {
    pub(crate) url: String,
    folder: Option<PathBuf>,
}

/// An empty database of each kind that there is: SQLite always, PostgreSQL where `TRIPTYCH_TEST_POSTGRES` names a
/// server.
pub(crate) async fn places() -> Vec<Place> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("triptych_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let mut places = vec![Place { url, folder: Some(folder) }];
    match std::env::var("TRIPTYCH_TEST_POSTGRES") {
        Ok(server) => {
            let mut connection = PgConnection::connect(&server).await.unwrap();
            let schema = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
            sqlx::query(schema).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            let separator = if server.contains('?') { '&' } else { '?' };
            let url = format!("{server}{separator}options[search_path]={name}");
            places.push(Place { url, folder: None });
        }
        Err(_) if std::env::var_os("CI").is_some() => {
            unreachable!("TRIPTYCH_TEST_POSTGRES is not set, so half of the tests would not run")
        }
        Err(_) => eprintln!("TRIPTYCH_TEST_POSTGRES is not set: only SQLite is tested"),
    }
    places
}

impl Place {
    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}
