//! What the database has of a thread, as plain objects. What is read may have been written by anybody: what does not
//! fit is left out or read as empty.

use js_sys::{Array, JsString, Object, Reflect};
use triptych_protocol::{CompletionDetails, Credits, PromptDetails, Receipt, Role, Usage};
use wasm_bindgen::{JsCast, JsValue};

use super::database::get;
use crate::attachment::Attachment;
use crate::client::clock::now;
use crate::error::{Failure, FailureKind};
use crate::offer::Offer;
use crate::session::Session;
use crate::thread::{
    CallState, Citation, Decision, Live, Message, MessageId, Status, Thread, ThreadId, ToolCall, Trust,
};
use crate::threads::Row;
use crate::tools::is_object;

/// The longest text that is kept, in UTF-16 units.
const LONGEST: u32 = 2_000_000;
/// How long after its last words were kept an answer counts as under way, in milliseconds: one that nobody reads is
/// written on by the server for about a minute.
const LEFT_FOR: f64 = 120_000.0;
/// How many calls, files or sources of one message are read.
const MOST_PARTS: usize = 64;

/// A thread's line in the list; none where nothing was said in it.
pub(super) fn row(line: &JsValue) -> Option<Row> {
    name(line, "head")?;
    Some(Row {
        id: text_of(line, "id")?,
        title: text(line, "title"),
        updated: number(line, "updated"),
        running: now() - number(&get(line, "live"), "at") < LEFT_FOR,
        deleted: get(line, "deleted").as_f64(),
    })
}

/// All of a thread but its messages.
pub(super) fn thread_line(session: &Session) -> Object {
    let thread = session.thread();
    let live = session.live().map(|live| {
        object(&[
            ("message", id(live.message)),
            ("key", live.key.as_str().into()),
            ("stream", maybe(live.stream.as_deref())),
            ("after", live.after.as_str().into()),
            ("finish", maybe(live.finish.as_deref())),
            ("at", now().into()),
            ("tools", filled(&live.offer.tools)),
            ("context", filled(&live.offer.context)),
            ("format", filled(&live.offer.format)),
            ("wordsOnly", live.offer.words_only.into()),
        ])
    });
    let trusts = thread
        .trusts
        .iter()
        .map(|trust| object(&[("name", (&*trust.name).into()), ("print", (&*trust.print).into())]));
    object(&[
        ("id", thread.id.0.as_str().into()),
        ("title", thread.title.as_str().into()),
        ("created", thread.created.into()),
        ("updated", thread.updated.into()),
        ("model", maybe(thread.model.as_deref())),
        ("head", thread.head().map_or(JsValue::UNDEFINED, id)),
        ("live", live.map_or(JsValue::UNDEFINED, JsValue::from)),
        ("trusts", list(trusts)),
    ])
}

