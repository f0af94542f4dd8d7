use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::chat::Content;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults};
use crate::models::{self, Modality};
use crate::reply::{Question, Reply};
use crate::server;
use crate::sse::{self, Script};
use crate::state::Simulator;
use crate::tokens;

#[derive(Deserialize)]
struct ResponseRequest {
    model: String,
    input: Input,
    instructions: Option<String>,
    #[serde(default)]
    stream: bool,
    max_output_tokens: Option<usize>,
    reasoning: Option<Reasoning>,
    safety_identifier: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Item>),
}

#[derive(Deserialize)]
struct Item {
    role: Option<String>,
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Reasoning {
    effort: Option<String>,
}

impl ResponseRequest {
    /// All texts, the instructions first, and which of them is the user's last.
    fn texts(&mut self) -> (Vec<String>, Option<usize>) {
        let mut texts: Vec<String> = self.instructions.take().into_iter().collect();
        let mut last = None;
        match std::mem::replace(&mut self.input, Input::Items(Vec::new())) {
            Input::Text(text) => {
                last = Some(texts.len());
                texts.push(text);
            }
            Input::Items(items) => {
                for item in items {
                    if item.role.as_deref() == Some("user") {
                        last = Some(texts.len());
                    }
                    texts.push(item.content.map(Content::into_text).unwrap_or_default());
                }
            }
        }
        (texts, last)
    }
}

/// `POST /v1/responses`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let mut request: ResponseRequest = server::parse(&body)?;
    simulator.book().count_create(Caller::of(&headers, None).client_ref.as_deref());
    let (texts, last) = request.texts();
    let last = last.and_then(|at| texts.get(at)).map(String::as_str).unwrap_or_default();
    let (prompt, faults) = simulator.faults(FaultRoute::Responses, &headers, last)?;
    if texts.is_empty() {
        return Err(ApiError::invalid(Some("input"), "`input` must not be empty."));
    }
    models::check(&simulator, &request.model, Modality::Chat)?;
    faults.at_the_door(request.stream).await?;
    let question = Question {
        shape: "responses",
        id_prefix: "resp_",
        model: &request.model,
        texts: &texts,
        prompt: &prompt,
        max_tokens: request.max_output_tokens,
        effort: request.reasoning.as_ref().and_then(|reasoning| reasoning.effort.as_deref()),
        safety_identifier: request.safety_identifier.take(),
        answer: None,
    };
    let reply = Reply::start(&simulator, &headers, question, &faults);
    let script = Events::new(reply, faults.clone());
    if !request.stream {
        script.reply.write_out().await;
        return Ok(faults.deliver(script.response("completed")).await);
    }
    let (pace, counter) = (script.reply.pace, script.reply.counter.clone());
    Ok(sse::respond(script, faults, pace, counter))
}

/// `POST /v1/responses/input_tokens`: what a call would read, for nothing.
pub(crate) async fn input_tokens(body: Bytes) -> Result<Json<Value>, ApiError> {
    let mut request: ResponseRequest = server::parse(&body)?;
    let (texts, _) = request.texts();
    let count: u64 = texts.iter().map(|text| tokens::count(text) + 4).sum();
    Ok(Json(json!({"object": "response.input_tokens", "input_tokens": count})))
}

/// The events of one response, numbered from 0.
struct Events {
    reply: Reply,
    faults: Faults,
    message_id: String,
    next: u64,
}

impl Events {
    fn new(reply: Reply, faults: Faults) -> Self {
        let message_id = reply.id.replace("resp_", "msg_");
        Self { reply, faults, message_id, next: 0 }
    }

    fn event(&mut self, kind: &str, mut fields: Value) -> String {
        fields["type"] = json!(kind);
        fields["sequence_number"] = json!(self.next);
        self.next += 1;
        sse::typed(kind, &fields)
    }

    fn delta(&mut self, json_text: &str) -> Bytes {
        let number = self.next;
        self.next += 1;
        let (item, output) = (&self.message_id, self.message_index());
        Bytes::from(format!(
            "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\
             \"sequence_number\":{number},\"item_id\":\"{item}\",\"output_index\":{output},\
             \"content_index\":0,\"logprobs\":[],\"delta\":{json_text}}}\n\n"
        ))
    }

