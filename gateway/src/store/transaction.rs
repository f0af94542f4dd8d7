use std::ops::{Deref, DerefMut};

use sqlx::{Any, AnyConnection, Transaction};

use super::writer::Turn;
use super::{Dialect, Durability};
use crate::error::Error;
use crate::failpoint;

/// Where PostgreSQL tells other gateways of new work.
pub(super) const JOBS_CHANNEL: &str = "triptych_jobs";

/// A transaction. Dropping it without a commit undoes it.
pub(crate) struct Tx {
    work: Work,
    dialect: Dialect,
}

enum Work {
    /// A connection's own.
    Alone(Transaction<'static, Any>),
    /// A turn of SQLite's writer.
    Turn(Turn),
}

impl Tx {
    pub(super) fn alone(inner: Transaction<'static, Any>, dialect: Dialect) -> Self {
        Tx { work: Work::Alone(inner), dialect }
    }

    pub(super) fn turn(turn: Turn) -> Self {
        Tx { work: Work::Turn(turn), dialect: Dialect::Sqlite }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns once what was written is on the disk.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.commit_as(Durability::Disk).await
    }

    /// Returns once what was written is committed, and as safe as asked for.
    pub(crate) async fn commit_as(self, durability: Durability) -> Result<(), Error> {
        failpoint::pass("before a commit");
        match self.work {
            Work::Alone(inner) => inner.commit().await?,
            Work::Turn(turn) => turn.commit(durability).await?,
        }
        failpoint::pass("after a commit");
        Ok(())
    }

    /// Wakes the workers of other gateways once this is committed.
    pub(crate) async fn notify_jobs(&mut self) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_notify($1, '')").bind(JOBS_CHANNEL).execute(&mut **self).await?;
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match &self.work {
            Work::Alone(inner) => inner,
            Work::Turn(turn) => turn.connection(),
        }
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match &mut self.work {
            Work::Alone(inner) => inner,
            Work::Turn(turn) => turn.connection_mut(),
        }
    }
}
