//! The database: SQLite with one writer and several readers, or PostgreSQL. Both have the same tables and answer the
//! same queries; the few words in which they differ are [`Dialect`]'s.

mod connect;
mod dialect;
mod disk;
mod lock;
mod node;
mod statement;
mod transaction;
mod writer;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::any::AnyPoolOptions;
use sqlx::postgres::PgListener;
use sqlx::{AnyConnection, AnyPool, Row};
use uuid::Uuid;

use connect::{POSTGRES, READERS, SQLITE, migrate, postgres_pool, sqlite_pool, writer_of};
pub(crate) use dialect::Dialect;
pub(crate) use statement::Statement;
pub(crate) use transaction::Tx;
use writer::Writer;

use crate::error::Error;
use crate::failpoint;
use crate::state::StartError;

/// A row of any of the databases.
pub(crate) type AnyRow = sqlx::any::AnyRow;

/// How long a gateway may be silent before it counts as gone, unless the configuration says otherwise.
const SILENCE: Duration = Duration::from_secs(30);

/// The database; cloning it is cheap.
#[derive(Clone)]
pub(crate) struct Store {
    writer: Write,
    readers: AnyPool,
    /// SQLite's reader for what every call asks. A pool looks at each connection that it gets back, which is a trip for
    /// each call.
    quick: Option<Arc<tokio::sync::Mutex<AnyConnection>>>,
    dialect: Dialect,
    epoch: Arc<str>,
    url: Arc<str>,
    silence: Duration,
    /// Held as long as the store is open: a SQLite file has one gateway only.
    lock: Arc<Mutex<Option<lock::FileLock>>>,
}

/// What a commit waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// The disk: a power cut takes nothing of it.
    Disk,
    /// The system: the end of the process takes nothing of it. On SQLite a power cut may take it, together with all that
    /// was committed after it; PostgreSQL waits for the disk all the same.
    System,
}

/// Where transactions that write come from.
#[derive(Clone)]
enum Write {
    /// SQLite: all share one connection.
    Turns(Arc<Writer>),
    /// PostgreSQL: each has its own.
    Pool(AnyPool),
}

