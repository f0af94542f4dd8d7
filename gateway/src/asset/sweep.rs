use std::collections::HashSet;
use std::path::Path as FilePath;
use std::time::{Duration, Instant, SystemTime};

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use sqlx::{AssertSqlSafe, Row};

use super::{AssetKind, Assets};
use crate::error::Error;
use crate::state::AppState;
use crate::store::{Store, now_ms};

/// How often what has expired is cleared away.
const EXPIRY_PAUSE: Duration = Duration::from_secs(60);
/// How often the whole store is listed.
const ORPHAN_PAUSE: Duration = Duration::from_secs(6 * 60 * 60);
/// Files that are handled together.
const BATCH: usize = 200;
/// Files that are deleted at the same time.
const AT_ONCE: usize = 8;

/// Clears the media store until the shutdown. Several gateways may do so at once: what one has deleted is no failure
/// to the others.
pub(crate) async fn keep_clean(state: AppState) {
    let mut listed: Option<Instant> = None;
    while !state.shutdown.is_set() {
        let work = async {
            while state.assets.sweep_expired(&state.store).await? == BATCH {}
            if listed.is_none_or(|at| at.elapsed() >= ORPHAN_PAUSE) {
                listed = Some(Instant::now());
                let found = state.assets.sweep_orphans(&state.store).await?;
                if found > 0 {
                    tracing::info!(files = found, "deleted files that belong to nobody");
                }
            }
            Ok::<(), Error>(())
        };
        tokio::select! {
            () = state.shutdown.wait() => return,
            done = work => if let Err(error) = done { error.log() },
        }
        tokio::select! {
            () = state.shutdown.wait() => return,
            () = tokio::time::sleep(EXPIRY_PAUSE) => {}
        }
    }
}

impl Assets {
    /// Deletes a batch of what has expired; tells how many files.
    pub(crate) async fn sweep_expired(&self, store: &Store) -> Result<usize, Error> {
        let now = now_ms();
        let rows =
            sqlx::query("SELECT id, path FROM asset WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2")
                .bind(now)
                .bind(BATCH as i64)
                .fetch_all(store.read())
                .await?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            due.push((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?));
        }
        // The file first: a row without a file answers 404 and is tried again, a file without a row would wait for
        // the next listing.
        let gone: Vec<String> = stream::iter(due)
            .map(|(id, path)| async move { self.remove(&path).await.then_some(id) })
            .buffer_unordered(AT_ONCE)
            .filter_map(async |id| id)
            .collect()
            .await;
        if !gone.is_empty() {
            let mut tx = store.write().await?;
            let sql =
                format!("DELETE FROM asset WHERE id IN ({}) AND expires_at <= $1", places(2, gone.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql)).bind(now);
            for id in &gone {
                query = query.bind(id);
            }
            query.execute(&mut *tx).await?;
            tx.commit().await?;
        }
        Ok(gone.len())
    }

    /// Deletes old files that no account has, which a crash between the file and its row leaves behind; tells how
    /// many. Files whose names are not of our making are left alone.
    pub(crate) async fn sweep_orphans(&self, store: &Store) -> Result<usize, Error> {
        let before = SystemTime::now() - self.orphan_age;
        let old = self.files.list(None).try_filter_map(async |file| {
            let ours = SystemTime::from(file.last_modified) < before && is_ours(file.location.as_ref());
            Ok(ours.then(|| file.location.to_string()))
        });
        let mut old = old.try_chunks(BATCH).boxed();
        let mut deleted = 0;
        while let Some(paths) = old.next().await {
            let paths = paths.map_err(|error| Error::internal(error.1))?;
            let sql = format!("SELECT path FROM asset WHERE path IN ({})", places(1, paths.len()));
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for path in &paths {
                query = query.bind(path);
            }
            let mut known = HashSet::new();
            for row in query.fetch_all(store.read()).await? {
                known.insert(row.try_get::<String, _>(0)?);
            }
            for path in paths.iter().filter(|path| !known.contains(*path)) {
                deleted += usize::from(self.remove(path).await);
            }
        }
        if let Some(folder) = self.folder.clone() {
            let staged = tokio::task::spawn_blocking(move || remove_staged(&folder, before));
            deleted += staged.await.unwrap_or_default();
        }
        Ok(deleted)
    }

    /// Deletes a file; true where it is gone, whoever did it.
    pub(super) async fn remove(&self, path: &str) -> bool {
        match self.files.delete(&Path::from(path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => true,
            Err(error) => {
                tracing::warn!(file = path, %error, "a file that nobody needs could not be deleted");
                false
            }
        }
    }
}

/// `$2, $3, $4` for three places from the second on.
fn places(first: usize, count: usize) -> String {
    let places = (first..first + count).map(|place| format!("${place}"));
    places.collect::<Vec<_>>().join(", ")
}

/// True for names that [`Assets`] gives. An operator's own files may lie beside ours.
fn is_ours(path: &str) -> bool {
    path.split_once('/').is_some_and(|(kind, name)| {
        AssetKind::ALL.iter().any(|one| one.as_str() == kind)
            && name.starts_with("asset_")
            && !name.contains('/')
    })
}

/// Deletes the beginnings of files that were never finished, which a listing does not show.
fn remove_staged(folder: &FilePath, before: SystemTime) -> usize {
    let mut deleted = 0;
    for kind in AssetKind::ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(kind.as_str())) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let staged = name.to_str().is_some_and(|name| name.starts_with("asset_") && name.contains('#'));
            let changed = entry.metadata().and_then(|about| about.modified());
            if staged && changed.is_ok_and(|at| at < before) && std::fs::remove_file(entry.path()).is_ok() {
                deleted += 1;
            }
        }
    }
    deleted
}
