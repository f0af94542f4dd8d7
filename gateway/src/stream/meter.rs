use serde_json::{Map, Value};
use triptych_protocol::Usage;

use super::chunk::Chunk;
use crate::estimate::{PROMPT_FIELDS, token_counts};

/// Bytes that a token stands for where nobody counted: about right for English, more than enough code and prose.
const BYTES_PER_TOKEN: u64 = 4;
/// Tokens that the chat format adds to a message.
const TOKENS_PER_MESSAGE: u64 = 4;
/// More bytes than a token has on average in a text of any length.
const LARGE_TOKEN: u64 = 6;
/// More bytes than a token has.
const LARGEST_TOKEN: u64 = 16;

/// Watches a streamed answer and says in the end what it used.
///
/// The provider's own usage counts. Where it sends none, because the answer was stopped or broke off, the meter
/// estimates: the prompt at four bytes a token, the answer at one token a delta, or at four bytes a token where the
/// deltas are too large to be tokens. What comes after a usage in mid-stream is estimated on top of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    prompt_estimate: u64,
    /// Answers that were asked for.
    choices: u32,
    /// Answers that have begun and that have ended, a bit each.
    begun: u64,
    ended: u64,
    /// Since the provider's last word on usage.
    since: Counted,
    all: Counted,
    usage: Option<Usage>,
    /// The last usage as the provider wrote it, with details.
    details: Option<Value>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    deltas: u64,
    bytes: u64,
}

/// What an answer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) usage: Usage,
    /// The provider did not say, or not all.
    pub(crate) estimated: bool,
}

impl Counted {
    fn add(&mut self, bytes: u64) {
        self.deltas += 1;
        self.bytes += bytes;
    }

    fn tokens(self) -> u64 {
        if self.bytes > self.deltas.saturating_mul(LARGEST_TOKEN) {
            self.bytes.div_ceil(BYTES_PER_TOKEN)
        } else {
            self.deltas
        }
    }

    /// So many tokens there are for certain, however the provider cuts its answer into deltas.
    fn at_least(self) -> u64 {
        (self.bytes / LARGE_TOKEN).min(self.deltas).max(self.bytes / LARGEST_TOKEN)
    }
}

impl Meter {
    /// For a prompt of that size by [`prompt_tokens`], and for `choices` answers to it.
    pub(crate) fn new(prompt_estimate: u64, choices: u32) -> Self {
        Meter { prompt_estimate, choices, ..Meter::default() }
    }

    /// Takes note of a whole answer.
    pub(crate) fn observe(&mut self, answer: &Value) {
        if let Some(chunk) = Chunk::parse(&answer.to_string()) {
            self.observe_chunk(&chunk);
        }
    }

    /// Takes note of a chunk, and says whether it told the usage.
    pub(super) fn observe_chunk(&mut self, chunk: &Chunk<'_>) -> bool {
        for choice in chunk.choices.iter().flatten() {
            let bit = 1_u64.checked_shl(choice.index.unwrap_or(0)).unwrap_or(0);
            self.begun |= bit;
            if choice.is_finished() {
                self.ended |= bit;
            }
            let bytes = choice.bytes();
            if bytes > 0 {
                self.all.add(bytes);
                self.since.add(bytes);
            }
        }
        let Some(usage) = chunk.usage() else { return false };
        // Zero tokens are a statement, no usage is none: only a missing count leaves the estimate in charge.
        if let Some(counts) = token_counts(&usage) {
            self.usage = Some(counts);
            self.since = Counted::default();
            self.details = Some(usage);
        }
        true
    }

    /// The provider has said of each answer why it ended.
    pub(crate) fn finished(&self) -> bool {
        self.ended.count_ones() >= self.choices.max(1)
    }

    /// The provider has ended each answer that it has begun; it may make fewer than it was asked for.
    pub(crate) fn finished_what_began(&self) -> bool {
        self.ended != 0 && self.ended == self.begun
    }

