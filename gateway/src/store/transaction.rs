use std::ops::{Deref, DerefMut};

use sqlx::{Any, AnyConnection, Transaction};

use super::Dialect;
use crate::error::Error;
use crate::failpoint;

/// Where PostgreSQL tells other gateways of new work.
pub(super) const JOBS_CHANNEL: &str = "triptych_jobs";

/// A transaction. Dropping it without a commit undoes it.
pub(crate) struct Tx {
    inner: Transaction<'static, Any>,
    dialect: Dialect,
}

impl Tx {
    pub(super) fn new(inner: Transaction<'static, Any>, dialect: Dialect) -> Self {
        Tx { inner, dialect }
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(crate) async fn commit(self) -> Result<(), Error> {
        failpoint::pass("before a commit");
        self.inner.commit().await?;
        failpoint::pass("after a commit");
        Ok(())
    }

    /// Wakes the workers of other gateways once this is committed.
    pub(crate) async fn notify_jobs(&mut self) -> Result<(), Error> {
        if self.dialect == Dialect::Postgres {
            sqlx::query("SELECT pg_notify($1, '')").bind(JOBS_CHANNEL).execute(&mut *self.inner).await?;
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.inner
    }
}
