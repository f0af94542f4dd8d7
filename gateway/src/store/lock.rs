use std::fs::{File, TryLockError};
use std::path::Path;

/// One gateway's hold on a SQLite file. The system lets go of it when the process ends, however it ends.
pub(super) struct FileLock(#[expect(dead_code, reason = "it is held, not used")] File);

impl FileLock {
    /// Takes `path.lock`.
    ///
    /// # Errors
    /// A sentence where another gateway has it.
    pub(super) fn take(path: &Path) -> Result<FileLock, String> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = File::create(&name).map_err(|error| format!("{}: {error}", Path::new(&name).display()))?;
        match file.try_lock() {
            Ok(()) => Ok(FileLock(file)),
            Err(TryLockError::WouldBlock) => Err("another gateway is using it. Stop that one first, or use \
                                                  PostgreSQL for several gateways"
                .to_owned()),
            // A file system without locks: nothing can be said, so nothing is refused.
            Err(TryLockError::Error(error)) => {
                tracing::warn!(%error, "the database file cannot be locked; start one gateway only");
                Ok(FileLock(file))
            }
        }
    }
}
