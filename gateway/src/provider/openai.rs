//! OpenAI's own API, and the calls that others have taken over from it.

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use reqwest::header::CONTENT_TYPE;
use reqwest::{RequestBuilder, Response};
use serde_json::{Map, Value};

use super::adapter::{Ability, Adapter, Notice, Reply, WebhookError};
use super::connection::{Connection, WHOLE_ANSWER, read_capped};
use super::failure::{self, UpstreamError};
use super::request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall};
use super::video::{Operation, Submission, Variant, VideoOrder, VideoReport};
use super::webhook;
use crate::config::ProviderKind;

pub(super) mod audio;
pub(super) mod images;
pub(super) mod responses;
pub(super) mod videos;

/// Fields of the caller's chat request that would move its price or speak for somebody else.
const NOT_FORWARDED: [&str; 7] = [
    "user",
    "safety_identifier",
    "service_tier",
    "web_search_options",
    "max_tokens",
    "max_completion_tokens",
    "triptych",
];

/// OpenAI: every call that the gateway knows.
#[derive(Debug)]
pub(super) struct OpenAi;

impl Adapter for OpenAi {
    fn can(&self, _: Ability) -> bool {
        true
    }

    fn chat<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Value> {
        Box::pin(chat(up, call))
    }

    fn chat_stream<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Response> {
        Box::pin(chat_stream(up, call))
    }

    fn responses<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Value> {
        Box::pin(responses::whole(up, call))
    }

    fn responses_stream<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Response> {
        Box::pin(responses::stream(up, call))
    }

    fn images<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Value> {
        Box::pin(images::whole(up, call))
    }

    fn images_stream<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Response> {
        Box::pin(images::stream(up, call))
    }

    fn speech<'a>(&'a self, up: &'a Connection, call: &'a SpeechCall) -> Reply<'a, Response> {
        Box::pin(audio::speech(up, call))
    }

    fn transcription<'a>(&'a self, up: &'a Connection, call: &'a TranscriptionCall) -> Reply<'a, Response> {
        Box::pin(audio::transcription(up, call))
    }

    fn video_create<'a>(&'a self, up: &'a Connection, order: &'a VideoOrder) -> BoxFuture<'a, Submission> {
        Box::pin(async move { Submission::of(videos::create(up, order).await) })
    }

    fn video_status<'a>(&'a self, up: &'a Connection, operation: &'a Operation) -> Reply<'a, VideoReport> {
        Box::pin(videos::report(up, operation))
    }

    fn video_file<'a>(
        &'a self,
        up: &'a Connection,
        operation: &'a Operation,
        _: Option<&'a str>,
        variant: Variant,
    ) -> Reply<'a, Response> {
        Box::pin(videos::file(up, operation, variant))
    }

    fn webhook(
        &self,
        up: &Connection,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Notice, WebhookError> {
        webhook::standard(up, headers, body, now_seconds)
    }
}

/// A chat answer in one piece.
pub(super) async fn chat(up: &Connection, call: &ChatCall) -> Result<Value, UpstreamError> {
    let answer =
        up.json(up.post("/chat/completions").json(&chat_body(up, call, false)), WHOLE_ANSWER).await?;
    if answer.get("choices").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        let message = failure::error_message(&answer);
        return Err(UpstreamError::Protocol(message.unwrap_or_else(|| "it holds no choices".into())));
    }
    Ok(answer)
}

/// A streamed chat answer.
pub(super) async fn chat_stream(up: &Connection, call: &ChatCall) -> Result<Response, UpstreamError> {
    let request = up.post("/chat/completions").json(&chat_body(up, call, true));
    event_stream(up, request).await
}

/// Sends a call whose answer must be server-sent events.
async fn event_stream(up: &Connection, request: RequestBuilder) -> Result<Response, UpstreamError> {
    let answer = up.send(request, up.first_byte_timeout()).await?;
    let is_stream = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_none_or(is_stream) {
        return Ok(answer);
    }
    // HTTP 200 with an error in JSON, or with the page of some proxy.
    let body = tokio::time::timeout(up.idle_timeout(), read_capped(answer, 64 * 1024)).await;
    let value = body.ok().and_then(Result::ok).and_then(|body| serde_json::from_slice(&body).ok());
    let message = value.as_ref().and_then(failure::error_message);
    Err(UpstreamError::Protocol(message.unwrap_or_else(|| "it is no event stream".into())))
}

fn chat_body(up: &Connection, call: &ChatCall, stream: bool) -> Value {
    let mut body = call.body.clone();
    for field in NOT_FORWARDED {
        body.remove(field);
    }
    body.insert("model".into(), up.model(&call.model).into());
    identify(up, &mut body, &call.safety_identifier);
    if let Some(tier) = &call.service_tier {
        body.insert("service_tier".into(), tier.as_str().into());
    }
    if let Some(most) = call.max_completion_tokens {
        body.insert(up.config.max_tokens_field.as_str().to_owned(), most.into());
    }
    body.insert("stream".into(), stream.into());
    let options = body.remove("stream_options");
    if stream {
        // Without it there is no usage, and without usage the charge is a guess.
        let mut options = options.and_then(|options| options.as_object().cloned()).unwrap_or_default();
        options.insert("include_usage".into(), true.into());
        body.insert("stream_options".into(), options.into());
    }
    body.into()
}

/// Says which end user it is, to providers that know the field.
fn identify(up: &Connection, body: &mut Map<String, Value>, safety_identifier: &str) {
    if up.config.kind != ProviderKind::Compatible {
        body.insert("safety_identifier".into(), safety_identifier.into());
    }
}
