//! The providers behind the gateway, each an HTTP server that speaks OpenAI's shapes or ones close to them.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, Response, Url};
use secrecy::ExposeSecret;
use triptych_protocol::{ErrorCode, Modality};

use crate::config::{Config, ProviderConfig};
use crate::error::Error;

mod failure;
mod generations;
mod openai;
mod video;

pub(crate) use failure::{UpstreamError, clean};
pub(crate) use openai::ChatCall;
pub(crate) use video::{VideoOrder, VideoOutcome};

/// Most bytes of an answer that is JSON: ten pictures of 4K in base64 fit.
const MAX_JSON: usize = 256 * 1024 * 1024;

/// All configured providers, in the order of the configuration.
#[derive(Debug)]
pub(crate) struct Providers(Vec<Provider>);

/// One provider and the connections to it.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) config: ProviderConfig,
    base: Url,
    client: reqwest::Client,
}

impl Providers {
    /// Prepares a client for each provider; nothing is called yet.
    ///
    /// # Errors
    /// A sentence naming the provider whose `base_url` or key cannot be used.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        crate::init_tls();
        config.providers.iter().map(Provider::new).collect::<Result<_, _>>().map(Providers)
    }

    /// The first provider that serves a modality.
    pub(crate) fn serving(&self, modality: Modality) -> Result<&Provider, Error> {
        let found = self.0.iter().find(|provider| provider.config.serves.contains(&modality));
        found.ok_or_else(|| {
            Error::new(ErrorCode::Unavailable, "No provider is configured for this kind of call.")
        })
    }

    /// The provider of that id, which a job of an earlier run may name though it is gone.
    pub(crate) fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.config.id == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }
}

impl Provider {
    fn new(config: &ProviderConfig) -> Result<Self, String> {
        let wrong = |error: String| format!("provider `{}`: {error}", config.id);
        let mut base: Url = config
            .base_url
            .trim_end_matches('/')
            .parse()
            .map_err(|error| wrong(format!("base_url: {error}")))?;
        if base.path() == "/" {
            base.set_path("/v1");
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &config.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                .map_err(|_| wrong("the key holds characters that a header cannot carry".into()))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut client = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            // An answer that points elsewhere could lead the gateway into its own network.
            .redirect(reqwest::redirect::Policy::none());
        if matches!(base.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| wrong(error.to_string()))?;
        Ok(Provider { config: config.clone(), base, client })
    }

    /// The provider's own name of a model of the catalogue.
    pub(crate) fn model<'a>(&'a self, id: &'a str) -> &'a str {
        self.config.model_map.get(id).map_or(id, String::as_str)
    }

    /// Longest silence before the first byte of a chat answer.
    pub(crate) fn first_byte_timeout(&self) -> Duration {
        Duration::from_millis(self.config.first_byte_timeout_ms)
    }

    /// Longest silence within a stream.
    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.config.idle_timeout_ms)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base.as_str().trim_end_matches('/'))
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// A file that the provider points at, which must be on the provider's own server.
    fn get_file(&self, url: &str) -> Result<RequestBuilder, UpstreamError> {
        let url = self.base.join(url).map_err(|_| UpstreamError::Protocol("a file link is no URL".into()))?;
        if url.origin() != self.base.origin() {
            return Err(UpstreamError::Protocol("a file link leads to another server".into()));
        }
        Ok(self.client.get(url))
    }

    /// Sends and waits for the head of the answer. An answer that is an error becomes one.
    async fn send(&self, request: RequestBuilder, wait: Duration) -> Result<Response, UpstreamError> {
        let answer = match tokio::time::timeout(wait, request.send()).await {
            Ok(answer) => answer.map_err(UpstreamError::from),
            Err(_) => Err(UpstreamError::Timeout),
        };
        let answer = match answer {
            Ok(answer) if answer.status().is_success() => Ok(answer),
            Ok(answer) => Err(failure::refused(answer).await),
            Err(error) => Err(error),
        };
        let outcome = answer.as_ref().map_or_else(UpstreamError::label, |_| "ok");
        metrics::counter!("triptych_upstream_calls_total", "provider" => self.config.id.clone(), "outcome" => outcome)
            .increment(1);
        answer
    }

    async fn send_for_json(
        &self,
        request: RequestBuilder,
        wait: Duration,
    ) -> Result<serde_json::Value, UpstreamError> {
        let answer = self.send(request, wait).await?;
        let body = tokio::time::timeout(wait, read_capped(answer, MAX_JSON)).await;
        let body = body.map_err(|_| UpstreamError::Timeout)??;
        let value: serde_json::Value = serde_json::from_slice(&body)
            .map_err(|_| UpstreamError::Protocol("the answer is no JSON".into()))?;
        match failure::error_message(&value) {
            // Some servers answer 200 and put the error inside. A job carries its own `error` beside its id.
            Some(message) if value.get("id").is_none() && value.get("job_id").is_none() => {
                Err(UpstreamError::Protocol(message))
            }
            _ => Ok(value),
        }
    }
}

/// The body of an answer, unless it is longer than `cap` bytes.
pub(crate) async fn read_capped(mut answer: Response, cap: usize) -> Result<Bytes, UpstreamError> {
    let too_large = || UpstreamError::Protocol("the answer is too large".into());
    if answer.content_length().is_some_and(|length| length > cap as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(part) = answer.chunk().await? {
        if body.len() + part.len() > cap {
            return Err(too_large());
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}
