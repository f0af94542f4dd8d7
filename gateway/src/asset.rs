//! Files that calls have made: kept in an object store, handed out by signed links that expire.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt, WriteMultipart};
use sqlx::Row;

use crate::config::Config;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::net::{Download, FetchError, Limits};
use crate::store::{AnyRow, Store, Tx, new_id, now_ms};

mod link;
mod place;
mod range;
mod sweep;

pub(crate) use link::{Link, Links};
pub(crate) use range::{Range, Unsatisfiable};
pub(crate) use sweep::keep_clean;

use place::{Place, Presigner};

/// What fetching a clip may take.
const CLIP: Limits =
    Limits { bytes: 1024 * 1024 * 1024, idle: Duration::from_secs(30), total: Duration::from_secs(10 * 60) };
/// How long a sound is kept: as long as the key of the call that it answers.
const SOUND_MS: i64 = 24 * 60 * 60 * 1000;
/// Bytes of a file that are looked at to tell what it is.
const MAGIC: usize = 64;

/// The media store and the key of its links.
#[derive(Clone)]
pub(crate) struct Assets {
    files: Arc<dyn ObjectStore>,
    presigner: Option<Presigner>,
    folder: Option<PathBuf>,
    orphan_age: Duration,
    pub(crate) links: Links,
    keep_ms: i64,
}

/// What kind of thing a file is, which decides what it may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AssetKind {
    Image,
    Video,
    /// What was read aloud. It is for who repeats the call; no link leads to it.
    Audio,
}

/// A file and what is known of it. It belongs to an account once [`Assets::record`] was committed.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub(crate) id: String,
    pub(crate) kind: AssetKind,
    pub(crate) mime: String,
    pub(crate) bytes: u64,
    pub(crate) path: String,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

/// Why a file could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AssetError {
    /// It is not what it should be.
    #[error("the file is no {0} that browsers show")]
    WrongKind(&'static str),
    /// It is longer than a clip may be.
    #[error("the file is too large")]
    TooLarge,
    /// The provider stopped sending.
    #[error(transparent)]
    Upstream(#[from] crate::provider::UpstreamError),
    /// The disk is full, or worse.
    #[error("the media store failed: {0}")]
    Store(#[from] object_store::Error),
}

impl From<FetchError> for AssetError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TooLarge => AssetError::TooLarge,
            other => AssetError::Upstream(other.into()),
        }
    }
}

impl AssetKind {
    const ALL: [AssetKind; 3] = [AssetKind::Image, AssetKind::Video, AssetKind::Audio];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            AssetKind::Image => "image",
            AssetKind::Video => "video",
            AssetKind::Audio => "audio",
        }
    }

    /// The type that the first bytes tell. Only types that a browser shows and that cannot run scripts.
    fn sniff(self, head: &[u8]) -> Result<(&'static str, &'static str), AssetError> {
        let found = infer::get(head).map(|found| found.mime_type()).unwrap_or_default();
        Ok(match (self, found) {
            (AssetKind::Image, "image/png") => ("image/png", "png"),
            (AssetKind::Image, "image/jpeg") => ("image/jpeg", "jpg"),
            (AssetKind::Image, "image/webp") => ("image/webp", "webp"),
            (AssetKind::Video, "video/mp4" | "video/x-m4v" | "video/quicktime") => ("video/mp4", "mp4"),
            (AssetKind::Video, "video/webm" | "video/x-matroska") => ("video/webm", "webm"),
            _ => return Err(AssetError::WrongKind(self.as_str())),
        })
    }
}

/// The type and the ending of a picture, if it is one.
pub(crate) fn image_type(bytes: &[u8]) -> Result<(&'static str, &'static str), AssetError> {
    AssetKind::Image.sniff(bytes)
}

impl Assets {
    /// Opens the media folder, which is created where it is missing, or the bucket.
    ///
    /// # Errors
    /// A sentence naming the place.
    pub(crate) fn new(config: &Config, key: &[u8]) -> Result<Self, String> {
        let Place { files, presigner, folder } = Place::open(&config.media.place)?;
        let orphan_age = config.media.orphan_age;
        let keep_ms = i64::from(config.jobs.asset_days).saturating_mul(24 * 60 * 60 * 1000);
        Ok(Assets { files, presigner, folder, orphan_age, links: Links::new(key), keep_ms })
    }

    /// Keeps a file that is at hand.
    pub(crate) async fn put(&self, kind: AssetKind, bytes: Bytes) -> Result<Asset, AssetError> {
        let (mime, ending) = kind.sniff(&bytes)?;
        let asset = self.describe(kind, mime, ending, bytes.len() as u64);
        self.files.put(&Path::from(asset.path.as_str()), bytes.into()).await?;
        Ok(asset)
    }

    /// Keeps a sound, of the type that it came with.
    pub(crate) async fn put_sound(&self, mime: &'static str, bytes: Bytes) -> Result<Asset, AssetError> {
        let mut asset = self.describe(AssetKind::Audio, mime, "bin", bytes.len() as u64);
        asset.expires_at = asset.expires_at.min(asset.created_at.saturating_add(SOUND_MS));
        self.files.put(&Path::from(asset.path.as_str()), bytes.into()).await?;
        Ok(asset)
    }

    /// Makes a file the account's before the call that made it is paid. What cannot be is not kept.
    pub(crate) async fn keep(
        &self,
        store: &Store,
        asset: Asset,
        account: &AccountId,
    ) -> Result<Asset, Error> {
        let recorded = async {
            let mut tx = store.write().await?;
            self.record(&mut tx, &asset, account, None).await?;
            tx.commit().await?;
            Ok(())
        };
        if let Err(error) = recorded.await {
            self.discard(&asset).await;
            return Err(error);
        }
        Ok(asset)
    }

