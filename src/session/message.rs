use triptych_protocol::{Receipt, Role};

use crate::attachment::Attachment;
use crate::error::Failure;

/// Names a message for as long as the conversation lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u32);

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name.
    pub id: MessageId,
    /// Who said it.
    pub role: Role,
    /// What was said so far.
    pub text: String,
    /// What was sent along.
    pub attachments: Vec<Attachment>,
    /// Where it stands.
    pub status: Status,
    /// What it cost, once the server has told.
    pub receipt: Option<Receipt>,
    /// How fast it came.
    pub pace: Pace,
}

/// Where a message stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// A message of the user, or an answer that is complete.
    Done,
    /// Sent; no word has come back.
    Waiting,
    /// Words are coming in.
    Streaming,
    /// The connection broke and is being taken up again.
    Resuming,
    /// The user asked for a stop and the server has not confirmed it.
    Stopping,
    /// Stopped by the user.
    Stopped,
    /// Ended at the longest length that was paid for.
    Cut,
    /// Failed; what came before stays.
    Failed(Failure),
}

impl Status {
    /// True while more may come.
    pub fn is_live(&self) -> bool {
        matches!(self, Status::Waiting | Status::Streaming | Status::Resuming | Status::Stopping)
    }
}

/// Times of an answer, in milliseconds of the page's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    pub(super) sent: f64,
    pub(super) first: Option<f64>,
    pub(super) last: f64,
    pub(super) tokens: u64,
}

impl Pace {
    /// Seconds from the send to the first word.
    pub fn first_token_seconds(&self) -> Option<f64> {
        self.first.map(|first| (first - self.sent) / 1_000.0)
    }

    /// Tokens a second from the first word on, by the server's count.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let seconds = (self.last - self.first?) / 1_000.0;
        // The first token starts the clock; a single one, or a burst at once, has no rate.
        (seconds > 0.02 && self.tokens > 1).then(|| (self.tokens - 1) as f64 / seconds)
    }
}
