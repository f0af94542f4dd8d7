//! What the gateway is told: a TOML file, and secrets from the environment only.

mod check;
mod file;
mod media;
mod network;
mod policy;
mod rate;
mod safety;
mod site;
mod streams;
mod telemetry;
#[cfg(test)]
mod tests;
mod upstream;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use triptych_protocol::{Credits, Modality};

pub(crate) use file::{Amount, read_as};
pub use media::{Bucket, MediaConfig, MediaPlace};
pub use network::Network;
pub use policy::{AfterCheck, PolicyConfig, PolicyHook};
pub use rate::RateLimits;
pub use safety::{NetworkConfig, ServerConfig};
pub use site::{Challenge, Site};
pub(crate) use site::{VISITOR, site_of};
pub use streams::{StreamLogPlace, StreamsConfig};
pub use telemetry::TracesConfig;

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where `/admin/v1` and `/metrics` are served, and nowhere else, if it is set.
    pub admin_listen: Option<SocketAddr>,
    /// Whether `/openapi.json` describes the calls of pages and hosts to everybody.
    pub openapi: bool,
    /// The address that browsers reach the gateway at, without a trailing slash.
    pub public_url: Option<String>,
    /// `sqlite:` and a path.
    pub database: String,
    /// Where pictures and clips are kept.
    pub media: MediaConfig,
    /// The folder with the built widget's files.
    pub widget: Option<PathBuf>,
    /// A catalogue of models that replaces the built-in one.
    pub catalogue: Option<PathBuf>,
    /// How long running calls may go on after a stop was asked for.
    pub shutdown_grace: Duration,
    /// How long a gateway on a shared database may be silent before the others count it as gone.
    pub silence: Duration,
    /// How the log is written.
    pub log_format: LogFormat,
    /// What is said about credits.
    pub credits: CreditsConfig,
    /// Who may mint tokens.
    pub tenants: Vec<Tenant>,
    /// Pages without a backend.
    pub sites: Vec<Site>,
    /// Proxies whose word about a client's address is taken.
    pub trusted_proxies: Vec<Network>,
    /// Where calls go. The first one that serves a model's modality gets the call where no route says otherwise.
    pub providers: Vec<ProviderConfig>,
    /// Where the calls of single models go.
    pub routes: Vec<RouteConfig>,
    /// How video jobs are worked on.
    pub jobs: JobsConfig,
    /// How streamed answers are kept and ended.
    pub streams: StreamsConfig,
    /// Bounds on what one request or user may take.
    pub limits: Limits,
    /// How connections are served.
    pub server: ServerConfig,
    /// Where URLs that came from outside may lead.
    pub network: NetworkConfig,
    /// Where traces go; nowhere where it is `None`.
    pub traces: Option<TracesConfig>,
    /// Who judges requests and answers.
    pub policy: PolicyConfig,
    /// The demonstration, which plays the host's backend as well.
    pub demo: Demo,
    /// From the environment.
    pub secrets: Secrets,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is said about credits.
#[derive(Clone, Debug)]
pub struct CreditsConfig {
    /// At or below this a balance counts as low.
    pub low_at: Option<Credits>,
    /// Where users can buy more.
    pub top_up_url: Option<String>,
    /// The name of the unit.
    pub currency: String,
}

/// A host: its backend mints tokens for its users, its pages use them.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// A short name.
    pub id: String,
    /// What its backend sends as `Authorization: Bearer`.
    pub secret: SecretString,
    /// The origins of its pages, such as `https://example.com`.
    pub origins: Vec<String>,
    /// What a user gets when a token is minted for it for the first time.
    pub initial_grant: Option<Credits>,
    /// What each user gets every month, from the first token on.
    pub monthly_credits: Option<Credits>,
    /// Signs what its billing system says that users have bought.
    pub topup_secret: Option<crate::webhook::Secret>,
    /// What all its users may use together.
    pub limits: RateLimits,
    /// What each of its users may use.
    pub user_limits: RateLimits,
}

/// How a provider's API is shaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProviderKind {
    /// OpenAI's, with `POST /v1/videos`.
    Openai,
    /// OpenAI's calls without its newest fields and without clips: Ollama, vLLM, llama.cpp, LiteLLM.
    Compatible,
    /// `POST /v1/video/generations` for clips, OpenAI's for the rest: new-api and others.
    Generations,
    /// Atlas Cloud's predictions for pictures and clips, OpenAI's for chat.
    Atlas,
}

/// A model's id, or the beginning of one and a `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPattern(pub(crate) String);

/// A host's name in lower case, or `*.` and the end of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern(pub(crate) String);

/// Where the calls of a model go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteConfig {
    /// The models it is for.
    pub model: ModelPattern,
    /// Ids of providers; the next one is asked where one has certainly done nothing.
    pub providers: Vec<String>,
}

