use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bill::{BillItem, BillKind};
use crate::error::ApiError;
use crate::fault::{self, Fault, FaultRoute, Faults};
use crate::models::{self, Modality};
use crate::state::{Simulator, client_ref, now_ms};
use crate::{answer, server, tokens};

#[derive(Deserialize)]
struct ChatRequest {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    max_completion_tokens: Option<usize>,
    max_tokens: Option<usize>,
    safety_identifier: Option<String>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    text: Option<String>,
}

impl Message {
    fn text(&self) -> String {
        match &self.content {
            Some(Content::Text(text)) => text.clone(),
            Some(Content::Parts(parts)) => {
                parts.iter().filter_map(|part| part.text.as_deref()).collect::<Vec<_>>().join("\n")
            }
            None => String::new(),
        }
    }
}

/// `POST /v1/chat/completions`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: ChatRequest = server::parse(&body)?;
    let last = request.messages.iter().rev().find(|message| message.role == "user");
    let last = last.map(Message::text).unwrap_or_default();
    let (prompt, faults) = simulator.faults(FaultRoute::Chat, &headers, &last)?;
    if request.messages.is_empty() {
        return Err(ApiError::invalid(Some("messages"), "`messages` must hold at least one message."));
    }
    models::check(&simulator, &request.model, Modality::Chat)?;
    faults.at_the_door().await?;
    if faults.resets() && !request.stream {
        return Ok(fault::cut());
    }
    let generation = Generation::start(simulator, &headers, &request, &prompt, faults);
    if request.stream { Ok(generation.into_event_stream()) } else { generation.into_completion().await }
}

/// One answer on its way. Dropping it, as the server does when the client goes away, stops it, and
/// the bill holds the tokens taken until then.
struct Generation {
    simulator: Simulator,
    id: String,
    created: u64,
    model: String,
    prompt_tokens: u64,
    pieces: Vec<String>,
    finish_reason: &'static str,
    include_usage: bool,
    faults: Faults,
    first_at: Instant,
    sent: usize,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Role,
    Content,
    Usage,
    Done,
    End,
}

impl Generation {
    fn start(
        simulator: Simulator,
        headers: &HeaderMap,
        request: &ChatRequest,
        prompt: &str,
        faults: Faults,
    ) -> Self {
        let text = answer::compose(prompt);
        let mut pieces: Vec<String> = tokens::pieces(&text).into_iter().map(str::to_owned).collect();
        let limit = request.max_completion_tokens.or(request.max_tokens).unwrap_or(usize::MAX);
        let finish_reason = if pieces.len() > limit { "length" } else { "stop" };
        pieces.truncate(limit);
        let prompt_tokens = request.messages.iter().map(|message| tokens::count(&message.text()) + 4).sum();
        let id = simulator.new_id("chatcmpl-");
        simulator.add_to_bill(BillItem {
            kind: BillKind::Chat,
            id: id.clone(),
            model: request.model.clone(),
            prompt_tokens,
            billed: true,
            client_ref: client_ref(headers),
            safety_identifier: request.safety_identifier.clone(),
            ..BillItem::default()
        });
        Self {
            first_at: Instant::now() + simulator.config().time_to_first_token,
            simulator,
            id,
            created: now_ms() / 1000,
            model: request.model.clone(),
            prompt_tokens,
            pieces,
            finish_reason,
            include_usage: request.stream_options.as_ref().is_some_and(|options| options.include_usage),
            faults,
            sent: 0,
            step: Step::Role,
        }
    }

    async fn into_completion(mut self) -> Result<Response, ApiError> {
        let mut text = String::new();
        while let Some(piece) = self.next_piece().await {
            text.push_str(&piece);
        }
        Ok(Json(json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": null, "annotations": []},
                "logprobs": null, "finish_reason": self.finish_reason,
            }],
            "usage": self.usage(), "service_tier": "default",
        }))
        .into_response())
    }

    fn into_event_stream(self) -> Response {
        let events = stream::unfold(self, |mut generation| async move {
            let event = generation.next_event().await?;
            Some((event, generation))
        });
        let headers =
            [(header::CONTENT_TYPE, "text/event-stream; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")];
        (headers, Body::from_stream(events)).into_response()
    }

    /// Waits until the next token is due. Deadlines count from the start, so a slow timer does not
    /// lower the rate.
    async fn next_piece(&mut self) -> Option<String> {
        let piece = self.pieces.get(self.sent)?.clone();
        let due: Duration = self.simulator.config().token_offset(self.sent);
        tokio::time::sleep_until(self.first_at + due).await;
        self.sent += 1;
        self.simulator.count_token(&self.id);
        Some(piece)
    }

    async fn next_event(&mut self) -> Option<Result<Bytes, std::io::Error>> {
        match self.step {
            Step::Role => {
                tokio::time::sleep_until(self.first_at).await;
                self.step = Step::Content;
                Some(Ok(self.chunk(json!({"role": "assistant", "content": "", "refusal": null}), None)))
            }
            Step::Content => {
                if let Some(fault) = self.due_fault() {
                    self.step = Step::End;
                    return match fault {
                        Fault::Reset(_) => {
                            // The server drops what it has not written yet, so let it write first.
                            tokio::time::sleep(Duration::from_millis(20)).await;
                            Some(Err(fault::broken_pipe()))
                        }
                        Fault::ErrorMidStream(_) => Some(Ok(event(&ApiError::server().body()))),
                        _ => None,
                    };
                }
                if let Some(piece) = self.next_piece().await {
                    return Some(Ok(self.chunk(json!({"content": piece}), None)));
                }
                self.step = if self.include_usage { Step::Usage } else { Step::Done };
                Some(Ok(self.chunk(json!({}), Some(self.finish_reason))))
            }
            Step::Usage => {
                self.step = Step::Done;
                Some(Ok(self.event_with(json!([]), self.usage())))
            }
            Step::Done => {
                self.step = Step::End;
                Some(Ok(Bytes::from_static(b"data: [DONE]\n\n")))
            }
            Step::End => None,
        }
    }

    /// A mid-stream fault whose number of tokens is reached; an answer too short for it breaks at its end.
    fn due_fault(&self) -> Option<Fault> {
        let reached = |after: usize| self.sent >= after.min(self.pieces.len());
        self.faults.0.iter().copied().find(|fault| match fault {
            Fault::Reset(after) | Fault::ErrorMidStream(after) | Fault::Truncate(after) => reached(*after),
            _ => false,
        })
    }

    fn chunk(&self, delta: Value, finish_reason: Option<&str>) -> Bytes {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
        self.event_with(json!([choice]), Value::Null)
    }

    fn event_with(&self, choices: Value, usage: Value) -> Bytes {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "service_tier": "default", "choices": choices,
        });
        if self.include_usage {
            chunk["usage"] = usage;
        }
        event(&chunk)
    }

    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.sent,
            "total_tokens": self.prompt_tokens + self.sent as u64,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        })
    }
}

fn event(data: &Value) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}
