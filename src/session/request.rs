use triptych_protocol::{ChatMessage, ChatRequest, FunctionCall, Role, StreamOptions, ToolCall};

use crate::attachment::{Cargo, content};
use crate::offer::Offer;
use crate::thread::{Message, MessageId, Thread};
use crate::tools::{arguments, clean_name};

/// What a model is told of a call that nobody has answered: it must be told something.
const UNANSWERED: &str = "Not run: the user has not decided on it.";
/// What a call weighs besides its words: the names of its fields.
const CALL_FRAME: usize = 96;

/// The call that asks for `answer`. The same answer gives the same body at any time: a call that is repeated under its
/// idempotency key must be the same call.
pub(super) fn request(thread: &Thread, answer: MessageId, model: String, offer: &Offer) -> ChatRequest {
    after(thread, thread.message(answer).and_then(|message| message.parent), model, offer)
}

/// The call that carries everything up to `last`.
pub(super) fn after(thread: &Thread, last: Option<MessageId>, model: String, offer: &Offer) -> ChatRequest {
    let mut messages = Vec::new();
    messages.extend(offer.system().map(|told| ChatMessage::new(Role::System, told)));
    for message in history(thread, last) {
        let mut said = ChatMessage::new(message.role, content(message.said(), &message.attachments));
        if !message.has_calls() {
            messages.push(said);
            continue;
        }
        said.tool_calls = Some(message.calls.iter().map(tool_call).collect());
        messages.push(said);
        messages.extend(message.calls.iter().map(|call| ChatMessage {
            tool_call_id: Some(call.id.clone()),
            ..ChatMessage::new(Role::Tool, call.result.as_deref().unwrap_or(UNANSWERED))
        }));
    }
    let stream_options = Some(StreamOptions { include_usage: true });
    ChatRequest { model, messages, stream: true, stream_options, max_completion_tokens: None }
}

/// What the model is told: everything that was said on the way to `last`, without answers that failed before their
/// first word.
pub(super) fn history(thread: &Thread, last: Option<MessageId>) -> impl Iterator<Item = &Message> {
    thread.path_to(last).into_iter().filter(|message| {
        !message.said().is_empty() || !message.attachments.is_empty() || message.has_calls()
    })
}

/// Adds what a message carries along.
pub(super) fn weigh(message: &Message, cargo: &mut Cargo) {
    cargo.message(message.said(), &message.attachments);
    for call in message.calls.iter().filter(|_| message.has_calls()) {
        cargo.message(call.result.as_deref().unwrap_or(UNANSWERED), &[]);
        cargo.text += (2 * call.id.len() + call.name.len() + escaped(&call.arguments) + CALL_FRAME) as u64;
    }
}

fn tool_call(call: &crate::thread::ToolCall) -> ToolCall {
    // Some servers read the arguments, and refuse the whole call where they cannot.
    let arguments = arguments(&call.arguments).unwrap_or("{}").to_owned();
    ToolCall {
        id: call.id.clone(),
        kind: "function".into(),
        function: FunctionCall { name: clean_name(&call.name), arguments },
    }
}

/// Bytes of a text within JSON, where each mark may take two, or six.
fn escaped(text: &str) -> usize {
    text.bytes().map(|byte| if byte < b' ' { 6 } else { 1 + usize::from(matches!(byte, b'"' | b'\\')) }).sum()
}
