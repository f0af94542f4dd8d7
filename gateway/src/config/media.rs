use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::{Env, secret, web_address};

/// Longest that a link of the bucket may work: as long as our own links.
const MOST_PRESIGN_SECONDS: u64 = 60 * 60;

/// Where pictures and clips are kept.
#[derive(Clone, Debug)]
pub struct MediaConfig {
    /// The folder or the bucket.
    pub place: MediaPlace,
    /// From which age on a file that belongs to nobody is deleted.
    pub orphan_age: Duration,
}

/// The place for files.
#[derive(Clone, Debug)]
pub enum MediaPlace {
    /// A folder of this machine, or one that all gateways have mounted.
    Folder(PathBuf),
    /// A bucket of a store that speaks S3.
    Bucket(Bucket),
}

/// A bucket and how it is reached.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// What the names of all files begin with; empty for none.
    pub prefix: String,
    /// The store's address with the bucket's name in the host where that is asked for; AWS's where it is `None`.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// True where the bucket's name is the first part of the path, not of the host.
    pub path_style: bool,
    /// The id of the key.
    pub key_id: SecretString,
    /// The key itself.
    pub secret: SecretString,
    /// How long a link to the store itself works, if browsers fetch files from there.
    pub presign: Option<Duration>,
}

/// `[media_store]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MediaStoreTable {
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    key_id_env: Option<String>,
    secret_env: Option<String>,
    presign: bool,
    presign_seconds: u64,
    orphan_hours: u64,
}

impl Default for MediaStoreTable {
    fn default() -> Self {
        MediaStoreTable {
            endpoint: None,
            region: None,
            path_style: None,
            key_id_env: None,
            secret_env: None,
            presign: false,
            presign_seconds: 300,
            orphan_hours: 24,
        }
    }
}

impl MediaStoreTable {
    /// Checks the table together with `media`.
    pub(super) fn check(self, media: &str, base: &Path, env: Env<'_>) -> Result<MediaConfig, String> {
        // Between a file and its row lie moments; an hour leaves room for clocks that differ.
        if self.orphan_hours == 0 {
            return Err("media_store.orphan_hours: must be at least 1".to_owned());
        }
        let orphan_age = Duration::from_secs(self.orphan_hours.saturating_mul(60 * 60));
        let place = match media.split_once("://") {
            Some(("s3", rest)) => MediaPlace::Bucket(self.bucket(rest, env)?),
            Some(_) => {
                return Err(format!(
                    "media: `{media}` is neither a folder nor a bucket (write e.g. \"media\" or \"s3://bucket/prefix\")"
                ));
            }
            None if self.is_about_a_bucket() => {
                return Err(
                    "media_store: only orphan_hours says anything about a folder; for a bucket write media = \
                     \"s3://bucket/prefix\""
                        .to_owned(),
                );
            }
            None => MediaPlace::Folder(base.join(media)),
        };
        Ok(MediaConfig { place, orphan_age })
    }

    fn is_about_a_bucket(&self) -> bool {
        let words = [&self.endpoint, &self.region, &self.key_id_env, &self.secret_env];
        self.presign || self.path_style.is_some() || words.iter().any(|word| word.is_some())
    }

