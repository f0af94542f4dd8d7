//! Which pages may call: preflights are answered before anything else is looked at, and every answer, errors and
//! streams included, names the exact origin that may read it.

use std::collections::{HashMap, HashSet};

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::config::Config;
use crate::state::AppState;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-request-id, retry-after, retry-after-ms, x-stream-id, x-should-retry, idempotent-replayed, \
     openai-poll-after-ms, x-ratelimit-limit-requests, x-ratelimit-remaining-requests, x-ratelimit-reset-requests, \
     x-ratelimit-limit-tokens, x-ratelimit-remaining-tokens, x-ratelimit-reset-tokens",
);
/// What a page may send; also anything that begins with `x-stainless-`, which OpenAI's SDK adds.
const ACCEPTED: [&str; 8] = [
    "accept",
    "authorization",
    "cache-control",
    "content-type",
    "idempotency-key",
    "last-event-id",
    "range",
    "openai-beta",
];

/// The origins that pages may call from.
pub(crate) struct AllowedOrigins {
    by_tenant: HashMap<String, Vec<String>>,
    by_site: HashMap<String, Vec<String>>,
    all: HashSet<String>,
}

impl AllowedOrigins {
    pub(crate) fn new(config: &Config) -> Self {
        let mut by_tenant: HashMap<String, Vec<String>> = HashMap::new();
        for (index, tenant) in config.tenants.iter().enumerate() {
            let mut origins = tenant.origins.clone();
            // The demo's own pages are the first tenant's.
            if config.demo.enabled && index == 0 {
                origins.extend(own_origins(&config.public_base()));
            }
            by_tenant.insert(tenant.id.clone(), origins);
        }
        let mut by_site: HashMap<String, Vec<String>> = HashMap::new();
        for site in &config.sites {
            let mut origins = site.origins.clone();
            if config.demo.enabled && config.tenants.first().is_some_and(|first| first.id == site.tenant) {
                origins.extend(own_origins(&config.public_base()));
            }
            by_site.insert(site.key.clone(), origins);
        }
        let all = by_tenant.values().chain(by_site.values()).flatten().cloned().collect();
        AllowedOrigins { by_tenant, by_site, all }
    }

    /// The origins of a tenant's pages.
    pub(crate) fn of(&self, tenant: &str) -> &[String] {
        self.by_tenant.get(tenant).map_or(&[], Vec::as_slice)
    }

    /// The origins that a site's key works from.
    pub(crate) fn of_site(&self, key: &str) -> &[String] {
        self.by_site.get(key).map_or(&[], Vec::as_slice)
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.all.contains(origin))
    }
}

/// The origin of an address; on a loopback address by each of its names.
fn own_origins(url: &str) -> Vec<String> {
    let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
    let origin = &url[..end];
    let mut origins = vec![origin.to_owned()];
    for (name, other) in [("//127.0.0.1", "//localhost"), ("//localhost", "//127.0.0.1")] {
        if origin.contains(name) {
            origins.push(origin.replace(name, other));
        }
    }
    origins
}

/// Answers preflights and adds the headers to all other answers.
pub(crate) async fn cors(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // The widget's files are for every page; the admin interface is for none.
    let public = path.starts_with("/widget/");
    let origin = request.headers().get(ORIGIN).cloned().filter(|_| !path.starts_with("/admin/"));
    let allowed = if public {
        Some(HeaderValue::from_static("*"))
    } else {
        origin.filter(|origin| state.origins.allows(origin))
    };
    let preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if preflight {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if allowed.is_some() {
            let asked = accepted(request.headers().get(ACCESS_CONTROL_REQUEST_HEADERS));
            let headers = response.headers_mut();
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked);
            headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
        }
        response.headers_mut().append(VARY, HeaderValue::from_static("access-control-request-headers"));
        response
    } else {
        next.run(request).await
    };
    add(response.headers_mut(), allowed, public);
    response
}

fn add(headers: &mut HeaderMap, allowed: Option<HeaderValue>, public: bool) {
    if !public {
        headers.append(VARY, HeaderValue::from_static("origin"));
    }
    if let Some(origin) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// Those of the asked-for headers that a page may send.
fn accepted(asked: Option<&HeaderValue>) -> HeaderValue {
    let asked = asked.and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let names: Vec<&str> = asked
        .split(',')
        .map(str::trim)
        .filter(|name| ACCEPTED.contains(name) || name.starts_with("x-stainless-"))
        .collect();
    HeaderValue::from_str(&names.join(", ")).unwrap_or(HeaderValue::from_static(""))
}
