use std::sync::atomic::Ordering;

use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bill::{BillKind, Counter};
use crate::caller::Caller;
use crate::fault::Faults;
use crate::sse::Pace;
use crate::state::{Simulator, now_ms};
use crate::{answer, tokens};

/// The text and the numbers of an answer to a conversation, in no shape yet.
pub(crate) struct Reply {
    pub(crate) id: String,
    pub(crate) created: u64,
    pub(crate) model: String,
    pub(crate) prompt_tokens: u64,
    pub(crate) cached_tokens: u64,
    pub(crate) reasoning_tokens: u64,
    /// Whether the limit on tokens cut it.
    pub(crate) cut_short: bool,
    pub(crate) pace: Pace,
    pub(crate) counter: Counter,
    text: String,
    /// Where each token of the text ends.
    ends: Vec<usize>,
}

/// A conversation as both APIs have it.
pub(crate) struct Question<'a> {
    pub(crate) shape: &'static str,
    pub(crate) id_prefix: &'static str,
    pub(crate) model: &'a str,
    /// All texts, the last of which is new.
    pub(crate) texts: &'a [String],
    /// The last one of the user without its fault markers.
    pub(crate) prompt: &'a str,
    pub(crate) max_tokens: Option<usize>,
    pub(crate) effort: Option<&'a str>,
    pub(crate) safety_identifier: Option<String>,
    /// The answer, where it is not one about the prompt.
    pub(crate) answer: Option<String>,
}

/// A prefix shorter than this is never cached, and a longer one in steps of [`CACHE_STEP`].
const CACHE_FROM: u64 = 1024;
const CACHE_STEP: u64 = 128;

impl Reply {
    /// Writes the answer and puts it on the bill, where it grows as it is sent.
    pub(crate) fn start(
        simulator: &Simulator,
        headers: &HeaderMap,
        question: Question<'_>,
        faults: &Faults,
    ) -> Self {
        let mut text = question.answer.unwrap_or_else(|| answer::compose(question.prompt));
        let mut end = 0;
        let measure = |piece: &str| {
            end += piece.len();
            end
        };
        let mut ends: Vec<usize> = tokens::pieces(&text).into_iter().map(measure).collect();
        let limit = question.max_tokens.unwrap_or(usize::MAX);
        let reasoning = reasoning_tokens(question.model, question.effort).min(limit);
        let cut_short = ends.len() > limit - reasoning;
        ends.truncate(limit - reasoning);
        text.truncate(ends.last().copied().unwrap_or(0));

        let count = |texts: &[String]| texts.iter().map(|text| tokens::count(text) + 4).sum::<u64>();
        let prompt_tokens = count(question.texts);
        let cached_tokens = match faults.cached_tokens() {
            Some(tokens) => tokens.min(prompt_tokens),
            None => {
                let known = question.texts.split_last().map_or(&[][..], |(_, known)| known);
                cached(simulator, question.model, known, count(known))
            }
        };
        let id = simulator.new_id(question.id_prefix);
        let mut item = Caller::of(headers, None).item();
        item.kind = BillKind::Chat;
        item.id.clone_from(&id);
        question.shape.clone_into(&mut item.shape);
        question.model.clone_into(&mut item.model);
        item.prompt_tokens = prompt_tokens;
        item.cached_tokens = cached_tokens;
        item.reasoning_tokens = reasoning as u64;
        item.safety_identifier = question.safety_identifier;
        let counter = simulator.book().add_stream(item);
        // It is thought before a word is said, and paid for even if no word is.
        counter.fetch_add(reasoning as u64, Ordering::Relaxed);
        Self {
            id,
            created: now_ms() / 1000,
            model: question.model.to_owned(),
            prompt_tokens,
            cached_tokens,
            reasoning_tokens: reasoning as u64,
            cut_short,
            pace: Pace {
                first_at: Instant::now() + simulator.config().time_to_first_token,
                per_second: simulator.config().tokens_per_second,
            },
            counter,
            text,
            ends,
        }
    }

    /// Tokens of the text.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn piece(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Waits as long as the whole takes, and counts it as sent.
    pub(crate) async fn write_out(&self) {
        self.pace.wait(self.ends.len().saturating_sub(1)).await;
        self.counter.fetch_add(self.ends.len() as u64, Ordering::Relaxed);
    }

    fn sent(&self) -> u64 {
        self.counter.load(Ordering::Relaxed)
    }

    /// In the words of Chat Completions.
    pub(crate) fn chat_usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.sent(),
            "total_tokens": self.prompt_tokens + self.sent(),
            "prompt_tokens_details": {
                "cached_tokens": self.cached_tokens, "cache_write_tokens": 0, "audio_tokens": 0,
            },
            "completion_tokens_details": {
                "reasoning_tokens": self.reasoning_tokens, "audio_tokens": 0,
                "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
            },
        })
    }

    /// In the words of Responses.
    pub(crate) fn response_usage(&self) -> Value {
        json!({
            "input_tokens": self.prompt_tokens,
            "input_tokens_details": {"cached_tokens": self.cached_tokens, "cache_write_tokens": 0},
            "output_tokens": self.sent(),
            "output_tokens_details": {"reasoning_tokens": self.reasoning_tokens},
            "total_tokens": self.prompt_tokens + self.sent(),
        })
    }
}

/// Hidden tokens: by the effort asked for, or middling for a model with `reason` in its id.
fn reasoning_tokens(model: &str, effort: Option<&str>) -> usize {
    match effort {
        Some("none") => 0,
        Some("minimal") => 16,
        Some("low") => 32,
        Some("high") => 128,
        Some("xhigh") => 256,
        Some("max") => 512,
        Some(_) => 64,
        None if model.contains("reason") => 64,
        None => 0,
    }
}

/// A long beginning that the same model has read before comes from its cache.
fn cached(simulator: &Simulator, model: &str, known: &[String], length: u64) -> u64 {
    if length < CACHE_FROM {
        return 0;
    }
    let hash = known.iter().fold(tokens::hash(model), |sum, text| sum.rotate_left(7) ^ tokens::hash(text));
    if simulator.seen_before(hash) { length / CACHE_STEP * CACHE_STEP } else { 0 }
}