    fn bucket(self, rest: &str, env: Env<'_>) -> Result<Bucket, String> {
        let (name, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.');
        if !(3..=63).contains(&name.len()) || !name.bytes().all(plain) || name.starts_with(['-', '.']) {
            return Err(format!(
                "media: `{name}` is not the name of a bucket (write e.g. \"s3://bucket/prefix\")"
            ));
        }
        let prefix = prefix.trim_end_matches('/');
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        let odd = |part: &str| part.is_empty() || part == "." || part == "..";
        if !prefix.is_empty() && (!prefix.bytes().all(word) || prefix.split('/').any(odd)) {
            return Err(format!(
                "media: `{prefix}` is not a plain prefix (letters, digits, `-`, `_`, `.` and `/`)"
            ));
        }
        // Stores of one's own rarely have a host name for each bucket.
        let path_style = self.path_style.unwrap_or(self.endpoint.is_some());
        let endpoint = match &self.endpoint {
            None => None,
            Some(text) => {
                let url = web_address("media_store.endpoint", text)?;
                let (scheme, host) = url.split_once("://").unwrap_or_default();
                if host.contains(['/', '?']) {
                    return Err(format!("media_store.endpoint: `{text}` must be scheme and host only"));
                }
                Some(if path_style { url } else { format!("{scheme}://{name}.{host}") })
            }
        };
        let region = match (self.region, &endpoint) {
            (Some(region), _) => region,
            // What MinIO and its like are signed for where nobody says otherwise.
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => return Err("media_store.region: is needed where no endpoint is given".to_owned()),
        };
        super::check::word("media_store.region", &region)?;
        if self.presign_seconds == 0 || self.presign_seconds > MOST_PRESIGN_SECONDS {
            return Err(format!("media_store.presign_seconds: must be 1 to {MOST_PRESIGN_SECONDS}"));
        }
        let (Some(key_id), Some(key)) = (&self.key_id_env, &self.secret_env) else {
            return Err("media_store: key_id_env and secret_env are needed for a bucket; they name the \
                        environment variables with its key"
                .to_owned());
        };
        Ok(Bucket {
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            endpoint,
            region,
            path_style,
            key_id: secret(env, key_id, 1, "media_store.key_id_env names it")?,
            secret: secret(env, key, 8, "media_store.secret_env names it")?,
            presign: self.presign.then(|| Duration::from_secs(self.presign_seconds)),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn check(media: &str, table: &str) -> Result<MediaConfig, String> {
        let table: MediaStoreTable = toml::from_str(table).map_err(|error| error.to_string())?;
        let env = |name: &str| match name {
            "ID" => Some("key-id".to_owned()),
            "KEY" => Some("key-0123456789".to_owned()),
            _ => None,
        };
        table.check(media, Path::new("/base"), &env)
    }

    fn bucket(media: &str, table: &str) -> Bucket {
        let table = format!("key_id_env = \"ID\"\nsecret_env = \"KEY\"\n{table}");
        match check(media, &table).unwrap().place {
            MediaPlace::Bucket(bucket) => bucket,
            MediaPlace::Folder(folder) => panic!("{folder:?}"),
        }
    }

    #[test]
    fn a_bucket_is_addressed_by_host_at_aws_and_by_path_elsewhere() {
        let aws = bucket("s3://media-1/a/b/", "region = \"eu-central-1\"");
        assert_eq!((aws.name.as_str(), aws.prefix.as_str(), aws.path_style), ("media-1", "a/b", false));
        let own = bucket("s3://media", "endpoint = \"http://127.0.0.1:9000/\"");
        assert_eq!(own.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
        assert!(own.path_style && own.prefix.is_empty() && own.presign.is_none());
        let hosted =
            bucket("s3://media", "endpoint = \"https://s3.example.com\"\npath_style = false\npresign = true");
        assert_eq!(hosted.endpoint.as_deref(), Some("https://media.s3.example.com"));
        assert_eq!(hosted.presign, Some(Duration::from_secs(300)));
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_key_that_is_wrong() {
        let keys = "key_id_env = \"ID\"\nsecret_env = \"KEY\"\nregion = \"x\"\n";
        for (media, table, wrong) in [
            ("ftp://x", "", "media: "),
            ("media", "presign = true", "media_store: "),
            ("media", "orphan_hours = 0", "media_store.orphan_hours: "),
            ("s3://media", "region = \"x\"", "media_store: key_id_env"),
            ("s3://media", "key_id_env = \"ID\"\nsecret_env = \"KEY\"", "media_store.region: "),
            ("s3://Media", keys, "media: `Media`"),
            ("s3://media/../x", keys, "media: `../x`"),
            ("s3://media", &format!("{keys}endpoint = \"x\""), "media_store.endpoint: "),
            ("s3://media", &format!("{keys}endpoint = \"https://x.y/z\""), "media_store.endpoint: "),
            ("s3://media", &format!("{keys}presign_seconds = 0"), "media_store.presign_seconds: "),
            ("s3://media", &keys.replace("\"KEY\"", "\"NO\""), "the environment variable NO"),
        ] {
            let error = check(media, table).unwrap_err();
            assert!(error.starts_with(wrong), "{media} {table}: {error}");
        }
    }
}
