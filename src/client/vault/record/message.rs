use js_sys::{Array, Object};
use triptych_protocol::Role;
use wasm_bindgen::{JsCast, JsValue};

use super::account::{receipt, receipt_line, usage, usage_line};
use super::{filled, get, id, list, maybe, name, number, object, parts, shortened, text, text_of};
use crate::attachment::Attachment;
use crate::error::{Failure, FailureKind};
use crate::thread::{CallState, Citation, Decision, Message, Status, ToolCall};
use crate::tools::is_object;

/// One message.
pub(in super::super) fn message_line(message: &Message) -> Object {
    let calls = message.calls.iter().map(|call| {
        object(&[
            ("index", call.index.into()),
            ("id", call.id.as_str().into()),
            ("name", call.name.as_str().into()),
            ("arguments", call.arguments.as_str().into()),
            ("state", call.state.word().into()),
            ("decision", call.decision.map_or(JsValue::UNDEFINED, |decision| decision.word().into())),
            ("result", maybe(call.result.as_deref())),
        ])
    });
    let attachments = message.attachments.iter().map(|file| {
        object(&[
            ("name", file.name.as_str().into()),
            ("mime", file.mime.as_str().into()),
            ("size", (file.size as f64).into()),
            ("data", (&*file.data).into()),
        ])
    });
    let citations = message
        .citations
        .iter()
        .map(|page| object(&[("url", page.url.as_str().into()), ("title", page.title.as_str().into())]));
    let failure = match &message.status {
        Status::Failed(failure) => {
            object(&[("code", failure.code().into()), ("message", failure.message.as_str().into())]).into()
        }
        _ => JsValue::UNDEFINED,
    };
    object(&[
        ("id", id(message.id)),
        ("parent", message.parent.map_or(JsValue::UNDEFINED, id)),
        ("role", if message.role == Role::User { "user" } else { "assistant" }.into()),
        ("text", shortened(&message.text)),
        ("reasoning", filled(&message.reasoning)),
        ("refusal", filled(&message.refusal)),
        ("calls", list(calls)),
        ("format", filled(&message.format)),
        ("json", if message.is_json { JsValue::TRUE } else { JsValue::UNDEFINED }),
        ("attachments", list(attachments)),
        ("citations", list(citations)),
        ("model", maybe(message.model.as_deref())),
        ("status", word(&message.status).into()),
        ("failure", failure),
        ("usage", message.usage.as_ref().map_or(JsValue::UNDEFINED, |usage| usage_line(usage).into())),
        (
            "receipt",
            message.receipt.as_ref().map_or(JsValue::UNDEFINED, |receipt| receipt_line(receipt).into()),
        ),
        ("feedback", message.feedback.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("created", message.created.into()),
    ])
}

/// A message out of its line.
pub(super) fn message(line: &JsValue) -> Option<Message> {
    let role = match text(line, "role").as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        _ => return None,
    };
    Some(Message {
        parent: name(line, "parent"),
        text: text(line, "text"),
        reasoning: text(line, "reasoning"),
        refusal: text(line, "refusal"),
        calls: parts(line, "calls", |call| {
            Some(ToolCall {
                index: number(call, "index") as u32,
                id: text(call, "id"),
                name: text(call, "name"),
                arguments: text(call, "arguments"),
                state: CallState::of(&text(call, "state")),
                decision: Decision::of(&text(call, "decision")),
                result: text_of(call, "result"),
            })
        }),
        // It becomes a part of a call's body as it is.
        format: text_of(line, "format").filter(|form| is_object(form)).unwrap_or_default(),
        is_json: get(line, "json").is_truthy(),
        attachments: parts(line, "attachments", |file| {
            Some(Attachment {
                name: text(file, "name"),
                mime: text(file, "mime"),
                size: number(file, "size") as u64,
                data: text_of(file, "data")?.into(),
            })
        }),
        citations: parts(line, "citations", |page| {
            Some(Citation { url: text_of(page, "url")?, title: text(page, "title") })
        }),
        model: text_of(line, "model"),
        status: status(line),
        usage: usage(&get(line, "usage")),
        receipt: receipt(&get(line, "receipt")),
        feedback: get(line, "feedback").as_bool(),
        created: number(line, "created"),
        ..Message::new(name(line, "id")?, role)
    })
}

/// True where a kept message says that this call of it runs or has run.
pub(in super::super) fn has_begun(line: &JsValue, place: usize) -> bool {
    let calls = get(line, "calls");
    let calls = Array::is_array(&calls).then(|| calls.unchecked_into::<Array>());
    let state = calls.map(|calls| CallState::of(&text(&calls.get(place as u32), "state")));
    state.is_some_and(|state| state != CallState::Foreign && !state.is_asked())
}

fn word(status: &Status) -> &'static str {
    match status {
        Status::Done => "done",
        Status::Stopped => "stopped",
        Status::Cut => "cut",
        Status::Failed(_) => "failed",
        Status::Left => "left",
        // All of these are over with the page, and what is taken up again begins anew.
        Status::Waiting | Status::Streaming | Status::Resuming | Status::Stopping => "streaming",
    }
}

fn status(line: &JsValue) -> Status {
    match text(line, "status").as_str() {
        "stopped" => Status::Stopped,
        "cut" => Status::Cut,
        "left" => Status::Left,
        "streaming" => Status::Streaming,
        "failed" => {
            let failure = get(line, "failure");
            let kind = match text(&failure, "code").as_str() {
                "network" => FailureKind::Network,
                "insufficient_credits" => FailureKind::Credits,
                "not_found" => FailureKind::Gone,
                "invalid_request" => FailureKind::Request,
                _ => FailureKind::Server,
            };
            Status::Failed(match kind {
                FailureKind::Network => Failure::network(),
                _ => Failure::new(kind, text(&failure, "message")),
            })
        }
        _ => Status::Done,
    }
}