    /// The answers whose end the provider has not told, by index.
    pub(crate) fn unfinished(&self) -> impl Iterator<Item = u32> {
        let ended = self.ended;
        (0..self.choices.max(1)).filter(move |index| ended & 1_u64.checked_shl(*index).unwrap_or(0) == 0)
    }

    /// Something was delivered, or at least accounted for.
    pub(crate) fn delivered(&self) -> bool {
        self.all.deltas > 0 || self.usage.is_some()
    }

    /// Pieces of the answer so far.
    pub(crate) fn deltas(&self) -> u64 {
        self.all.deltas
    }

    /// The tokens of the answer that there are for certain: the provider's count, or fewer than anybody could write
    /// the text with.
    pub(crate) fn completion_at_least(&self) -> u64 {
        self.usage.map_or(0, |usage| usage.completion_tokens).saturating_add(self.since.at_least())
    }

    /// What was used, by the provider's count where it is complete.
    pub(crate) fn used(&self) -> Used {
        let (prompt_tokens, counted) = self
            .usage
            .map_or((self.prompt_estimate, 0), |usage| (usage.prompt_tokens, usage.completion_tokens));
        let completion_tokens = counted.saturating_add(self.since.tokens());
        let total_tokens = prompt_tokens.saturating_add(completion_tokens);
        // What comes after the provider's last word counts as text.
        let usage =
            Usage { prompt_tokens, completion_tokens, total_tokens, ..self.usage.unwrap_or_default() };
        Used { usage, estimated: self.usage.is_none() || self.since.deltas > 0 }
    }

    /// What was used as it is told to the caller: in the provider's own words where it has said all.
    pub(crate) fn told(&self) -> Value {
        let used = self.used();
        match &self.details {
            Some(details) if !used.estimated => details.clone(),
            _ => serde_json::json!(used.usage),
        }
    }
}

/// The usage in a chunk or an answer; `null` and an object without counts are none.
pub(crate) fn usage_of(chunk: &Value) -> Option<Usage> {
    token_counts(chunk.get("usage")?)
}

/// An estimate of the tokens in the prompt of a request: its messages, and the fields that become part of it.
pub(crate) fn prompt_tokens(body: &Map<String, Value>) -> u64 {
    let messages = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let messages: u64 = messages.map(|message| message_tokens(message) + TOKENS_PER_MESSAGE).sum();
    let fields: u64 = PROMPT_FIELDS.iter().filter_map(|field| body.get(*field)).map(json_bytes).sum();
    messages + fields.div_ceil(BYTES_PER_TOKEN)
}

fn message_tokens(message: &Value) -> u64 {
    let content = match message.get("content") {
        Some(Value::String(text)) => text.len() as u64,
        Some(Value::Array(parts)) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            texts.map(|text| text.len() as u64).sum()
        }
        _ => 0,
    };
    (content + message.get("tool_calls").map_or(0, json_bytes)).div_ceil(BYTES_PER_TOKEN)
}

