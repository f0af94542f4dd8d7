use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, Url};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::failure::{self, UpstreamError};
use crate::config::{HostPattern, ProviderConfig};
use crate::failpoint;
use crate::net::{Download, FetchError, Fetcher, Limits};
use crate::trace;

/// Most bytes of an answer that is JSON: ten pictures of 4K in base64 fit.
const MAX_JSON: usize = 256 * 1024 * 1024;
/// How long an answer that comes in one piece may take.
pub(super) const WHOLE_ANSWER: Duration = Duration::from_secs(300);
/// How long creating or asking for a job may take.
pub(super) const JOB_CALL: Duration = Duration::from_secs(30);
/// How long a finished file may let its first byte wait.
const FILE_HEAD: Duration = Duration::from_secs(60);

/// The way to one provider: its address, its key and its clients. What is said on it is the adapter's affair.
pub(crate) struct Connection {
    pub(crate) config: ProviderConfig,
    base: Url,
    /// Sends the provider's key.
    client: reqwest::Client,
    /// For files on other hosts, which must not see the key.
    files: Fetcher,
}

impl Connection {
    /// Prepares the clients; nothing is called yet. `private` are hosts of the own network that files may come from.
    ///
    /// # Errors
    /// A sentence about the `base_url` or key that cannot be used.
    pub(super) fn new(config: &ProviderConfig, private: &[String]) -> Result<Self, String> {
        let mut base: Url =
            config.base_url.trim_end_matches('/').parse().map_err(|error| format!("base_url: {error}"))?;
        if base.path() == "/" {
            base.set_path("/v1");
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &config.key {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()))
                .map_err(|_| "the key holds characters that a header cannot carry".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let mut client = reqwest::Client::builder()
            .default_headers(headers)
            .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
            // An answer that points elsewhere could lead the gateway into its own network.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| error.to_string())?;
        // A provider on this machine has its files there as well.
        let files = Fetcher::new(private, is_loopback(&base))?;
        Ok(Connection { config: config.clone(), base, client, files })
    }

    /// The provider's own name of a model of the catalogue.
    pub(super) fn model<'a>(&'a self, id: &'a str) -> &'a str {
        self.config.model_map.get(id).map_or(id, String::as_str)
    }

    /// Longest silence before the first byte of a streamed answer.
    pub(super) fn first_byte_timeout(&self) -> Duration {
        Duration::from_millis(self.config.first_byte_timeout_ms)
    }

    /// Longest silence within a stream.
    pub(super) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.config.idle_timeout_ms)
    }

    /// A call below the configured base, which ends in `/v1`.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base.as_str().trim_end_matches('/')))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A call below the server's root, for APIs that do not lie in `/v1`.
    pub(super) fn at_root(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base.origin().ascii_serialization()))
    }

    /// Sends and waits for the head of the answer. An answer that is an error becomes one.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        wait: Duration,
    ) -> Result<Response, UpstreamError> {
        let request = match trace::outgoing() {
            Some(parent) => request.header(trace::TRACEPARENT, parent),
            None => request,
        };
        failpoint::pass("before a provider is called");
        let answer = match tokio::time::timeout(wait, request.send()).await {
            Ok(answer) => answer.map_err(UpstreamError::from),
            Err(_) => Err(UpstreamError::Timeout),
        };
        failpoint::pass("after a provider has answered");
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

    /// Sends and reads an answer that must be JSON.
    pub(super) async fn json(&self, request: RequestBuilder, wait: Duration) -> Result<Value, UpstreamError> {
        let answer = self.send(request, wait).await?;
        let value = read_json(answer, wait, MAX_JSON).await?;
        match failure::error_message(&value) {
            // Some servers answer 200 and put the error inside. A job carries its own `error` beside its id.
            Some(message) if value.get("id").is_none() && value.get("job_id").is_none() => {
                Err(UpstreamError::Protocol(message))
            }
            _ => Ok(value),
        }
    }

    /// Sends a call whose answer is downloaded from the provider's own API.
    pub(super) async fn download(&self, request: RequestBuilder) -> Result<Response, UpstreamError> {
        self.send(request, FILE_HEAD).await
    }

    /// Opens a file that the provider points at: on its own server, or on one of the `file_hosts`. Every download of
    /// a link goes through here.
    pub(super) async fn file(&self, link: &str) -> Result<Response, UpstreamError> {
        let wrong = |what: &str| UpstreamError::Protocol(what.into());
        let url = self.base.join(link).map_err(|_| wrong("a file link is no URL"))?;
        if url.origin() == self.base.origin() {
            return self.send(self.client.get(url), FILE_HEAD).await;
        }
        let host = url.host_str().unwrap_or_default();
        if !self.config.file_hosts.iter().any(|pattern| pattern.matches(host)) {
            tracing::warn!(
                provider = self.config.id,
                host,
                "a file link leads to a host that is not in `file_hosts`"
            );
            return Err(wrong("a file link leads to another server"));
        }
        self.files.open(url.as_str(), FILE_HEAD).await.map_err(UpstreamError::from)
    }

    /// A file at a link, whole.
    pub(super) async fn file_bytes(&self, link: &str, cap: usize) -> Result<Bytes, UpstreamError> {
        let answer = self.file(link).await?;
        let limits = Limits { bytes: cap as u64, idle: FILE_HEAD, total: FILE_HEAD };
        Ok(Download::new(answer, limits)?.whole().await?)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connection").field(&self.config.id).finish()
    }
}

impl From<FetchError> for UpstreamError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Unreachable => UpstreamError::Connect,
            FetchError::Timeout => UpstreamError::Timeout,
            FetchError::Broken => UpstreamError::Broken,
            FetchError::Status(status) => UpstreamError::Refused {
                status: status.as_u16(),
                message: "a file is not to be had".into(),
                retry_after: None,
            },
            FetchError::Blocked(_) | FetchError::TooLarge => UpstreamError::Protocol(error.to_string()),
        }
    }
}

impl HostPattern {
    /// True for exactly that host, or for any below a `*.suffix`.
    pub(crate) fn matches(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        match self.0.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.0,
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// The body of an answer, unless it is longer than `cap` bytes.
pub(super) async fn read_capped(mut answer: Response, cap: usize) -> Result<Bytes, UpstreamError> {
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

/// The body of an answer as JSON.
pub(super) async fn read_json(answer: Response, wait: Duration, cap: usize) -> Result<Value, UpstreamError> {
    let body = tokio::time::timeout(wait, read_capped(answer, cap)).await;
    let body = body.map_err(|_| UpstreamError::Timeout)??;
    serde_json::from_slice(&body).map_err(|_| UpstreamError::Protocol("the answer is no JSON".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_pattern_takes_in_subdomains_and_nothing_that_only_looks_like_one() {
        let all = HostPattern("*.cdn.example".into());
        assert!(all.matches("a.cdn.example") && all.matches("A.B.CDN.example."));
        assert!(
            !all.matches("cdn.example") && !all.matches("evilcdn.example") && !all.matches(".cdn.example")
        );
        let one = HostPattern("cdn.example".into());
        assert!(one.matches("cdn.example") && !one.matches("a.cdn.example"));
        assert!(!one.matches("cdn.example.evil.test"));
    }
}
