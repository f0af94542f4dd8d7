use crate::error::Failure;

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
    /// Nobody watches; the server goes on, and what it writes can be fetched.
    Left,
    /// Stopped by the user.
    Stopped,
    /// Ended at the longest length that was paid for.
    Cut,
    /// Failed; what came before stays.
    Failed(Failure),
}

impl Status {
    /// True while more comes.
    pub fn is_live(&self) -> bool {
        matches!(self, Status::Waiting | Status::Streaming | Status::Resuming | Status::Stopping)
    }
}

/// How fast an answer came, in milliseconds of the page's clock. Only differences mean anything, and none does where
/// the answer was not watched from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    /// When it was sent.
    pub sent: f64,
    /// When its first word came, spoken or thought.
    pub first: Option<f64>,
    /// When its last word came.
    pub last: f64,
    /// How long it was thought about before the first word, where thoughts were sent.
    pub thought: f64,
    /// Tokens of what was sent, by the server's count.
    pub tokens: u64,
    /// It was left alone for a while, so its times are not those of the model.
    pub broken: bool,
}

impl Pace {
    /// Seconds from the send to the first word.
    pub fn first_token_seconds(&self) -> Option<f64> {
        self.first.filter(|_| !self.broken).map(|first| (first - self.sent) / 1_000.0)
    }

    /// Tokens a second from the first word on, by the server's count.
    pub fn tokens_per_second(&self) -> Option<f64> {
        let seconds = (self.last - self.first?) / 1_000.0;
        // The first token starts the clock; a single one, or a burst at once, has no rate.
        (!self.broken && seconds > 0.02 && self.tokens > 1).then(|| (self.tokens - 1) as f64 / seconds)
    }

    /// Whole seconds of thought that was shown.
    pub fn thought_seconds(&self) -> Option<u64> {
        (!self.broken && self.thought > 0.0).then(|| (self.thought / 1_000.0).ceil() as u64)
    }
}
