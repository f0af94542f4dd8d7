//! The file as it is written. Unknown keys are refused: a misspelt limit must not silently be no limit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};
use triptych_protocol::{Credits, Modality};

use super::media::MediaStoreTable;
use super::policy::PolicyTable;
use super::rate::RateLimits;
use super::site::SiteTable;
use super::streams::StreamsTable;
use super::telemetry::TelemetryTable;
use super::{LogFormat, NetworkConfig, ProviderKind, ServerConfig};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default = "listen")]
    pub(super) listen: String,
    pub(super) admin_listen: Option<String>,
    #[serde(default = "yes")]
    pub(super) openapi: bool,
    pub(super) public_url: Option<String>,
    pub(super) database: Option<String>,
    pub(super) database_env: Option<String>,
    #[serde(default)]
    pub(super) token_keys_old_env: Vec<String>,
    pub(super) media: String,
    #[serde(default)]
    pub(super) media_store: MediaStoreTable,
    pub(super) widget: Option<PathBuf>,
    pub(super) catalogue: Option<PathBuf>,
    #[serde(default = "ten")]
    pub(super) shutdown_grace_seconds: u64,
    #[serde(default = "half_a_minute")]
    pub(super) silence_ms: u64,
    #[serde(default)]
    pub(super) log_format: LogFormat,
    #[serde(default)]
    pub(super) credits: CreditsTable,
    #[serde(default)]
    pub(super) tenants: Vec<TenantTable>,
    #[serde(default)]
    pub(super) sites: Vec<SiteTable>,
    #[serde(default)]
    pub(super) providers: Vec<ProviderTable>,
    #[serde(default)]
    pub(super) routes: Vec<RouteTable>,
    #[serde(default)]
    pub(super) jobs: JobsTable,
    pub(super) stream_log: Option<String>,
    #[serde(default)]
    pub(super) streams: StreamsTable,
    #[serde(default)]
    pub(super) limits: LimitsTable,
    #[serde(default)]
    pub(super) server: ServerConfig,
    #[serde(default)]
    pub(super) network: NetworkConfig,
    #[serde(default)]
    pub(super) telemetry: TelemetryTable,
    #[serde(default)]
    pub(super) policy: PolicyTable,
    #[serde(default)]
    pub(super) demo: DemoTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CreditsTable {
    pub(super) low_at: Option<Amount>,
    pub(super) top_up_url: Option<String>,
    pub(super) currency: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantTable {
    pub(super) id: String,
    pub(super) secret_env: String,
    #[serde(default)]
    pub(super) origins: Vec<String>,
    pub(super) initial_grant: Option<Amount>,
    pub(super) monthly_credits: Option<Amount>,
    pub(super) topup_secret_env: Option<String>,
    #[serde(default)]
    pub(super) limits: RateLimits,
    #[serde(default)]
    pub(super) user_limits: RateLimits,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderTable {
    pub(super) id: String,
    pub(super) kind: ProviderKind,
    pub(super) base_url: String,
    pub(super) key_env: Option<String>,
    #[serde(default = "everything")]
    pub(super) serves: Vec<Modality>,
    #[serde(default)]
    pub(super) models: Vec<String>,
    #[serde(default)]
    pub(super) model_map: BTreeMap<String, String>,
    pub(super) max_tokens_field: Option<String>,
    #[serde(default = "ten_jobs")]
    pub(super) max_video_jobs: u32,
    #[serde(default)]
    pub(super) file_hosts: Vec<String>,
    pub(super) webhook_secret_env: Option<String>,
    #[serde(default = "five")]
    pub(super) breaker_failures: u32,
    #[serde(default = "fifteen")]
    pub(super) breaker_seconds: u64,
    #[serde(default = "ten_seconds")]
    pub(super) connect_timeout_ms: u64,
    #[serde(default = "a_minute")]
    pub(super) first_byte_timeout_ms: u64,
    #[serde(default = "half_a_minute")]
    pub(super) idle_timeout_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteTable {
    pub(super) model: String,
    pub(super) providers: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct JobsTable {
    pub(super) poll_min_ms: u64,
    pub(super) poll_max_ms: u64,
    pub(super) max_queued_per_user: u32,
    pub(super) max_running_per_user: u32,
    pub(super) batch_percent: u32,
    pub(super) deadline_minutes: u64,
    pub(super) asset_days: u32,
}

impl Default for JobsTable {
    fn default() -> Self {
        JobsTable {
            poll_min_ms: 1_000,
            poll_max_ms: 10_000,
            max_queued_per_user: 20,
            max_running_per_user: 5,
            batch_percent: 50,
            deadline_minutes: 60,
            asset_days: 7,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LimitsTable {
    pub(super) body_bytes: usize,
    pub(super) upload_bytes: usize,
    pub(super) upload_file_bytes: usize,
    pub(super) upload_files: usize,
    pub(super) picture_pixels: u64,
    pub(super) streams_per_user: u32,
    pub(super) user: RateLimits,
    pub(super) tenant: RateLimits,
}

impl Default for LimitsTable {
    fn default() -> Self {
        LimitsTable {
            body_bytes: 1 << 20,
            upload_bytes: 32 << 20,
            upload_file_bytes: 25 << 20,
            upload_files: 16,
            picture_pixels: 64_000_000,
            streams_per_user: 8,
            user: RateLimits::default(),
            tenant: RateLimits::default(),
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DemoTable {
    pub(super) enabled: bool,
    pub(super) pages: Option<PathBuf>,
    pub(super) user: Option<String>,
}

/// Credits as people write them: `1000`, or `"7.5"` in quotes where there is a fraction.
#[derive(Clone, Copy)]
pub(crate) struct Amount(pub(crate) Credits);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(i64),
            Text(String),
        }
        let wrong = || de::Error::custom("not an amount of credits (write 1000, or \"7.5\" in quotes)");
        let amount = match Written::deserialize(deserializer).map_err(|_| wrong())? {
            Written::Whole(credits) => Credits::from_whole(credits),
            Written::Text(text) => text.parse().map_err(|_| wrong())?,
        };
        if amount < Credits::ZERO {
            Err(de::Error::custom("an amount below zero"))
        } else {
            Ok(Amount(amount))
        }
    }
}

/// Reads the text; messages begin with the path of the key that is wrong, or with the line.
pub(super) fn read(text: &str) -> Result<File, String> {
    read_as(text)
}

/// Reads any table, with messages that begin with the path of the key that is wrong.
pub(crate) fn read_as<T: de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let deserializer =
        toml::Deserializer::parse(text).map_err(|error| error.to_string().trim().to_owned())?;
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        let message = error.inner().message().trim().to_owned();
        if path == "." || path == "?" { message } else { format!("{path}: {message}") }
    })
}

fn listen() -> String {
    "127.0.0.1:8787".to_owned()
}

fn yes() -> bool {
    true
}

fn ten() -> u64 {
    10
}

fn ten_jobs() -> u32 {
    10
}

fn ten_seconds() -> u64 {
    10_000
}

fn a_minute() -> u64 {
    60_000
}

fn half_a_minute() -> u64 {
    30_000
}

fn five() -> u32 {
    5
}

fn fifteen() -> u64 {
    15
}

fn everything() -> Vec<Modality> {
    use Modality::{Audio, Chat, Image, Speech, Transcription, Video};
    vec![Chat, Image, Video, Audio, Speech, Transcription]
}