impl Store {
    /// Opens `sqlite:path`, creating the file where it is missing, or `postgres://…`, and brings its tables up to date.
    pub(crate) async fn open(url: &str) -> Result<Store, StartError> {
        sqlx::any::install_default_drivers();
        let failed = |message: String| StartError::Database { url: without_password(url), message };
        let dialect = Dialect::of(url).map_err(failed)?;
        let epoch: Arc<str> = new_id("run").into();
        let (writer, readers, lock) = match dialect {
            Dialect::Sqlite => {
                let path = dialect::sqlite_path(url);
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
                }
                let lock = lock::FileLock::take(&path).map_err(failed)?;
                // SQLite has one writer anyway; taking turns is fair and never fails with SQLITE_BUSY.
                let pool = sqlite_pool(url, 1, "rwc").await.map_err(|error| failed(error.to_string()))?;
                migrate(&SQLITE, &pool).await.map_err(failed)?;
                let writer = writer_of(&pool, &path).await.map_err(|error| failed(error.to_string()))?;
                let readers =
                    sqlite_pool(url, READERS, "ro").await.map_err(|error| failed(error.to_string()))?;
                (writer, readers, Some(lock))
            }
            Dialect::Postgres => {
                let pool = postgres_pool(url).await.map_err(|error| failed(error.to_string()))?;
                migrate(&POSTGRES, &pool).await.map_err(failed)?;
                (Write::Pool(pool.clone()), pool, None)
            }
        };
        let quick = match dialect {
            Dialect::Sqlite => {
                let reader = readers.acquire().await.map_err(|error| failed(error.to_string()))?;
                Some(Arc::new(tokio::sync::Mutex::new(reader.detach())))
            }
            Dialect::Postgres => None,
        };
        Ok(Store {
            writer,
            readers,
            quick,
            dialect,
            epoch,
            url: url.into(),
            silence: SILENCE,
            lock: Arc::new(Mutex::new(lock)),
        })
    }

    /// Opens a database that a gateway may be using, for a command beside it: neither locks it nor changes its tables.
    pub(crate) async fn open_beside(url: &str) -> Result<Store, StartError> {
        sqlx::any::install_default_drivers();
        let failed = |message: String| StartError::Database { url: without_password(url), message };
        let dialect = Dialect::of(url).map_err(failed)?;
        let (pool, migrator) = match dialect {
            Dialect::Sqlite => (sqlite_pool(url, 1, "rw").await, &SQLITE),
            Dialect::Postgres => (AnyPoolOptions::new().max_connections(2).connect(url).await, &POSTGRES),
        };
        let pool = pool.map_err(|error| failed(error.to_string()))?;
        let newest = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
        let applied = sqlx::query("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(&pool).await;
        let applied: Option<i64> = applied.and_then(|row| row.try_get(0)).unwrap_or_default();
        if applied != Some(newest) {
            return Err(failed(
                "its tables are not those of this program; run `triptych-gateway migrate`".into(),
            ));
        }
        let writer = match dialect {
            Dialect::Sqlite => writer_of(&pool, &dialect::sqlite_path(url))
                .await
                .map_err(|error| failed(error.to_string()))?,
            Dialect::Postgres => Write::Pool(pool.clone()),
        };
        let (epoch, lock) = (new_id("run").into(), Arc::default());
        Ok(Store {
            writer,
            readers: pool,
            quick: None,
            dialect,
            epoch,
            url: url.into(),
            silence: SILENCE,
            lock,
        })
    }

    /// Sets how long a gateway may be silent before the others count it as gone.
    pub(crate) fn with_silence(self, silence: Duration) -> Store {
        Store { silence, ..self }
    }

    /// Begins a write transaction. SQLite takes the write lock at once: a reader that upgrades later would fail.
    pub(crate) async fn write(&self) -> Result<Tx, Error> {
        Ok(match &self.writer {
            Write::Turns(writer) => Tx::turn(writer.begin().await?),
            Write::Pool(pool) => Tx::alone(pool.begin().await?, self.dialect),
        })
    }

    /// Begins a write transaction with a statement, and gives its rows.
    pub(crate) async fn write_with(&self, statement: Statement) -> Result<(Tx, Vec<AnyRow>), Error> {
        Ok(match &self.writer {
            Write::Turns(writer) => {
                let (turn, rows) = writer.begin_with(statement).await?;
                (Tx::turn(turn), rows)
            }
            Write::Pool(pool) => {
                let mut tx = pool.begin().await?;
                let rows = statement.run(&mut tx, "", "").await?;
                (Tx::alone(tx, self.dialect), rows)
            }
        })
    }

    /// Writes a statement that is a transaction by itself, and returns once it is as safe as asked for.
    pub(crate) async fn write_once(
        &self,
        statement: Statement,
        durability: Durability,
    ) -> Result<Vec<AnyRow>, Error> {
        failpoint::pass("before a commit");
        let rows = match &self.writer {
            Write::Turns(writer) => writer.once(statement, durability).await?,
            Write::Pool(pool) => statement.run(&mut *pool.acquire().await?, "", "").await?,
        };
        failpoint::pass("after a commit");
        Ok(rows)
    }

    /// What the database is.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// For queries that only read.
    pub(crate) fn read(&self) -> &AnyPool {
        &self.readers
    }

    /// Reads with a statement that every call needs.
    pub(crate) async fn look(&self, statement: Statement) -> Result<Vec<AnyRow>, Error> {
        match &self.quick {
            Some(reader) => statement.run(&mut *reader.lock().await, "", "").await,
            None => statement.run(&mut *self.readers.acquire().await?, "", "").await,
        }
    }

    /// Begins a transaction that sees one state of the database throughout.
    pub(crate) async fn snapshot(&self) -> Result<Tx, Error> {
        let inner = match self.dialect {
            Dialect::Sqlite => self.readers.begin().await?,
            Dialect::Postgres => {
                self.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?
            }
        };
        Ok(Tx::alone(inner, self.dialect))
    }

    /// The id of this run of the process, by which what an earlier run left behind is told apart.
    pub(crate) fn epoch(&self) -> &str {
        &self.epoch
    }

    /// True where other gateways may use the same database.
    pub(crate) fn is_shared(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    /// Returns when another gateway may have changed a job, where the database can tell; never otherwise.
    ///
    /// # Errors
    /// Where the connection is lost. What was said in the meantime is lost with it.
    pub(crate) async fn listen(&self) -> Result<Listener, Error> {
        if !self.is_shared() {
            return Ok(Listener(None));
        }
        let mut listener = PgListener::connect(&self.url).await?;
        listener.listen(transaction::JOBS_CHANNEL).await?;
        Ok(Listener(Some(listener)))
    }

    /// Lets another gateway have the file.
    pub(crate) fn unlock(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Lets running queries end and closes the files.
    pub(crate) async fn close(&self) {
        self.sign_off().await;
        self.readers.close().await;
        match &self.writer {
            Write::Turns(writer) => writer.close().await,
            Write::Pool(pool) => pool.close().await,
        }
        self.unlock();
    }
}

/// Hears when jobs have changed.
pub(crate) struct Listener(Option<PgListener>);

impl Listener {
    /// Returns at the next change, never where the database cannot tell.
    pub(crate) async fn heard(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Some(listener) => {
                listener.recv().await?;
                Ok(())
            }
            None => std::future::pending().await,
        }
    }
}

/// The address as it may be shown.
pub(crate) fn without_password(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => match url[scheme + 3..at].split_once(':') {
            Some((user, _)) => format!("{}://{user}:…{}", &url[..scheme], &url[at..]),
            None => url.to_owned(),
        },
        _ => url.to_owned(),
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

/// A number that the database has checked to be small.
pub(crate) fn small(number: i64) -> Result<u32, Error> {
    u32::try_from(number).map_err(|_| Error::internal("a number of the database is out of range"))
}

#[cfg(test)]
pub(crate) mod testing;