/// An upstream.
#[derive(Clone, Debug)]
pub struct ProviderConfig {
    /// A short name, unique.
    pub id: String,
    /// How its API is shaped.
    pub kind: ProviderKind,
    /// Without a trailing slash; the calls' paths follow its `/v1`, which may be left out.
    pub base_url: String,
    /// Sent as `Authorization: Bearer`.
    pub key: Option<SecretString>,
    /// What it is used for.
    pub serves: Vec<Modality>,
    /// The models that go to it; where empty, those that no other provider names.
    pub models: Vec<ModelPattern>,
    /// From the catalogue's ids to the provider's own, where they differ.
    pub model_map: BTreeMap<String, String>,
    /// The field that caps an answer's tokens: `max_completion_tokens`, or `max_tokens` for older servers.
    pub max_tokens_field: String,
    /// Video jobs that it may work on at once.
    pub max_video_jobs: u32,
    /// Other hosts that its links to files may lead to.
    pub file_hosts: Vec<HostPattern>,
    /// Checks the signatures of its webhooks.
    pub webhook_secret: Option<crate::webhook::Secret>,
    /// Outages in a row after which it is left alone.
    pub breaker_failures: u32,
    /// How long it is left alone.
    pub breaker_seconds: u64,
    /// For the connection to be made.
    pub connect_timeout_ms: u64,
    /// From the request to the first byte of its answer.
    pub first_byte_timeout_ms: u64,
    /// Between two pieces of an answer.
    pub idle_timeout_ms: u64,
}

/// How video jobs are worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobsConfig {
    /// First wait between two polls of a job.
    pub poll_min_ms: u64,
    /// Longest wait between two polls of a job.
    pub poll_max_ms: u64,
    /// Unfinished jobs that one user may have.
    pub max_queued_per_user: u32,
    /// Jobs of one user that providers may work on at once.
    pub max_running_per_user: u32,
    /// The part of a provider's places that batch jobs may take while others wait, in percent.
    pub batch_percent: u32,
    /// After this a job that has not ended is given up.
    pub deadline_minutes: u64,
    /// How long finished files are kept.
    pub asset_days: u32,
}

/// Bounds on what one request or user may take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Largest JSON body.
    pub body_bytes: usize,
    /// Largest multipart body.
    pub upload_bytes: usize,
    /// Largest file in a multipart body.
    pub upload_file_bytes: usize,
    /// Most files in a multipart body.
    pub upload_files: usize,
    /// Largest picture that is taken, width times height.
    pub picture_pixels: u64,
    /// Streams that one user may have open.
    pub streams_per_user: u32,
}

/// The demonstration.
#[derive(Clone, Debug, Default)]
pub struct Demo {
    /// Serves pages and mints tokens without credentials. Only on a loopback address.
    pub enabled: bool,
    /// The folder that is served at `/`.
    pub pages: Option<PathBuf>,
    /// The user that tokens are for when the page names none.
    pub user: String,
}

/// What comes from the environment and is never logged.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// Signs tokens and links.
    pub(crate) token_key: SecretString,
    /// Keys that have signed them before. What they signed is good until it expires.
    pub(crate) old_token_keys: Vec<SecretString>,
    /// Opens `/admin/v1`.
    pub(crate) admin: SecretString,
}

impl Secrets {
    pub(crate) fn token_key_bytes(&self) -> &[u8] {
        self.token_key.expose_secret().as_bytes()
    }

    /// A key of its own for links to assets, so that neither signature can stand in for the other.
    pub(crate) fn asset_key(&self) -> [u8; 32] {
        derived("assets", &self.token_key)
    }

    /// The key for a purpose, and those that it had before.
    pub(crate) fn keys_for(&self, purpose: &str) -> Vec<[u8; 32]> {
        let all = std::iter::once(&self.token_key).chain(&self.old_token_keys);
        all.map(|key| derived(purpose, key)).collect()
    }
}

/// A key for one purpose, which tells nothing of the others'.
fn derived(purpose: &str, key: &SecretString) -> [u8; 32] {
    let label = format!("triptych {purpose}\0");
    Sha256::new().chain_update(label).chain_update(key.expose_secret()).finalize().into()
}

/// A configuration that cannot be used, in words that say which key and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

impl Config {
    /// Reads a file; `env` looks up environment variables. Relative paths in it start from the file's own folder.
    ///
    /// # Errors
    /// Where the file cannot be read, a key is unknown, missing or wrong, or a secret is not in the environment.
    pub fn load(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError(format!(
                "{name}: {error} (copy gateway.example.toml to start from, and name it with --config)"
            ))
        })?;
        Config::parse(&name, &text, path.parent().unwrap_or(Path::new("")), env)
    }

    /// Reads the text of a file. `name` stands before each message, `base` is where relative paths start from.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        name: &str,
        text: &str,
        base: &Path,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let file = file::read(text).map_err(|message| ConfigError(format!("{name}: {message}")))?;
        check::check(file, base, env).map_err(|message| ConfigError(format!("{name}: {message}")))
    }

    /// Reads the catalogue without keeping it.
    ///
    /// # Errors
    /// Where it is wrong.
    pub fn check_catalogue(&self) -> Result<(), ConfigError> {
        crate::catalogue::Catalogue::load(self.catalogue.as_deref()).map(drop).map_err(ConfigError)
    }

    /// Sets the public address to the one that was bound, unless one is configured.
    pub fn set_bound(&mut self, bound: SocketAddr) {
        self.listen = bound;
        self.public_url.get_or_insert_with(|| format!("http://{bound}"));
    }

    /// The address that browsers reach the gateway at, without a trailing slash.
    pub fn public_base(&self) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{}", self.listen))
    }
}
