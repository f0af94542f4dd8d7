//! Waits until what SQLite has committed is on the disk.
//!
//! SQLite could wait in each commit, but then whoever comes next waits with it, and so does whoever has no need to: a
//! hold that a power cut takes away is one that the next start would give back. So its commits only reach the system,
//! which keeps them whatever becomes of the process, and those who need more ask here. One wait serves all who asked
//! before it began.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use tokio::sync::oneshot;

use super::Durability;
use crate::error::Error;

type Answer = oneshot::Sender<Result<(), String>>;

/// Its thread ends once all clones of it are gone.
#[derive(Clone)]
pub(super) struct Disk(Sender<Answer>);

impl Disk {
    /// Of the database at `path`, whose log is the file beside it.
    ///
    /// # Errors
    /// Where there can be no thread.
    pub(super) fn of(path: &Path) -> io::Result<Disk> {
        // Where the name is a link, the log is beside what it leads to.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let mut log = path.into_os_string();
        log.push("-wal");
        let (asked, requests) = channel();
        std::thread::Builder::new()
            .name("ledger-disk".to_owned())
            .spawn(move || serve(&PathBuf::from(log), &requests))?;
        Ok(Disk(asked))
    }

    /// Returns once everything that was committed before is as safe as asked for.
    ///
    /// # Errors
    /// Where the disk has ever failed since the start: what it had taken by then may be lost although it says
    /// nothing more about it, so only a start anew, which reads what is there, can go on.
    pub(super) async fn reached(&self, durability: Durability) -> Result<(), Error> {
        if durability == Durability::System {
            return Ok(());
        }
        let (answer, told) = oneshot::channel();
        let gone = || Error::internal("the thread that waits for the disk is gone");
        self.0.send(answer).map_err(|_| gone())?;
        told.await.map_err(|_| gone())?.map_err(Error::internal)
    }
}

fn serve(log: &Path, requests: &Receiver<Answer>) {
    // It is there once something was committed, and SQLite keeps it as long as the database is open.
    let mut file = None;
    let mut failed = None;
    while let Ok(first) = requests.recv() {
        let mut waiting = vec![first];
        waiting.extend(requests.try_iter());
        if failed.is_none()
            && let Err(error) = sync(log, &mut file)
        {
            tracing::error!(%error, "the disk does not take the ledger; start the gateway anew once it does");
            failed = Some(format!("the disk failed: {error}"));
        }
        for answer in waiting {
            // Who does not wait any more does not need to know.
            answer.send(failed.clone().map_or(Ok(()), Err)).ok();
        }
    }
}

fn sync(log: &Path, file: &mut Option<File>) -> io::Result<()> {
    let file = match file {
        Some(file) => file,
        // Some systems bring only what may be written to the disk.
        None => file.insert(OpenOptions::new().read(true).write(true).open(log)?),
    };
    file.sync_data()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_disk_that_failed_once_is_not_trusted_again() {
        let folder = std::env::temp_dir().join(crate::store::new_id("disk"));
        std::fs::create_dir(&folder).unwrap();
        let path = folder.join("ledger.db");
        let disk = Disk::of(&path).unwrap();
        assert!(disk.reached(Durability::Disk).await.is_err(), "there is no log yet");
        std::fs::write(folder.join("ledger.db-wal"), "x").unwrap();
        assert!(disk.reached(Durability::Disk).await.is_err());
        let another = Disk::of(&path).unwrap();
        let all: Vec<_> = (0..20)
            .map(|_| {
                let disk = another.clone();
                tokio::spawn(async move { disk.reached(Durability::Disk).await })
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
