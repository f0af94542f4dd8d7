//! Moves bytes between the page and the gateway. Knows the wire, tokens and the browser's fetch; decides nothing.

pub(crate) mod clock;
pub(crate) mod file;
pub(crate) mod files;
pub(crate) mod intl;
mod key;
mod listing;
pub(crate) mod recorder;
mod site;
pub(crate) mod sound;
pub(crate) mod storage;
mod stream;
pub(crate) mod tabs;
pub(crate) mod token;
pub(crate) mod vault;
pub(crate) mod voice;

use gloo_net::http::{Headers, Method, RequestBuilder, Response};
use triptych_protocol::wire::{self, Read, Write};
use triptych_protocol::{
    Balance, ChatRequest, ErrorBody, Estimate, ImageRequest, ImageResponse, Model, Video, VideoList,
    VideoRequest,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

pub(crate) use key::unique_key;
use listing::Listing;
pub(crate) use stream::{Reader, StreamEvent};
use token::Tokens;

use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::offer::Offer;

/// How often an earlier call of the same key is waited for; longer, at a second each, than any call takes.
const MOST_WAITS: u32 = 600;

/// The gateway, as one widget sees it.
pub(crate) struct Client {
    gateway: String,
    tokens: Tokens,
    /// Ends every request when the widget goes.
    life: Option<AbortController>,
}

/// A body and when the server wants to be asked again, in milliseconds.
pub(crate) struct Told<T> {
    pub(crate) body: T,
    pub(crate) retry_after: Option<f64>,
}

impl Client {
    pub(crate) fn new(gateway: String, tokens: Tokens) -> Self {
        Client { gateway, tokens, life: AbortController::new().ok() }
    }

    /// Ends everything that is under way.
    pub(crate) fn close(&self) {
        if let Some(life) = &self.life {
            life.abort();
        }
    }

    /// A word that differs between users of the same page, to keep what is stored for them apart.
    pub(crate) async fn user(&self) -> Result<Option<String>, Failure> {
        self.tokens.user().await
    }

    pub(crate) async fn models(&self) -> Result<Vec<Model>, Failure> {
        Ok(self.get::<Listing>("/v1/models").await?.body.into_models())
    }

    pub(crate) async fn balance(&self) -> Result<Balance, Failure> {
        Ok(self.get("/v1/credits").await?.body)
    }

    /// What a call would hold at most, by the gateway's own count.
    pub(crate) async fn estimate(&self, request: &ChatRequest, offer: &Offer) -> Result<Estimate, Failure> {
        let body = offer.add_to(wire::to_json(request));
        Ok(read(self.send(Method::POST, "/v1/estimate", Some(&body.into()), &[]).await?).await?.body)
    }

    pub(crate) async fn draw(&self, request: &ImageRequest, key: &str) -> Result<ImageResponse, Failure> {
        Ok(self.post("/v1/images/generations", request, key).await?.body)
    }

    pub(crate) async fn create_video(
        &self,
        request: &VideoRequest,
        key: &str,
    ) -> Result<Told<Video>, Failure> {
        self.post("/v1/videos", request, key).await
    }

    pub(crate) async fn video(&self, id: &str) -> Result<Told<Video>, Failure> {
        self.get(&format!("/v1/videos/{}", escape(id))).await
    }

    pub(crate) async fn videos(&self) -> Result<Vec<Video>, Failure> {
        Ok(self.get::<VideoList>("/v1/videos?limit=20").await?.body.data)
    }

    pub(crate) async fn cancel_video(&self, id: &str) -> Result<Told<Video>, Failure> {
        let path = format!("/v1/videos/{}/cancel", escape(id));
        read(self.send(Method::POST, &path, Some(&"{}".into()), &[]).await?).await
    }

    pub(crate) async fn delete_video(&self, id: &str) -> Result<(), Failure> {
        self.send(Method::DELETE, &format!("/v1/videos/{}", escape(id)), None, &[]).await.map(drop)
    }

    pub(crate) async fn stop_stream(&self, stream: &str) -> Result<(), Failure> {
        let path = format!("/v1/streams/{}/stop", escape(stream));
        self.send(Method::POST, &path, Some(&"{}".into()), &[]).await.map(drop)
    }

    /// Streams an answer; events go to `sink` as they come. Ends when the server says that it is complete.
    pub(crate) async fn chat(
        &self,
        request: &ChatRequest,
        offer: &Offer,
        key: &str,
        sink: &mut dyn FnMut(StreamEvent),
    ) -> Result<(), Failure> {
        let body = offer.add_to(wire::to_json(request));
        let headers = [("idempotency-key", key), ("accept", "text/event-stream")];
        let response = self.send(Method::POST, "/v1/chat/completions", Some(&body.into()), &headers).await?;
        stream::read(response, sink).await
    }

    /// Takes up a stream after the event that arrived last.
    pub(crate) async fn resume(
        &self,
        stream: &str,
        after: &str,
        sink: &mut dyn FnMut(StreamEvent),
    ) -> Result<(), Failure> {
        let path = format!("/v1/streams/{}", escape(stream));
        let headers = [("last-event-id", after), ("accept", "text/event-stream")];
        let response = self.send(Method::GET, &path, None, &headers).await?;
        stream::read(response, sink).await
    }

    async fn get<T: Read>(&self, path: &str) -> Result<Told<T>, Failure> {
        read(self.send(Method::GET, path, None, &[]).await?).await
    }

    async fn post<T: Read>(&self, path: &str, body: &impl Write, key: &str) -> Result<Told<T>, Failure> {
        let body = wire::to_json(body);
        read(self.send(Method::POST, path, Some(&body.into()), &[("idempotency-key", key)]).await?).await
    }

    /// Sends a request, and again while an earlier one of the same key is being worked on: its answer is the one that
    /// is wanted, and a call with another key would be paid for a second time.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&JsValue>,
        headers: &[(&str, &str)],
    ) -> Result<Response, Failure> {
        for _ in 0..MOST_WAITS {
            match self.send_once(method.clone(), path, body, headers).await {
                Err(Failure { kind: FailureKind::Duplicate, retry_after_ms: Some(wait), .. }) => {
                    clock::sleep(wait.clamp(200, 10_000) as i32).await;
                }
                answer => return answer,
            }
        }
        self.send_once(method, path, body, headers).await
    }

    /// Sends a request with a token, and once more with a fresh token where the first was refused.
    async fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&JsValue>,
        headers: &[(&str, &str)],
    ) -> Result<Response, Failure> {
        let token = self.tokens.get().await?;
        let response = self.send_with(&token, method.clone(), path, body, headers).await?;
        if response.status() != 401 {
            return accept(response).await;
        }
        if token.is_empty() {
            return Err(Failure::ours(FailureKind::Token, Text::FailedTokenSource));
        }
        self.tokens.reject(&token);
        let token = self.tokens.get().await?;
        accept(self.send_with(&token, method, path, body, headers).await?).await
    }

    async fn send_with(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&JsValue>,
        headers: &[(&str, &str)],
    ) -> Result<Response, Failure> {
        let all = Headers::new();
        if !token.is_empty() {
            all.set("authorization", &format!("Bearer {token}"));
        }
        for (name, value) in headers {
            all.set(name, value);
        }
        // The browser names the type of a form itself.
        if body.is_some_and(JsValue::is_string) {
            all.set("content-type", "application/json");
        }
        let signal = self.life.as_ref().map(AbortController::signal);
        let request = RequestBuilder::new(&format!("{}{path}", self.gateway))
            .method(method)
            .headers(all)
            .credentials(web_sys::RequestCredentials::Omit)
            .abort_signal(signal.as_ref());
        let request = match body {
            Some(body) => request.body(body),
            None => request.build(),
        };
        let request = request.map_err(|_| Failure::ours(FailureKind::Request, Text::FailedAddress))?;
        request.send().await.map_err(|_| Failure::network())
    }
}

