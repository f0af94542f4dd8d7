//! What the database has of a thread, as plain objects. What is read may have been written by anybody: what does not
//! fit is left out or read as empty.

mod account;
mod message;

use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use self::message::message;
pub(super) use self::message::{has_begun, message_line};
use super::database::get;
use crate::client::clock::now;
use crate::offer::Offer;
use crate::session::Session;
use crate::thread::{Live, MessageId, Thread, ThreadId, Trust};
use crate::threads::Row;

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