    /// The reasoning, where there is any, comes first.
    fn message_index(&self) -> u64 {
        u64::from(self.reply.reasoning_tokens > 0)
    }

    fn reasoning(&self) -> Value {
        json!({"id": self.reply.id.replace("resp_", "rs_"), "type": "reasoning", "summary": []})
    }

    fn part(&self, text: &str) -> Value {
        json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []})
    }

    fn message(&self, status: &str, content: Vec<Value>) -> Value {
        json!({
            "id": self.message_id, "type": "message", "role": "assistant", "status": status,
            "content": content,
        })
    }

    /// The whole response as it is when it has that status; `completed` may come out as `incomplete`.
    fn response(&self, status: &str) -> Value {
        let reply = &self.reply;
        let ended = status == "completed";
        let status = if ended && reply.cut_short { "incomplete" } else { status };
        let mut output = Vec::new();
        if ended {
            output.extend((reply.reasoning_tokens > 0).then(|| self.reasoning()));
            output.push(self.message(status, vec![self.part(reply.text())]));
        }
        let mut response = json!({
            "id": reply.id, "object": "response", "created_at": reply.created, "status": status,
            "model": reply.model, "output": output, "error": null, "incomplete_details": null,
            "instructions": null, "metadata": {}, "parallel_tool_calls": true, "temperature": 1.0,
            "tool_choice": "auto", "tools": [], "top_p": 1.0, "service_tier": "default", "usage": null,
        });
        if status == "incomplete" {
            response["incomplete_details"] = json!({"reason": "max_output_tokens"});
        }
        if status == "failed" {
            let message = "The server had an error while processing your request. Sorry about that!";
            response["error"] = json!({"code": "server_error", "message": message});
        }
        if ended || status == "failed" {
            match self.faults.usage(reply.response_usage()) {
                Some(usage) => response["usage"] = usage,
                None => {
                    response.as_object_mut().and_then(|fields| fields.remove("usage"));
                }
            }
        }
        response
    }
}

impl Script for Events {
    fn opening(&mut self) -> Bytes {
        let begun = self.response("in_progress");
        let mut events = self.event("response.created", json!({"response": begun}));
        events += &self.event("response.in_progress", json!({"response": begun}));
        if self.reply.reasoning_tokens > 0 {
            for kind in ["response.output_item.added", "response.output_item.done"] {
                let item = self.reasoning();
                events += &self.event(kind, json!({"output_index": 0, "item": item}));
            }
        }
        let (index, id) = (self.message_index(), self.message_id.clone());
        let item = self.message("in_progress", Vec::new());
        events += &self.event("response.output_item.added", json!({"output_index": index, "item": item}));
        let part = self.part("");
        let place = json!({"item_id": id, "output_index": index, "content_index": 0, "part": part});
        events += &self.event("response.content_part.added", place);
        events.into()
    }

    fn pieces(&self) -> usize {
        self.reply.len()
    }

    fn piece(&mut self, index: usize) -> Bytes {
        let text = Value::from(self.reply.piece(index)).to_string();
        self.delta(&text)
    }

    fn raw_piece(&mut self, json: &str) -> Bytes {
        self.delta(json)
    }

    fn closing(&mut self) -> Bytes {
        let (index, id, text) = (self.message_index(), self.message_id.clone(), self.reply.text().to_owned());
        let done = json!({
            "item_id": id, "output_index": index, "content_index": 0, "text": text, "logprobs": [],
        });
        let mut events = self.event("response.output_text.done", done);
        let part = self.part(&text);
        let place = json!({"item_id": id, "output_index": index, "content_index": 0, "part": part});
        events += &self.event("response.content_part.done", place);
        let kind = if self.reply.cut_short { "incomplete" } else { "completed" };
        let item = self.message(kind, vec![part]);
        events += &self.event("response.output_item.done", json!({"output_index": index, "item": item}));
        let response = self.response("completed");
        events += &self.event(&format!("response.{kind}"), json!({"response": response}));
        events.into()
    }

    fn error(&mut self, failed: bool) -> Bytes {
        let event = if failed {
            let response = self.response("failed");
            self.event("response.failed", json!({"response": response}))
        } else {
            let message = "The server had an error while processing your request. Sorry about that!";
            self.event("error", json!({"code": "server_error", "message": message, "param": null}))
        };
        event.into()
    }
}
