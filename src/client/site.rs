//! Tokens for the visitors of a page without a backend: the gateway hands them out by the site's key.

use std::rc::Rc;

use gloo_net::http::{Method, RequestBuilder, Response};
use js_sys::{Function, JSON, Promise};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::token::{Source, Token};
use super::{accept, clock, property};
use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::proof::Puzzle;

/// Numbers that are tried before the page gets its turn again.
const TRIES: u32 = 4_000;

/// Where a site's tokens come from.
struct Site {
    gateway: String,
    key: String,
    /// The custom element, whose `getChallenge` knows what to send where the site has a check of its own.
    element: JsValue,
}

/// Tokens by a site's key.
pub(crate) fn from_site(gateway: String, key: String, element: JsValue) -> Source {
    let site = Rc::new(Site { gateway, key, element });
    Rc::new(move |_reason| {
        let site = site.clone();
        Box::pin(async move {
            let first = site.ask("sessions", None).await?;
            let answer = if first.status() == 403 {
                let body = json(&first).await?;
                let error = property(&body, "error");
                if property(&error, "code").as_string().as_deref() != Some("challenge_required") {
                    let message = property(&error, "message").as_string().unwrap_or_default();
                    return Err(Failure::new(FailureKind::Token, message));
                }
                site.ask("sessions", Some(&site.prove().await?)).await?
            } else {
                first
            };
            let answer = accept(answer).await?;
            let session = json(&answer).await?;
            if let (Some(visitor), Some(storage)) = (property(&session, "visitor").as_string(), storage()) {
                // Where nothing may be kept, each visit is that of somebody new.
                let _ = storage.set_item(&site.name(), &visitor);
            }
            Token::from_value(&session)
        })
    })
}

impl Site {
    async fn ask(&self, what: &str, challenge: Option<&str>) -> Result<Response, Failure> {
        let visitor = storage().and_then(|storage| storage.get_item(&self.name()).ok()?);
        let body = format!(
            r#"{{"site_key":{},"visitor":{},"challenge":{}}}"#,
            quoted(Some(&self.key)),
            quoted(visitor.as_deref()),
            quoted(challenge)
        );
        let request = RequestBuilder::new(&format!("{}/v1/site/{what}", self.gateway))
            .method(Method::POST)
            .header("content-type", "application/json")
            .credentials(web_sys::RequestCredentials::Omit)
            .body(body)
            .map_err(|_| Failure::network())?;
        request.send().await.map_err(|_| Failure::network())
    }

    /// Does what the site asks of a new visitor.
    async fn prove(&self) -> Result<String, Failure> {
        let asked = json(&accept(self.ask("challenges", None).await?).await?).await?;
        let challenge = property(&asked, "challenge").as_string();
        if let (Some(challenge), Some(bits)) = (challenge, property(&asked, "bits").as_f64()) {
            let mut puzzle = Puzzle::new(challenge, bits as u32);
            loop {
                if let Some(proof) = puzzle.work(TRIES) {
                    return Ok(proof);
                }
                clock::sleep(0).await;
            }
        }
        let failed = || Failure::ours(FailureKind::Token, Text::FailedRobot);
        let get = property(&self.element, "getChallenge").dyn_into::<Function>().map_err(|_| failed())?;
        let given = get.call0(&self.element).map_err(|_| failed())?;
        let given = JsFuture::from(Promise::resolve(&given)).await.map_err(|_| failed())?;
        given.as_string().ok_or_else(failed)
    }

    fn name(&self) -> String {
        format!("triptych:{}:{}", self.gateway, self.key)
    }
}

async fn json(response: &Response) -> Result<JsValue, Failure> {
    let text = response.text().await.map_err(|_| Failure::network())?;
    JSON::parse(&text).map_err(|_| Failure::network())
}

fn quoted(text: Option<&str>) -> String {
    let text = text.and_then(|text| JSON::stringify(&JsValue::from_str(text)).ok());
    text.map_or_else(|| "null".to_owned(), String::from)
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok()?
}
