use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::error::ApiError;
use crate::extra::Extras;
use crate::fault::{FaultRoute, Faults};
use crate::models::{self, Modality};
use crate::reply::{Question, Reply};
use crate::server;
use crate::sse::{self, Script};
use crate::state::Simulator;
use crate::tool::{self, Tool, ToolCall};

#[derive(Deserialize)]
struct ChatRequest {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    stream_options: Option<StreamOptions>,
    max_completion_tokens: Option<usize>,
    max_tokens: Option<usize>,
    reasoning_effort: Option<String>,
    safety_identifier: Option<String>,
    #[serde(default)]
    tools: Vec<Tool>,
    tool_choice: Option<Value>,
    response_format: Option<Value>,
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

/// A text, or parts of which only the texts count.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
pub(crate) struct Part {
    text: Option<String>,
}

impl Content {
    pub(crate) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => {
                parts.into_iter().filter_map(|part| part.text).collect::<Vec<_>>().join("\n")
            }
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
    simulator.book().count_create(Caller::of(&headers, None).client_ref.as_deref());
    let last = request.messages.iter().rposition(|message| message.role == "user");
    // What the tools have given since then.
    let told = request.messages.iter().rev().take_while(|message| message.role == "tool").count();
    let texts: Vec<String> = request
        .messages
        .into_iter()
        .map(|message| message.content.map(Content::into_text).unwrap_or_default())
        .collect();
    let last = last.and_then(|at| texts.get(at)).map(String::as_str).unwrap_or_default();
    let (prompt, faults) = simulator.faults(FaultRoute::Chat, &headers, last)?;
    let (prompt, mut extras) = Extras::take(&prompt)?;
    let (prompt, mut calls) = tool::take(&prompt);
    if calls.is_empty() {
        calls = tool::wanted(&prompt, &request.tools);
    }
    let mut answer = None;
    if told > 0 {
        extras.calls.clear();
        answer = Some(tool::report(texts.split_at(texts.len() - told).1));
    } else if !calls.is_empty() && request.tool_choice != Some("none".into()) {
        answer = Some("Let me see.".to_owned());
        extras.calls = calls;
    } else if let Some(schema) =
        request.response_format.as_ref().and_then(|form| form.pointer("/json_schema/schema"))
    {
        answer = Some(tool::example(schema, &prompt, 0).to_string());
    }
    if texts.is_empty() {
        return Err(ApiError::invalid(Some("messages"), "`messages` must hold at least one message."));
    }
    models::check(&simulator, &request.model, Modality::Chat)?;
    faults.at_the_door(request.stream).await?;
    let question = Question {
        shape: "chat",
        id_prefix: "chatcmpl-",
        model: &request.model,
        texts: &texts,
        prompt: &prompt,
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        effort: request.reasoning_effort.as_deref(),
        safety_identifier: request.safety_identifier,
        answer,
    };
    let reply = Reply::start(&simulator, &headers, question, &faults);
    if !request.stream {
        reply.write_out().await;
        return Ok(faults.deliver(completion(&reply, &faults, &extras)).await);
    }
    let include_usage = request.stream_options.is_some_and(|options| options.include_usage);
    let (pace, counter) = (reply.pace, reply.counter.clone());
    let script = Chunks::new(reply, include_usage, faults.clone(), extras);
    Ok(sse::respond(script, faults, pace, counter))
}

fn completion(reply: &Reply, faults: &Faults, extras: &Extras) -> Value {
    let mut answer = json!({
        "id": reply.id, "object": "chat.completion", "created": reply.created, "model": reply.model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": reply.text(), "refusal": null, "annotations": []},
            "logprobs": null, "finish_reason": finish_reason(reply),
        }],
        "service_tier": "default",
    });
    if !extras.calls.is_empty() {
        answer["choices"][0]["message"]["tool_calls"] = extras.calls.iter().map(ToolCall::whole).collect();
        answer["choices"][0]["finish_reason"] = "tool_calls".into();
    }
    if let Some(usage) = faults.usage(reply.chat_usage()) {
        answer["usage"] = usage;
    }
    answer
}

fn finish_reason(reply: &Reply) -> &'static str {
    if reply.cut_short { "length" } else { "stop" }
}

struct Chunks {
    reply: Reply,
    include_usage: bool,
    faults: Faults,
    extras: Extras,
    /// What all chunks of content begin with; only the text differs.
    head: String,
    tail: &'static str,
}

impl Chunks {
    fn new(reply: Reply, include_usage: bool, faults: Faults, extras: Extras) -> Self {
        let head = format!(
            r#"data: {{"id":"{}","object":"chat.completion.chunk","created":{},"model":{},"service_tier":"default","choices":[{{"index":0,"delta":{{"{}":"#,
            reply.id,
            reply.created,
            Value::from(reply.model.as_str()),
            extras.words(),
        );
        let tail = if include_usage {
            "},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}\n\n"
        } else {
            "},\"logprobs\":null,\"finish_reason\":null}]}\n\n"
        };
        Self { reply, include_usage, faults, extras, head, tail }
    }

    fn chunk(&self, choices: Value, usage: Value) -> Value {
        let mut chunk = json!({
            "id": self.reply.id, "object": "chat.completion.chunk", "created": self.reply.created,
            "model": self.reply.model, "service_tier": "default", "choices": choices,
        });
        if self.include_usage {
            chunk["usage"] = usage;
        }
        chunk
    }

    fn choice(&self, delta: Value, finish_reason: Option<&str>) -> Value {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
        self.chunk(json!([choice]), Value::Null)
    }
}

impl Script for Chunks {
    fn opening(&mut self) -> Bytes {
        sse::data(&self.choice(json!({"role": "assistant", "content": "", "refusal": null}), None))
    }

    fn pieces(&self) -> usize {
        self.extras.thoughts() + self.reply.len()
    }

    fn piece(&mut self, index: usize) -> Bytes {
        let Some(index) = index.checked_sub(self.extras.thoughts()) else {
            return sse::data(&self.choice(self.extras.thought(index), None));
        };
        let piece = self.reply.piece(index);
        let mut event = Vec::with_capacity(self.head.len() + piece.len() + self.tail.len() + 16);
        event.extend_from_slice(self.head.as_bytes());
        // A Vec takes all that is written to it.
        let _ = serde_json::to_writer(&mut event, piece);
        event.extend_from_slice(self.tail.as_bytes());
        event.into()
    }

    fn raw_piece(&mut self, json: &str) -> Bytes {
        Bytes::from([&self.head, json, self.tail].concat())
    }

    fn closing(&mut self) -> Bytes {
        let mut events: String = self
            .extras
            .last()
            .into_iter()
            .map(|delta| format!("data: {}\n\n", self.choice(delta, None)))
            .collect();
        let reason = if self.extras.calls.is_empty() { finish_reason(&self.reply) } else { "tool_calls" };
        events.push_str(&format!("data: {}\n\n", self.choice(json!({}), Some(reason))));
        let mut usage = self.reply.chat_usage();
        let hidden = self.reply.reasoning_tokens + self.extras.thoughts() as u64;
        usage["completion_tokens_details"]["reasoning_tokens"] = hidden.into();
        if self.include_usage
            && let Some(usage) = self.faults.usage(usage)
        {
            events.push_str(&format!("data: {}\n\n", self.chunk(json!([]), usage)));
        }
        events.push_str("data: [DONE]\n\n");
        events.into()
    }

    fn error(&mut self, _failed: bool) -> Bytes {
        sse::data(&ApiError::server().body())
    }
}
