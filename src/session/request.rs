use triptych_protocol::{ChatMessage, ChatRequest, StreamOptions};

use crate::attachment::content;
use crate::thread::{Message, MessageId, Thread};

/// The call that asks for `answer`. The same answer gives the same body at any time: a call that is repeated under its
/// idempotency key must be the same call.
pub(super) fn request(thread: &Thread, answer: MessageId, model: String) -> ChatRequest {
    after(thread, thread.message(answer).and_then(|message| message.parent), model)
}

/// The call that carries everything up to `last`.
pub(super) fn after(thread: &Thread, last: Option<MessageId>, model: String) -> ChatRequest {
    let messages = history(thread, last)
        .map(|message| ChatMessage {
            role: message.role,
            content: content(message.said(), &message.attachments),
        })
        .collect();
    let stream_options = Some(StreamOptions { include_usage: true });
    ChatRequest { model, messages, stream: true, stream_options, max_completion_tokens: None }
}

/// What the model is told: everything that was said on the way to `last`, without answers that failed before their
/// first word.
pub(super) fn history(thread: &Thread, last: Option<MessageId>) -> impl Iterator<Item = &Message> {
    thread
        .path_to(last)
        .into_iter()
        .filter(|message| !message.said().is_empty() || !message.attachments.is_empty())
}
