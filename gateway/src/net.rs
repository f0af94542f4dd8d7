//! Fetching from addresses that came from outside: a provider's links, users' URLs, callbacks. Nothing that a stranger
//! names may lead into the gateway's own network.
//!
//! A host's address is asked for once, checked, and the connection goes to the checked address and no other: a name
//! that changes its mind between the check and the connection gains nothing. No redirect is followed, no proxy of the
//! environment is used, and bytes and time have an end.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{StatusCode, Url};
use tokio::time::{Instant, timeout, timeout_at};

mod address;
mod rule;
#[cfg(test)]
mod tests;

pub(crate) use address::is_public;
pub(crate) use rule::{Blocked, Rule};

/// How much one download may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of the body.
    pub(crate) bytes: u64,
    /// Between two pieces of the body.
    pub(crate) idle: Duration,
    /// For all of it.
    pub(crate) total: Duration,
}

/// Fetches within a [`Rule`]; cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: reqwest::Client,
    guard: Guard,
}

/// A file that is on its way.
pub(crate) struct Download {
    answer: reqwest::Response,
    left: u64,
    idle: Duration,
    deadline: Instant,
}

/// Why there is no file, or no more of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("the link is not followed: {0}")]
    Blocked(#[from] Blocked),
    #[error("the file's server cannot be reached")]
    Unreachable,
    #[error("the file's server answered {0}")]
    Status(StatusCode),
    #[error("the file is too large")]
    TooLarge,
    #[error("the file did not come in time")]
    Timeout,
    #[error("the file's connection broke")]
    Broken,
}

type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// Asks for the addresses of a name.
pub(crate) trait Lookup: Send + Sync + std::fmt::Debug {
    fn lookup(&self, name: String) -> Looking;
}

/// The system's resolver.
#[derive(Debug)]
struct System;

/// A resolver that answers with checked addresses only.
#[derive(Clone, Debug)]
struct Guard {
    rule: Rule,
    lookup: Arc<dyn Lookup>,
}

impl Fetcher {
    /// `allowed` are hosts (`host` or `host:port`) that the operator vouches for; `loopback` opens the own machine, for
    /// a provider that runs there.
    ///
    /// # Errors
    /// Where no TLS can be set up.
    pub(crate) fn new(allowed: &[String], loopback: bool) -> Result<Self, String> {
        crate::init_tls();
        Fetcher::with_lookup(Rule::new(allowed, loopback), Arc::new(System))
    }

    fn with_lookup(rule: Rule, lookup: Arc<dyn Lookup>) -> Result<Self, String> {
        let guard = Guard { rule, lookup };
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(guard.clone()))
            .redirect(reqwest::redirect::Policy::none())
            // A proxy would look the name up by itself, behind the guard's back.
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .referer(false)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Fetcher { client, guard })
    }

    /// True where the operator vouches for the URL's host.
    pub(crate) fn vouches(&self, url: &str) -> bool {
        self.guard.rule.vouches_for(url)
    }

    /// Checks a URL that somebody else will fetch, and where its name leads at this moment.
    pub(crate) async fn check(&self, url: &str) -> Result<Url, Blocked> {
        let url = self.guard.rule.check(url)?;
        if let Some(name) = url.domain() {
            self.guard.addresses(name.to_owned()).await?;
        }
        Ok(url)
    }

    /// Starts a download. Nothing of the gateway's goes along: no key, no cookie, no address it came from.
    /// The body is to be read as a [`Download`]. `wait` is for the head of the answer.
    pub(crate) async fn open(&self, url: &str, wait: Duration) -> Result<reqwest::Response, FetchError> {
        let url = self.guard.rule.check(url)?;
        let answer = match timeout(wait, self.client.get(url).send()).await {
            Err(_) => return Err(FetchError::Timeout),
            Ok(Err(error)) => return Err(failure(&error)),
            Ok(Ok(answer)) => answer,
        };
        if !answer.status().is_success() {
            // A redirect is no success either.
            return Err(FetchError::Status(answer.status()));
        }
        Ok(answer)
    }
}

impl Download {
    /// # Errors
    /// Where the answer announces more than it may have.
    pub(crate) fn new(answer: reqwest::Response, limits: Limits) -> Result<Self, FetchError> {
        if answer.content_length().is_some_and(|length| length > limits.bytes) {
            return Err(FetchError::TooLarge);
        }
        let deadline = Instant::now() + limits.total;
        Ok(Download { answer, left: limits.bytes, idle: limits.idle, deadline })
    }

    /// The next piece; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, FetchError> {
        let until = self.deadline.min(Instant::now() + self.idle);
        let part = match timeout_at(until, self.answer.chunk()).await {
            Err(_) => return Err(FetchError::Timeout),
            Ok(Err(error)) => return Err(failure(&error)),
            Ok(Ok(part)) => part,
        };
        if let Some(part) = &part {
            self.left = self.left.checked_sub(part.len() as u64).ok_or(FetchError::TooLarge)?;
        }
        Ok(part)
    }

    /// All of it.
    pub(crate) async fn whole(mut self) -> Result<Bytes, FetchError> {
        let mut body = bytes::BytesMut::new();
        while let Some(part) = self.chunk().await? {
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }
}

impl Guard {
    async fn addresses(&self, name: String) -> Result<Vec<IpAddr>, Blocked> {
        let addresses = self.lookup.lookup(name.clone()).await.map_err(|_| Blocked::Unknown)?;
        self.rule.check_addresses(&name, &addresses)?;
        Ok(addresses)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = guard.addresses(name.as_str().to_owned()).await?;
            let addresses = addresses.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

impl Lookup for System {
    fn lookup(&self, name: String) -> Looking {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// The error without its text, which may hold a signed address.
fn failure(error: &reqwest::Error) -> FetchError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = source {
        if let Some(blocked) = inner.downcast_ref::<Blocked>() {
            return FetchError::Blocked(*blocked);
        }
        source = inner.source();
    }
    if error.is_connect() {
        FetchError::Unreachable
    } else if error.is_timeout() {
        FetchError::Timeout
    } else {
        FetchError::Broken
    }
}
