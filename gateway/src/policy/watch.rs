use serde_json::Value;

use super::{About, Policy, Stage};
use crate::error::Error;

/// A judgement is asked for at the first end of a sentence behind so many bytes, or at the latest behind the second.
const WINDOW: usize = 200;
const LONGEST_WINDOW: usize = 800;
/// So much of the text before is judged again, since what is refused may lie across.
const OVERLAP: usize = 200;

/// Judges a stream in windows, each before its last piece is passed on. What came before stays shown.
#[derive(Debug)]
pub(crate) struct Watch {
    policy: Policy,
    about: About,
    window: String,
    /// Bytes of `window` that were judged.
    judged: usize,
}

impl Watch {
    pub(super) fn new(policy: Policy, about: About) -> Self {
        Watch { policy, about, window: String::new(), judged: 0 }
    }

    /// Looks at an event before it is passed on.
    ///
    /// # Errors
    /// `content_refused` with the reason, and the stream must end; `unavailable` as with [`Policy::before`].
    pub(crate) async fn observe(&mut self, event: &str) -> Result<(), Error> {
        // `[DONE]` is no JSON, and what else is none is refused by the reader.
        let Ok(chunk) = serde_json::from_str::<Value>(event) else { return self.judge().await };
        let from = self.window.len();
        for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
            let delta = choice.get("delta").and_then(Value::as_object);
            for (name, value) in delta.into_iter().flatten() {
                // Content, refusal and reasoning; tool calls are read by programs, which judge by themselves.
                if name != "role"
                    && let Some(text) = value.as_str()
                {
                    self.window.push_str(text);
                }
            }
            if choice.get("finish_reason").is_some_and(|reason| !reason.is_null()) {
                return self.judge().await;
            }
        }
        // Events of the Responses API.
        if let Some(text) = chunk.get("delta").and_then(Value::as_str) {
            self.window.push_str(text);
        }
        let new = self.window.len() - self.judged;
        let ends = || {
            self.window.get(from..).is_some_and(|text| text.contains(['.', '!', '?', '\n', '。', '！', '？']))
        };
        if new >= LONGEST_WINDOW || (new >= WINDOW && ends()) { self.judge().await } else { self.glance() }
    }

    /// The list of words costs nothing to look into, so it need not wait for a window. The last word may go on.
    fn glance(&self) -> Result<(), Error> {
        let Some(words) = &self.policy.words else { return Ok(()) };
        let whole = self.window.trim_end_matches(|letter: char| letter.is_alphanumeric());
        if words.find(whole) {
            let (stage, reason) = (Stage::After, "it holds words that are not allowed here");
            return Err(super::refusal(stage, super::what(stage), reason));
        }
        Ok(())
    }

    async fn judge(&mut self) -> Result<(), Error> {
        if self.judged == self.window.len() {
            return Ok(());
        }
        self.policy.judge(Stage::After, &self.about, std::slice::from_ref(&self.window), &[]).await?;
        let mut keep = self.window.len().saturating_sub(OVERLAP);
        while !self.window.is_char_boundary(keep) {
            keep += 1;
        }
        self.window.drain(..keep);
        self.judged = self.window.len();
        Ok(())
    }
}
