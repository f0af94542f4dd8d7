//! SQLite's one writer. A commit writes each page that was changed, and most calls change the same ones; so
//! transactions that wait for their turn are written one after the other and committed together. Each is told that it
//! is done once the common commit is, and then waits for the disk where it has to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::AnyConnection;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard, watch};
use tokio::task::JoinHandle;

use super::disk::Disk;
use super::{AnyRow, Durability, Statement};
use crate::error::Error;
use crate::failpoint;

/// Transactions that are committed together at most: the first of them waits for the last.
const MOST: usize = 64;
/// Longest wait for a turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// A part's savepoint has another name than the one before it: undoing what did not begin must fail and not undo that.
const FIRST_SAVEPOINT: [&str; 2] = ["SAVEPOINT even", "SAVEPOINT odd"];
const NEXT_SAVEPOINT: [&str; 2] = ["RELEASE odd; SAVEPOINT even", "RELEASE even; SAVEPOINT odd"];
const UNDO: [&str; 2] = ["ROLLBACK TO even; RELEASE even", "ROLLBACK TO odd; RELEASE odd"];

/// The connection that writes, and who waits for it.
pub(super) struct Writer {
    batch: Arc<Mutex<Batch>>,
    waiting: Arc<AtomicUsize>,
    wake: Arc<Notify>,
    janitor: JoinHandle<()>,
    disk: Disk,
}

/// What is being written.
struct Batch {
    connection: AnyConnection,
    /// Says how the open transaction of the database has ended, to those whose part of it is done.
    open: Option<watch::Sender<Option<bool>>>,
    /// Parts that are done.
    done: usize,
    /// The last part that is done has left its savepoint.
    savepoint: bool,
    /// A part was begun; where nobody works on it any more it has to be undone.
    begun: bool,
}

/// One transaction's turn.
pub(super) struct Turn {
    batch: OwnedMutexGuard<Batch>,
    waiting: Arc<AtomicUsize>,
    wake: Arc<Notify>,
    disk: Disk,
}