async fn accept(response: Response) -> Result<Response, Failure> {
    if response.ok() {
        return Ok(response);
    }
    let status = response.status();
    let retry_after = retry_after(&response).map(|milliseconds| milliseconds as u64);
    let mut failure = match read::<ErrorBody>(response).await {
        Ok(told) => Failure::from_detail(status, told.body.error),
        Err(_) => Failure::from_status(status),
    };
    failure.retry_after_ms = retry_after;
    Err(failure)
}

async fn read<T: Read>(response: Response) -> Result<Told<T>, Failure> {
    let retry_after = retry_after(&response);
    let promise =
        <Response as Into<web_sys::Response>>::into(response).text().map_err(|_| Failure::network())?;
    let text = JsFuture::from(promise).await.map_err(|_| Failure::network())?;
    let body = from_json(&text.as_string().unwrap_or_default())?;
    Ok(Told { body, retry_after })
}

fn retry_after(response: &Response) -> Option<f64> {
    let seconds: u32 = response.headers().get("retry-after")?.trim().parse().ok()?;
    (seconds < 86_400).then_some(f64::from(seconds) * 1_000.0)
}

pub(crate) fn from_json<T: Read>(text: &str) -> Result<T, Failure> {
    wire::from_json(text).ok_or_else(unreadable)
}

fn unreadable() -> Failure {
    Failure::ours(FailureKind::Server, Text::FailedAnswer)
}

fn escape(part: &str) -> String {
    js_sys::encode_uri_component(part).into()
}

/// A property of an object that came from outside; undefined where there is none.
pub(crate) fn property(value: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}