    /// Keeps a clip that a provider is sending, without holding it in memory.
    pub(crate) async fn put_clip(&self, answer: reqwest::Response) -> Result<Asset, AssetError> {
        let mut answer = Download::new(answer, CLIP)?;
        let mut head = Vec::new();
        while head.len() < MAGIC {
            let Some(part) = answer.chunk().await? else {
                break;
            };
            head.extend_from_slice(&part);
        }
        let (mime, ending) = AssetKind::Video.sniff(&head)?;
        let mut asset = self.describe(AssetKind::Video, mime, ending, 0);
        let mut upload =
            WriteMultipart::new(self.files.put_multipart(&Path::from(asset.path.as_str())).await?);
        match copy(Bytes::from(head), &mut answer, &mut upload).await {
            Ok(bytes) => asset.bytes = bytes,
            Err(error) => {
                // Parts of a bucket that nobody completes would be billed for ever.
                upload.abort().await?;
                return Err(error);
            }
        }
        upload.finish().await?;
        Ok(asset)
    }

    /// Makes the file the account's, in the transaction that pays for it.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        asset: &Asset,
        account: &AccountId,
        job: Option<&str>,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO asset (id, account_id, kind, mime, bytes, path, job_id, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&asset.id)
        .bind(&account.0)
        .bind(asset.kind.as_str())
        .bind(&asset.mime)
        .bind(i64::try_from(asset.bytes).unwrap_or(i64::MAX))
        .bind(&asset.path)
        .bind(job)
        .bind(asset.created_at)
        .bind(asset.expires_at)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// A recorded file that has not expired.
    pub(crate) async fn find(&self, store: &Store, id: &str) -> Result<Option<Asset>, Error> {
        let row = sqlx::query(
            "SELECT id, kind, mime, bytes, path, created_at, expires_at FROM asset WHERE id = $1 AND expires_at > $2",
        )
        .bind(id)
        .bind(now_ms())
        .fetch_optional(store.read())
        .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The file of a job, which its owner may not have yet.
    pub(crate) async fn of_job(&self, store: &Store, job: &str) -> Result<Option<Asset>, Error> {
        let row = sqlx::query(
            "SELECT id, kind, mime, bytes, path, created_at, expires_at FROM asset WHERE job_id = $1 AND expires_at > $2",
        )
        .bind(job)
        .bind(now_ms())
        .fetch_optional(store.read())
        .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// Ends all links to the file of a job. The next sweep deletes it.
    pub(crate) async fn end_links(tx: &mut Tx, job: &str) -> Result<(), Error> {
        sqlx::query("UPDATE asset SET expires_at = $1 WHERE job_id = $2 AND expires_at > $1")
            .bind(now_ms())
            .bind(job)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// The bytes of a file, all or some.
    pub(crate) async fn open(
        &self,
        asset: &Asset,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<object_store::GetResult, Error> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        let found = self.files.get_opts(&Path::from(asset.path.as_str()), options).await;
        found.map_err(|error| match error {
            object_store::Error::NotFound { .. } => Error::not_found("file").cause(error),
            other => Error::internal(other),
        })
    }

    /// Forgets a file that was kept for nothing.
    pub(crate) async fn discard(&self, asset: &Asset) {
        self.remove(&asset.path).await;
    }

    /// A link to the file at the store itself, where browsers fetch from there.
    pub(crate) async fn direct_link(
        &self,
        method: Method,
        asset: &Asset,
        download: bool,
    ) -> Result<Option<String>, Error> {
        match &self.presigner {
            None => Ok(None),
            Some(presigner) => {
                presigner.link(method, asset, download).await.map(Some).map_err(Error::internal)
            }
        }
    }

    fn describe(&self, kind: AssetKind, mime: &str, ending: &str, bytes: u64) -> Asset {
        let id = new_id("asset");
        let now = now_ms();
        let path = format!("{}/{id}.{ending}", kind.as_str());
        let expires_at = now.saturating_add(self.keep_ms);
        Asset { id, kind, mime: mime.to_owned(), bytes, path, created_at: now, expires_at }
    }
}

impl Asset {
    /// The value of `Content-Disposition`: shown in the page only where it is one of the types that run no scripts.
    pub(crate) fn disposition(&self, download: bool) -> String {
        let inert = matches!(
            self.mime.as_str(),
            "image/png" | "image/jpeg" | "image/webp" | "video/mp4" | "video/webm"
        );
        let place = if download || !inert { "attachment" } else { "inline" };
        let ending = self.path.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        format!("{place}; filename=\"{}.{ending}\"", self.id)
    }
}

/// Sends on what comes; tells how many bytes it was.
async fn copy(head: Bytes, answer: &mut Download, upload: &mut WriteMultipart) -> Result<u64, AssetError> {
    let mut bytes = 0;
    let mut next = Some(head);
    while let Some(part) = next {
        bytes += part.len() as u64;
        upload.wait_for_capacity(4).await?;
        upload.put(part);
        next = answer.chunk().await?;
    }
    Ok(bytes)
}

fn read(row: &AnyRow) -> Result<Asset, Error> {
    let kind = match row.try_get::<String, _>(1)?.as_str() {
        "video" => AssetKind::Video,
        "audio" => AssetKind::Audio,
        _ => AssetKind::Image,
    };
    Ok(Asset {
        id: row.try_get(0)?,
        kind,
        mime: row.try_get(2)?,
        bytes: row.try_get::<i64, _>(3)?.unsigned_abs(),
        path: row.try_get(4)?,
        created_at: row.try_get(5)?,
        expires_at: row.try_get(6)?,
    })
}