/// Counts as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl Writer {
    pub(super) fn new(connection: AnyConnection, disk: Disk) -> Writer {
        let batch = Batch { connection, open: None, done: 0, savepoint: false, begun: false };
        let batch = Arc::new(Mutex::new(batch));
        let (waiting, wake) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let janitor = tokio::spawn(tidy_up(batch.clone(), waiting.clone(), wake.clone()));
        Writer { batch, waiting, wake, janitor, disk }
    }

    /// Waits for a turn and begins.
    pub(super) async fn begin(&self) -> Result<Turn, Error> {
        let mut turn = self.turn().await?;
        let beginning = turn.batch.begin().await;
        turn.batch.run(beginning).await?;
        Ok(turn)
    }

    /// Waits for a turn and begins with a statement.
    pub(super) async fn begin_with(&self, statement: Statement) -> Result<(Turn, Vec<AnyRow>), Error> {
        let mut turn = self.turn().await?;
        let beginning = turn.batch.begin().await;
        let rows = statement.run(turn.connection_mut(), beginning, "").await?;
        Ok((turn, rows))
    }

    /// Waits for a turn that is one statement.
    pub(super) async fn once(
        &self,
        statement: Statement,
        durability: Durability,
    ) -> Result<Vec<AnyRow>, Error> {
        let turn = self.turn().await?;
        // On a task of its own, as every commit.
        let done = tokio::spawn(turn.once(statement, durability)).await;
        done.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    async fn turn(&self) -> Result<Turn, Error> {
        let waiting = Waiting::new(&self.waiting);
        let batch = tokio::time::timeout(PATIENCE, self.batch.clone().lock_owned()).await;
        drop(waiting);
        let batch = batch.map_err(|_| Error::from(sqlx::Error::PoolTimedOut))?;
        Ok(Turn { batch, waiting: self.waiting.clone(), wake: self.wake.clone(), disk: self.disk.clone() })
    }

    /// Ends what is open.
    pub(super) async fn close(&self) {
        let mut batch = self.batch.lock().await;
        batch.undo().await;
        if batch.open.is_some() && batch.commit().await.is_err() {
            tracing::error!("the last transactions could not be committed");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.janitor.abort();
    }
}

impl Turn {
    pub(super) fn connection(&self) -> &AnyConnection {
        &self.batch.connection
    }

    pub(super) fn connection_mut(&mut self) -> &mut AnyConnection {
        &mut self.batch.connection
    }

    /// Ends the turn and returns once it is committed, and on the disk where that is asked for.
    pub(super) async fn commit(self, durability: Durability) -> Result<(), Error> {
        // On a task of its own: a caller that hangs up must not leave the others without their commit.
        let committed = tokio::spawn(self.commit_now(durability)).await;
        committed.unwrap_or_else(|error| Err(Error::internal(error)))
    }

    async fn once(mut self, statement: Statement, durability: Durability) -> Result<Vec<AnyRow>, Error> {
        let beginning = self.batch.begin().await;
        let last = self.is_last(self.batch.done + 1);
        // Where this fails, its part is undone as any other that was not ended.
        let end = if last { "COMMIT" } else { "" };
        let rows = statement.run(self.connection_mut(), beginning, end).await?;
        if !last {
            self.commit_now(durability).await?;
            return Ok(rows);
        }
        self.batch.end_part();
        self.batch.tell(true);
        let disk = self.disk.clone();
        drop(self);
        disk.reached(durability).await?;
        Ok(rows)
    }

    /// True where nobody waits to be committed together with so many.
    fn is_last(&self, done: usize) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0 || done >= MOST
    }

    async fn commit_now(mut self, durability: Durability) -> Result<(), Error> {
        self.batch.end_part();
        failpoint::pass("between a transaction and its commit");
        let disk = self.disk.clone();
        if self.is_last(self.batch.done) {
            self.batch.commit().await?;
            drop(self);
            return disk.reached(durability).await;
        }
        let outcome = self.batch.open.as_ref().map(watch::Sender::subscribe);
        drop(self);
        let Some(mut outcome) = outcome else { return Err(Error::internal("no transaction is open")) };
        match outcome.wait_for(Option::is_some).await.map(|outcome| *outcome) {
            Ok(Some(true)) => disk.reached(durability).await,
            _ => Err(Error::from(sqlx::Error::WorkerCrashed)),
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.batch.open.is_some() {
            // Whoever waits goes on; where nobody does, what is open must still come to an end.
            self.wake.notify_one();
        }
    }
}

impl Batch {
    /// Makes room for a part, of an open transaction or of a new one, and says what begins it. It counts as begun from
    /// here on, so that whatever becomes of that statement is undone.
    async fn begin(&mut self) -> &'static str {
        self.undo().await;
        self.begun = true;
        if self.open.is_none() {
            self.open = Some(watch::channel(None).0);
            (self.done, self.savepoint) = (0, false);
            return "BEGIN IMMEDIATE";
        }
        // The first part is undone with the whole. The savepoint of the one before is let go of here and not at its
        // end: that would be a trip of its own.
        let mine = self.done % 2;
        if std::mem::take(&mut self.savepoint) { NEXT_SAVEPOINT[mine] } else { FIRST_SAVEPOINT[mine] }
    }

    fn end_part(&mut self) {
        self.begun = false;
        self.savepoint = self.done > 0;
        self.done += 1;
    }

    /// Undoes a part that nobody works on any more. Where that fails, the whole is given up.
    async fn undo(&mut self) {
        if !self.begun {
            return;
        }
        let undone = match self.done {
            0 => false,
            _ => self.run(UNDO[self.done % 2]).await.is_ok(),
        };
        self.begun = false;
        if !undone {
            self.give_up().await;
        }
    }

    async fn commit(&mut self) -> Result<(), Error> {
        match self.run("COMMIT").await {
            Ok(()) => {
                self.tell(true);
                Ok(())
            }
            Err(error) => {
                self.give_up().await;
                Err(error)
            }
        }
    }

    async fn give_up(&mut self) {
        self.run("ROLLBACK").await.ok();
        self.tell(false);
    }

    fn tell(&mut self, done: bool) {
        if let Some(open) = self.open.take() {
            open.send_replace(Some(done));
        }
        self.done = 0;
    }

    async fn run(&mut self, statement: &'static str) -> Result<(), Error> {
        sqlx::query(statement).execute(&mut self.connection).await?;
        Ok(())
    }
}

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Ends what was left open by somebody whom nobody followed.
async fn tidy_up(batch: Arc<Mutex<Batch>>, waiting: Arc<AtomicUsize>, wake: Arc<Notify>) {
    loop {
        wake.notified().await;
        let mut batch = batch.lock().await;
        batch.undo().await;
        if batch.open.is_some() && waiting.load(Ordering::SeqCst) == 0 {
            // Its members are told of a failure, and say so.
            batch.commit().await.ok();
        }
    }
}

#[cfg(test)]
mod tests;
