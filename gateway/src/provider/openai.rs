use std::time::Duration;

use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::failure::{self, UpstreamError};
use super::video::{VideoOrder, VideoStatusAnswer};
use super::{Provider, read_capped};

/// How long an answer that comes in one piece may take.
const WHOLE_ANSWER: Duration = Duration::from_secs(300);
/// How long creating or asking for a job may take.
const JOB_CALL: Duration = Duration::from_secs(30);
/// How long a finished clip may let its first byte wait.
const FILE_HEAD: Duration = Duration::from_secs(60);

/// Fields of the caller's chat request that would move its price or speak for somebody else.
const NOT_FORWARDED: [&str; 6] = [
    "user",
    "safety_identifier",
    "service_tier",
    "web_search_options",
    "max_tokens",
    "max_completion_tokens",
];

/// A chat call as the gateway makes it.
#[derive(Clone, Debug)]
pub(crate) struct ChatCall {
    /// The caller's body; its fields pass through unless they have a price of their own.
    pub(crate) body: Map<String, Value>,
    /// The model of the catalogue.
    pub(crate) model: String,
    /// What the hold covers.
    pub(crate) max_completion_tokens: Option<u32>,
    /// Tells the provider one end user from another without naming them.
    pub(crate) safety_identifier: String,
}

impl ChatCall {
    /// What all answers together may have, where there is a cap.
    pub(crate) fn most_tokens(&self) -> Option<u64> {
        let answers = self.body.get("n").and_then(Value::as_u64).unwrap_or(1);
        self.max_completion_tokens.map(|cap| u64::from(cap).saturating_mul(answers))
    }
}

impl Provider {
    /// Starts a streamed chat answer; the body is to be read as server-sent events.
    pub(crate) async fn chat_stream(&self, call: &ChatCall) -> Result<Response, UpstreamError> {
        let request = self.post("/chat/completions").json(&self.chat_body(call, true));
        let answer = self.send(request, self.first_byte_timeout()).await?;
        let is_stream = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream");
        let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_none_or(is_stream) {
            return Ok(answer);
        }
        // HTTP 200 with an error in JSON, or with the page of some proxy.
        let body = tokio::time::timeout(self.idle_timeout(), read_capped(answer, 64 * 1024)).await;
        let value = body.ok().and_then(Result::ok).and_then(|body| serde_json::from_slice(&body).ok());
        let message = value.as_ref().and_then(failure::error_message);
        Err(UpstreamError::Protocol(message.unwrap_or_else(|| "it is no event stream".into())))
    }

    /// A chat answer in one piece.
    pub(crate) async fn chat(&self, call: &ChatCall) -> Result<Value, UpstreamError> {
        let answer = self
            .send_for_json(self.post("/chat/completions").json(&self.chat_body(call, false)), WHOLE_ANSWER)
            .await?;
        if answer.get("choices").and_then(Value::as_array).is_none_or(Vec::is_empty) {
            let message = failure::error_message(&answer);
            return Err(UpstreamError::Protocol(message.unwrap_or_else(|| "it holds no choices".into())));
        }
        Ok(answer)
    }

    fn chat_body(&self, call: &ChatCall, stream: bool) -> Value {
        let mut body = call.body.clone();
        for field in NOT_FORWARDED {
            body.remove(field);
        }
        body.insert("model".into(), self.model(&call.model).into());
        body.insert("safety_identifier".into(), call.safety_identifier.as_str().into());
        if let Some(most) = call.max_completion_tokens {
            body.insert(self.config.max_tokens_field.as_str().to_owned(), most.into());
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

    /// Pictures in one piece.
    pub(crate) async fn images(
        &self,
        model: &str,
        prompt: &str,
        n: u32,
        size: &str,
        safety_identifier: &str,
    ) -> Result<Value, UpstreamError> {
        let body = json!({
            "model": self.model(model), "prompt": prompt, "n": n, "size": size,
            "safety_identifier": safety_identifier,
        });
        self.send_for_json(self.post("/images/generations").json(&body), WHOLE_ANSWER).await
    }

    /// A picture that came as a link.
    pub(crate) async fn image_file(&self, url: &str, cap: usize) -> Result<bytes::Bytes, UpstreamError> {
        let answer = self.send(self.get_file(url)?, FILE_HEAD).await?;
        tokio::time::timeout(FILE_HEAD, read_capped(answer, cap)).await.map_err(|_| UpstreamError::Timeout)?
    }

    /// `POST /videos` as the OpenAI SDKs send it: always multipart.
    pub(super) async fn openai_start(&self, order: &VideoOrder) -> Result<Value, UpstreamError> {
        let form = reqwest::multipart::Form::new()
            .text("model", self.model(&order.model).to_owned())
            .text("prompt", order.prompt.clone())
            .text("seconds", order.seconds.to_string())
            .text("size", order.size.clone());
        let request = self.post("/videos").header("x-client-ref", &order.client_ref).multipart(form);
        self.send_for_json(request, JOB_CALL).await
    }

    pub(super) async fn openai_status(&self, operation: &str) -> Result<VideoStatusAnswer, UpstreamError> {
        self.job_status(&format!("/videos/{}", segment(operation)?)).await
    }

    pub(super) async fn openai_file(&self, operation: &str) -> Result<Response, UpstreamError> {
        self.send(self.get(&format!("/videos/{}/content", segment(operation)?)), FILE_HEAD).await
    }

    pub(super) async fn linked_file(&self, url: &str) -> Result<Response, UpstreamError> {
        self.send(self.get_file(url)?, FILE_HEAD).await
    }

    pub(super) async fn start_json(
        &self,
        path: &str,
        body: &Value,
        client_ref: &str,
    ) -> Result<Value, UpstreamError> {
        self.send_for_json(self.post(path).header("x-client-ref", client_ref).json(body), JOB_CALL).await
    }

    pub(super) async fn job_status(&self, path: &str) -> Result<VideoStatusAnswer, UpstreamError> {
        let answer = self.send(self.get(path), JOB_CALL).await?;
        let header = |name: &str| answer.headers().get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let poll_after = header("openai-poll-after-ms")
            .map(Duration::from_millis)
            .or_else(|| failure::retry_after(&answer))
            .map(|wait| wait.min(Duration::from_secs(60)));
        let body = tokio::time::timeout(JOB_CALL, read_capped(answer, 1024 * 1024)).await;
        let body = body.map_err(|_| UpstreamError::Timeout)??;
        let value: Value = serde_json::from_slice(&body)
            .map_err(|_| UpstreamError::Protocol("the job's status is no JSON".into()))?;
        Ok(VideoStatusAnswer { outcome: super::video::outcome(&value)?, poll_after })
    }
}

/// An id of the provider's as a piece of a path.
pub(super) fn segment(id: &str) -> Result<&str, UpstreamError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:~".contains(&byte);
    let fits = !id.is_empty() && id.len() <= 256 && !id.starts_with('.') && id.bytes().all(plain);
    fits.then_some(id).ok_or_else(|| UpstreamError::Protocol("the job's id is no id".into()))
}
