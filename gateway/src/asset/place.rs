use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};
use secrecy::ExposeSecret;

use super::Asset;
use crate::config::{Bucket, MediaPlace};

/// Types of files by their endings, for stores that want to be told.
const TYPES: [(&str, &str); 5] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("mp4", "video/mp4"),
    ("webm", "video/webm"),
];

/// The media store.
pub(super) struct Place {
    pub(super) files: Arc<dyn ObjectStore>,
    pub(super) presigner: Option<Presigner>,
    /// The folder, where it is one.
    pub(super) folder: Option<PathBuf>,
}

/// Makes links that the store itself answers.
#[derive(Clone)]
pub(super) struct Presigner {
    signer: Arc<dyn Signer>,
    life: Duration,
}

impl Place {
    /// Opens the folder, which is created where it is missing, or the bucket, which is not asked yet.
    ///
    /// # Errors
    /// A sentence naming the place.
    pub(super) fn open(place: &MediaPlace) -> Result<Self, String> {
        match place {
            MediaPlace::Folder(folder) => {
                let wrong = |error: String| format!("media: {}: {error}", folder.display());
                std::fs::create_dir_all(folder).map_err(|error| wrong(error.to_string()))?;
                let files =
                    LocalFileSystem::new_with_prefix(folder).map_err(|error| wrong(error.to_string()))?;
                Ok(Place { files: Arc::new(files), presigner: None, folder: Some(folder.clone()) })
            }
            MediaPlace::Bucket(bucket) => {
                let files = Arc::new(open_bucket(bucket)?);
                let presigner = bucket
                    .presign
                    .map(|life| Presigner { signer: Arc::clone(&files) as Arc<dyn Signer>, life });
                Ok(Place { files, presigner, folder: None })
            }
        }
    }
}

impl Presigner {
    /// A link to a file that tells the store how to name and label it.
    pub(super) async fn link(
        &self,
        method: Method,
        asset: &Asset,
        download: bool,
    ) -> Result<String, object_store::Error> {
        let options = SignedUrlOptions::new().with_query([
            ("response-content-type", asset.mime.clone()),
            ("response-content-disposition", asset.disposition(download)),
            ("response-cache-control", format!("private, max-age={}", self.life.as_secs())),
        ]);
        let path = Path::from(asset.path.as_str());
        let url = self.signer.signed_url_opts(method, &path, self.life, &options).await?;
        Ok(url.into())
    }
}

fn open_bucket(bucket: &Bucket) -> Result<PrefixStore<object_store::aws::AmazonS3>, String> {
    // No end in all: a player that reads slowly takes as long as it takes.
    let mut client = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(Duration::from_secs(30));
    for (ending, mime) in TYPES {
        client = client.with_content_type_for_suffix(ending, mime);
    }
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 4,
        retry_timeout: Duration::from_secs(30),
    };
    let mut builder = AmazonS3Builder::new()
        .with_client_options(client)
        .with_retry(retry)
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_virtual_hosted_style_request(!bucket.path_style)
        .with_access_key_id(bucket.key_id.expose_secret())
        .with_secret_access_key(bucket.secret.expose_secret())
        // Not every store that speaks S3 knows this call, and few files go at once.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &bucket.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    let store = builder.build().map_err(|error| format!("media: s3://{}: {error}", bucket.name))?;
    Ok(PrefixStore::new(store, bucket.prefix.as_str()))
}