fn json_bytes(value: &Value) -> u64 {
    if value.is_null() { 0 } else { value.to_string().len() as u64 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn delta(text: &str) -> Value {
        json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}], "usage": null})
    }

    #[test]
    fn the_providers_own_usage_counts_even_when_it_is_zero() {
        let mut meter = Meter::new(100, 1);
        meter.observe(&delta("words"));
        meter.observe(&json!({"choices": [], "usage": {"prompt_tokens": 0, "completion_tokens": 0}}));
        assert_eq!(meter.used(), Used { usage: Usage::default(), estimated: false });
    }

    #[test]
    fn everything_that_the_model_reads_counts_as_prompt() {
        let mut body = json!({"messages": [{"role": "user", "content": "x".repeat(40)}]});
        let plain = prompt_tokens(body.as_object().unwrap());
        assert_eq!(plain, 10 + TOKENS_PER_MESSAGE);
        body["tools"] = json!(["y".repeat(400)]);
        let with_tools = prompt_tokens(body.as_object().unwrap());
        assert!(with_tools >= plain + 100, "{with_tools}");
        let call = json!({"function": {"name": "f", "arguments": "z".repeat(400)}});
        body["messages"][0] = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        assert!(prompt_tokens(body.as_object().unwrap()) >= with_tools + 90);
    }

    #[test]
    fn without_usage_a_delta_counts_as_a_token() {
        let mut meter = Meter::new(10, 1);
        for text in ["", "Hel", "lo", " wor", "ld"] {
            meter.observe(&delta(text));
        }
        let used = meter.used();
        assert!(used.estimated);
        assert_eq!((used.usage.prompt_tokens, used.usage.completion_tokens), (10, 4));
    }

    #[test]
    fn large_deltas_count_by_their_bytes() {
        let mut meter = Meter::new(0, 1);
        meter.observe(&delta(&"x".repeat(400)));
        assert_eq!(meter.used().usage.completion_tokens, 100);
    }

    #[test]
    fn a_finish_reason_in_the_chunk_that_has_content_is_seen() {
        let mut meter = Meter::new(0, 1);
        meter.observe(&json!({"choices": [{"delta": {"content": "end"}, "finish_reason": "stop"}]}));
        assert!(meter.finished() && meter.delivered());
    }

    #[test]
    fn role_after_content_null_content_and_reasoning_are_understood() {
        let mut meter = Meter::new(0, 1);
        meter.observe(&json!({"choices": [{"delta": {"content": null}}]}));
        meter.observe(&json!({"choices": [{"delta": {"reasoning_content": "hm"}}]}));
        meter.observe(&json!({"choices": [{"delta": {"role": "assistant"}}]}));
        assert_eq!(meter.used().usage.completion_tokens, 1);
    }

    #[test]
    fn usage_that_is_told_again_and_again_is_not_added_up() {
        let mut meter = Meter::new(100, 1);
        for tokens in 1..=3 {
            let mut chunk = delta("word");
            chunk["usage"] = json!({"prompt_tokens": 7, "completion_tokens": tokens});
            meter.observe(&chunk);
        }
        let usage = Usage { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10, ..Usage::default() };
        assert_eq!(meter.used(), Used { usage, estimated: false });
        // It broke off after that.
        meter.observe(&delta("more"));
        let usage = Usage { completion_tokens: 4, total_tokens: 11, ..usage };
        assert_eq!(meter.used(), Used { usage, estimated: true });
    }

    #[test]
    fn several_answers_have_ended_when_each_has() {
        let end = |index: u32| json!({"choices": [{"index": index, "delta": {}, "finish_reason": "stop"}]});
        let mut meter = Meter::new(0, 2);
        meter.observe(&end(1));
        assert!(!meter.finished() && meter.finished_what_began());
        assert_eq!(meter.unfinished().collect::<Vec<_>>(), [0]);
        meter.observe(&json!({"choices": [{"index": 0, "delta": {"content": "a"}}]}));
        assert!(!meter.finished_what_began());
        meter.observe(&end(0));
        assert!(meter.finished() && meter.finished_what_began());
        assert_eq!(meter.unfinished().count(), 0);
    }

    #[test]
    fn the_least_number_of_tokens_does_not_depend_on_how_the_answer_is_cut() {
        let least = |pieces: &[String]| {
            let mut meter = Meter::new(0, 1);
            pieces.iter().for_each(|piece| meter.observe(&delta(piece)));
            meter.completion_at_least()
        };
        let letters: Vec<String> = "x".repeat(600).chars().map(String::from).collect();
        assert_eq!(least(&letters), 100);
        assert_eq!(least(&["x".repeat(1600)]), 100);
        assert_eq!(least(&vec![" of".to_owned(); 100]), 50);
    }

    #[test]
    fn the_callers_usage_has_the_providers_details() {
        let mut meter = Meter::new(0, 1);
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}});
        meter.observe(&json!({"choices": [], "usage": usage}));
        assert_eq!(meter.told(), usage);
    }
}