/// One message.
pub(super) fn message_line(message: &Message) -> Object {
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

/// A thread out of its lines, and what its answer under way is taken up by.
pub(super) fn thread(line: &JsValue, messages: &Array) -> Option<(Thread, Option<Live>)> {
    let mut thread = Thread::new(ThreadId(text_of(line, "id")?), number(line, "created"));
    thread.title = text(line, "title");
    thread.updated = number(line, "updated");
    thread.model = text_of(line, "model");
    thread.trusts = parts(line, "trusts", |trust| {
        Some(Trust { name: text_of(trust, "name")?, print: text_of(trust, "print")? })
    });
    let messages = messages.iter().filter_map(|line| message(&line)).collect();
    let thread = thread.with_messages(messages, name(line, "head"));
    let live = get(line, "live");
    let live = text_of(&live, "key").zip(name(&live, "message")).map(|(key, message)| Live {
        message,
        key,
        stream: text_of(&live, "stream"),
        after: text(&live, "after"),
        finish: text_of(&live, "finish"),
        offer: Offer {
            tools: text(&live, "tools"),
            context: text(&live, "context"),
            format: text(&live, "format"),
            words_only: get(&live, "wordsOnly").is_truthy(),
        },
    });
    Some((thread, live))
}

fn message(line: &JsValue) -> Option<Message> {
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
pub(super) fn has_begun(line: &JsValue, place: usize) -> bool {
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

/// A plain object of these properties, without those that say nothing.
fn object(pairs: &[(&str, JsValue)]) -> Object {
    let object = Object::new();
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_undefined()) {
        set(&object, name, value);
    }
    object
}

pub(super) fn set(line: &JsValue, name: &str, value: &JsValue) {
    // A plain object takes any property.
    let _ = Reflect::set(line, &JsValue::from_str(name), value);
}

fn id(id: MessageId) -> JsValue {
    id.0.into()
}

fn maybe(text: Option<&str>) -> JsValue {
    text.map_or(JsValue::UNDEFINED, JsValue::from_str)
}

fn filled(text: &str) -> JsValue {
    if text.is_empty() { JsValue::UNDEFINED } else { shortened(text) }
}

fn shortened(text: &str) -> JsValue {
    let text = JsString::from(text);
    if text.length() > LONGEST { text.slice(0, LONGEST).into() } else { text.into() }
}

fn list(parts: impl ExactSizeIterator<Item = Object>) -> JsValue {
    if parts.len() == 0 { JsValue::UNDEFINED } else { parts.collect::<Array>().into() }
}

fn usage_line(usage: &Usage) -> Object {
    let cached = usage.prompt_tokens_details.and_then(|details| details.cached_tokens);
    let thought = usage.completion_tokens_details.and_then(|details| details.reasoning_tokens);
    let count = |tokens: Option<u64>| tokens.map_or(JsValue::UNDEFINED, |tokens| (tokens as f64).into());
    object(&[
        ("prompt", count(Some(usage.prompt_tokens))),
        ("completion", count(Some(usage.completion_tokens))),
        ("total", count(Some(usage.total_tokens))),
        ("cached", count(cached)),
        ("reasoning", count(thought)),
    ])
}

fn usage(line: &JsValue) -> Option<Usage> {
    let count = |name| number_of(line, name).map(|count| count as u64);
    Some(Usage {
        prompt_tokens: count("prompt")?,
        completion_tokens: count("completion")?,
        total_tokens: count("total")?,
        prompt_tokens_details: count("cached")
            .map(|count| PromptDetails { cached_tokens: Some(count), ..PromptDetails::default() }),
        completion_tokens_details: count("reasoning")
            .map(|count| CompletionDetails { reasoning_tokens: Some(count), ..CompletionDetails::default() }),
    })
}

fn receipt_line(receipt: &Receipt) -> Object {
    let micro = |credits: Credits| JsValue::from_f64(credits.micro() as f64);
    object(&[
        ("held", micro(receipt.held)),
        ("charged", micro(receipt.charged)),
        ("returned", micro(receipt.returned)),
        ("estimated", receipt.estimated.into()),
    ])
}

fn receipt(line: &JsValue) -> Option<Receipt> {
    let micro = |name| number_of(line, name).map(|micro| Credits::from_micro(micro as i64));
    Some(Receipt {
        held: micro("held")?,
        charged: micro("charged")?,
        returned: micro("returned")?,
        estimated: get(line, "estimated").is_truthy(),
    })
}

fn text_of(line: &JsValue, name: &str) -> Option<String> {
    get(line, name).as_string()
}

fn text(line: &JsValue, name: &str) -> String {
    text_of(line, name).unwrap_or_default()
}

fn number(line: &JsValue, name: &str) -> f64 {
    number_of(line, name).unwrap_or_default()
}

fn number_of(line: &JsValue, name: &str) -> Option<f64> {
    get(line, name).as_f64().filter(|number| number.is_finite())
}

fn name(line: &JsValue, name: &str) -> Option<MessageId> {
    let number = get(line, name).as_f64()?;
    // The greatest name is never given, so that there is always a next one.
    (number >= 0.0 && number < f64::from(u32::MAX) && number.fract() == 0.0)
        .then_some(MessageId(number as u32))
}

fn parts<T>(line: &JsValue, name: &str, read: impl Fn(&JsValue) -> Option<T>) -> Vec<T> {
    let list = get(line, name);
    if !Array::is_array(&list) {
        return Vec::new();
    }
    let list: Array = list.unchecked_into();
    list.iter().take(MOST_PARTS).filter_map(|part| read(&part)).collect()
}
