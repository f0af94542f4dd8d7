//! What is asked for again by itself: an answer for which there was no room yet, or no network.

use super::{Effect, MessageId, Session};
use crate::error::{Failure, FailureKind};

/// How often in a row an answer is asked for again before the user is asked.
const MOST_TRIES: u32 = 4;
/// The wait where the server names none, in milliseconds.
const USUAL_WAIT: u64 = 10_000;
/// Longer waits are the user's to decide on, in milliseconds.
const LONGEST_WAIT: u64 = 300_000;

/// A failed answer that is asked for again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// The answer.
    pub message: MessageId,
    /// When.
    pub when: When,
}

/// When something is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// After so many milliseconds.
    After(u64),
    /// Once there is a network.
    Online,
}

/// How often it was tried, and what is waited for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Patience {
    again: Option<Again>,
    tries: u32,
    offline: bool,
}

impl Session {
    /// What is asked for again by itself.
    pub fn again(&self) -> Option<Again> {
        self.patience.again
    }

    /// The network has gone or come.
    pub(super) fn online(&mut self, online: bool) -> Vec<Effect> {
        self.patience.offline = !online;
        match self.patience.again {
            Some(Again { message, when: When::Online }) if online => {
                self.wait(Again { message, when: When::After(0) })
            }
            _ => Vec::new(),
        }
    }

    /// The user does not want it again.
    pub(super) fn give_up(&mut self) -> Vec<Effect> {
        self.patience.tries = 0;
        self.no_longer()
    }

    /// An answer has begun to come.
    pub(super) fn got_through(&mut self) {
        self.patience.tries = 0;
    }

    /// Whatever was waited for, something else is done now.
    pub(super) fn no_longer(&mut self) -> Vec<Effect> {
        match self.patience.again.take() {
            Some(again) => vec![Effect::Again(None), Effect::MessageChanged(again.message)],
            None => Vec::new(),
        }
    }

    /// Decides whether an answer that failed is asked for again.
    pub(super) fn after_failure(&mut self, message: MessageId, failure: &Failure) -> Vec<Effect> {
        let when = match failure.kind {
            FailureKind::Busy if self.patience.tries < MOST_TRIES => {
                let wait = failure.retry_after_ms.unwrap_or(USUAL_WAIT);
                (wait <= LONGEST_WAIT).then_some(When::After(wait))
            }
            FailureKind::Network if self.patience.offline => Some(When::Online),
            _ => None,
        };
        match when {
            Some(when) => {
                self.patience.tries += u32::from(matches!(when, When::After(_)));
                self.wait(Again { message, when })
            }
            None => Vec::new(),
        }
    }

    fn wait(&mut self, again: Again) -> Vec<Effect> {
        self.patience.again = Some(again);
        vec![Effect::Again(Some(again)), Effect::MessageChanged(again.message)]
    }
}
