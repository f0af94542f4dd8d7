use triptych_protocol::{ChatRequest, TriptychExtra, Usage};

use super::MessageId;
use crate::attachment::Attachment;
use crate::error::Failure;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user typed.
    Draft(String),
    /// What is to be sent along with the draft has changed.
    Attach(Vec<Attachment>),
    /// The user sends the draft. `key` is fresh and names this click for good.
    Send {
        /// The model.
        model: String,
        /// The idempotency key.
        key: String,
        /// The page's clock in milliseconds.
        now: f64,
    },
    /// The user wants a failed answer once more.
    Retry {
        /// Which one.
        message: MessageId,
        /// The model.
        model: String,
        /// A fresh idempotency key, used unless the old one is safer.
        key: String,
        /// The page's clock in milliseconds.
        now: f64,
    },
    /// The user wants no more of it.
    Stop,
    /// The server has taken the call and named its stream.
    Opened {
        /// The stream's id.
        stream: Option<String>,
    },
    /// Words came.
    Delta {
        /// The words.
        text: String,
        /// The event's id, from which a broken stream can be taken up.
        event: String,
        /// The page's clock in milliseconds.
        now: f64,
    },
    /// The model gave its reason to end.
    Finished(String),
    /// The server's account of tokens and money.
    Paid {
        /// Tokens.
        usage: Option<Usage>,
        /// Money.
        extra: Option<TriptychExtra>,
    },
    /// The stream is complete.
    Ended,
    /// The call failed, or its connection did.
    Failed(Failure),
    /// The conversation is thrown away.
    Clear,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call the model.
    Start {
        /// The body.
        request: ChatRequest,
        /// The idempotency key.
        key: String,
    },
    /// Take up a broken stream.
    Resume {
        /// The stream's id.
        stream: String,
        /// The last event that arrived.
        after: String,
        /// How many tries went before, for the wait.
        attempt: u32,
    },
    /// Tell the server to stop.
    Stop {
        /// The stream's id.
        stream: String,
    },
    /// Give up the connection; there is nothing to stop by name.
    Abandon,
    /// Keep the draft for the next visit.
    KeepDraft(String),
    /// The list of messages has changed.
    ListChanged,
    /// A message's status or receipt has changed.
    MessageChanged(MessageId),
    /// A message has more text.
    TextGrew(MessageId),
    /// The draft was changed by the machine and not by the user.
    DraftReplaced,
    /// What was attached to the draft has been sent with it.
    AttachmentsTaken,
    /// An answer has begun.
    Began,
    /// An answer has ended well.
    Answered(MessageId),
    /// A call has failed.
    Reported(Failure),
    /// The balance may have changed; this is the server's word on it, where it gave one.
    Balance(Option<TriptychExtra>),
}
