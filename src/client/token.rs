//! Browser tokens: fetched from the host when needed, renewed before they expire, one request at a time.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::Shared;
use gloo_net::http::RequestBuilder;
use wasm_bindgen::JsValue;

use super::site::from_site;
use super::{accept, clock, property};
use crate::config::Config;
use crate::error::{Failure, FailureKind};
use crate::locale::Text;

/// A token is renewed this many milliseconds before it expires, so that no call is made with a dying one.
const RENEW_BEFORE: f64 = 20_000.0;

/// Why the host is asked for a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    First,
    Expiring,
    Refused,
}

impl Reason {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Reason::First => "first",
            Reason::Expiring => "expiring",
            Reason::Refused => "expired",
        }
    }
}

/// A browser token.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    secret: String,
    /// Wall clock in milliseconds; infinite where the host did not say.
    expires_at: f64,
}

impl Token {
    /// For a server that asks for none.
    pub(crate) fn none() -> Token {
        Token { secret: String::new(), expires_at: f64::INFINITY }
    }

    /// Reads what a host hands out: the bare token, or an object with `client_secret` and `expires_at` (seconds).
    pub(crate) fn from_value(value: &JsValue) -> Result<Token, Failure> {
        if let Some(secret) = value.as_string().filter(|secret| !secret.is_empty()) {
            return Ok(Token { secret, expires_at: f64::INFINITY });
        }
        let secret = property(value, "client_secret").as_string().filter(|secret| !secret.is_empty());
        let secret = secret.ok_or_else(|| Failure::ours(FailureKind::Token, Text::FailedTokenAnswer))?;
        let expires_at =
            property(value, "expires_at").as_f64().map_or(f64::INFINITY, |seconds| seconds * 1_000.0);
        Ok(Token { secret, expires_at })
    }
}

type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, Failure>>>>;

/// Where tokens come from.
pub(crate) type Source = Rc<dyn Fn(Reason) -> TokenFuture>;

/// The tokens of one widget.
pub(crate) struct Tokens {
    source: Source,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    refused: bool,
    pending: Option<Shared<TokenFuture>>,
}

impl Tokens {
    pub(crate) fn new(source: Source) -> Self {
        Tokens { source, state: RefCell::default() }
    }

    /// A token that is good for a while.
    pub(crate) async fn get(&self) -> Result<String, Failure> {
        let pending = {
            let mut state = self.state.borrow_mut();
            let known = state.token.as_ref();
            if let Some(token) = known.filter(|token| clock::now() < token.expires_at - RENEW_BEFORE) {
                return Ok(token.secret.clone());
            }
            let reason = match known {
                Some(_) => Reason::Expiring,
                None if state.refused => Reason::Refused,
                None => Reason::First,
            };
            // Whoever comes while a token is under way waits for the same one.
            state.pending.get_or_insert_with(|| (self.source)(reason).shared()).clone()
        };
        let result = pending.await;
        let mut state = self.state.borrow_mut();
        state.pending = None;
        state.token = result.as_ref().ok().cloned();
        state.refused = false;
        result.map(|token| token.secret)
    }

    /// The gateway refused this token; the next call fetches another.
    pub(crate) fn reject(&self, secret: &str) {
        let mut state = self.state.borrow_mut();
        if state.token.as_ref().is_some_and(|token| token.secret == secret) {
            state.token = None;
            state.refused = true;
        }
    }

    /// Whom the token names; nobody where it cannot be read, and everybody, with an empty name, where there is none.
    /// Read without checking the signature: it only keeps apart what is stored in this browser.
    pub(crate) async fn user(&self) -> Result<Option<String>, Failure> {
        let secret = self.get().await?;
        if secret.is_empty() {
            return Ok(Some(String::new()));
        }
        Ok(claims(&secret).and_then(|claims| {
            let user = property(&claims, "sub").as_string()?;
            Some(format!("{}/{user}", property(&claims, "tenant").as_string().unwrap_or_default()))
        }))
    }
}

/// Tokens as the attributes say, where they do; `element` is the custom element, if there is one.
pub(crate) fn from_config(config: &Config, element: JsValue) -> Option<Source> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    if let Some(url) = given(&config.token_url) {
        return Some(from_url(url));
    }
    let gateway = config.gateway().ok()?.to_owned();
    given(&config.site_key).map(|key| from_site(gateway, key, element))
}

/// Tokens as the settings say, where there is no custom element.
#[cfg(feature = "leptos")]
pub(crate) fn from_config_alone(config: &Config) -> Option<Source> {
    from_config(config, JsValue::UNDEFINED)
}

/// Tokens from the address that the page's backend serves.
fn from_url(url: String) -> Source {
    Rc::new(move |_reason| {
        let url = url.clone();
        Box::pin(async move {
            let unreachable = || Failure::ours(FailureKind::Token, Text::FailedTokenFetch);
            let request = RequestBuilder::new(&url)
                .method(gloo_net::http::Method::POST)
                .header("accept", "application/json")
                .credentials(web_sys::RequestCredentials::SameOrigin)
                .cache(web_sys::RequestCache::NoStore);
            let response = request.send().await.map_err(|_| unreachable())?;
            let response =
                accept(response).await.map_err(|failure| Failure { kind: FailureKind::Token, ..failure })?;
            let text = response.text().await.map_err(|_| unreachable())?;
            let value = js_sys::JSON::parse(&text).unwrap_or_else(|_| JsValue::from_str(text.trim()));
            Token::from_value(&value)
        })
    })
}

fn claims(secret: &str) -> Option<JsValue> {
    let body = secret.split('.').nth(1)?.replace('-', "+").replace('_', "/");
    let text = web_sys::window()?.atob(&body).ok()?;
    js_sys::JSON::parse(&text).ok().filter(|claims| claims.is_object())
}
