use serde_json::{Map, Value};
use triptych_protocol::Usage;

use crate::estimate::PROMPT_FIELDS;

/// Bytes that a token stands for where nobody counted: about right for English, more than enough code and prose.
const BYTES_PER_TOKEN: u64 = 4;
/// Tokens that the chat format adds to a message.
const TOKENS_PER_MESSAGE: u64 = 4;
/// More bytes than a token has on average.
const LARGEST_TOKEN: u64 = 16;

/// Watches a streamed answer and says in the end what it used.
///
/// The provider's own usage counts. Where it sends none, because the answer was stopped or broke off, the meter
/// estimates: the prompt at four bytes a token, the answer at one token a delta, or at four bytes a token where the
/// deltas are too large to be tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    prompt_estimate: u64,
    deltas: u64,
    bytes: u64,
    usage: Option<Usage>,
    finished: bool,
}

/// What an answer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) usage: Usage,
    /// The provider did not say.
    pub(crate) estimated: bool,
}

impl Meter {
    pub(crate) fn new(prompt_estimate: u64) -> Self {
        Meter { prompt_estimate, ..Meter::default() }
    }

    /// Takes note of a chunk, or of a whole answer.
    pub(crate) fn observe(&mut self, chunk: &Value) {
        for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
            if choice.get("finish_reason").is_some_and(|reason| !reason.is_null()) {
                self.finished = true;
            }
            let bytes: u64 =
                ["delta", "message"].iter().filter_map(|part| choice.get(part)).map(text_bytes).sum();
            if bytes > 0 {
                self.deltas += 1;
                self.bytes += bytes;
            }
        }
        // Zero tokens are a statement, no usage is none: only a missing count leaves the estimate in charge.
        if let Some(usage) = usage_of(chunk) {
            self.usage = Some(usage);
        }
    }

    /// The provider has said why the answer ended.
    pub(crate) fn finished(&self) -> bool {
        self.finished
    }

    /// Something was delivered, or at least accounted for.
    pub(crate) fn delivered(&self) -> bool {
        self.deltas > 0 || self.usage.is_some()
    }

    /// True once an answer is longer than that many tokens, however they are counted: there are more deltas than
    /// tokens were allowed, and more text than so many tokens can hold.
    pub(crate) fn exceeds(&self, cap: u64) -> bool {
        self.deltas > cap && self.bytes > cap.saturating_mul(LARGEST_TOKEN)
    }

    pub(crate) fn used(&self) -> Used {
        if let Some(usage) = self.usage {
            return Used { usage, estimated: false };
        }
        let completion_tokens = if self.bytes > self.deltas.saturating_mul(LARGEST_TOKEN) {
            self.bytes.div_ceil(BYTES_PER_TOKEN)
        } else {
            self.deltas
        };
        let prompt_tokens = self.prompt_estimate;
        let usage =
            Usage { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
        Used { usage, estimated: true }
    }
}

/// The usage in a chunk or an answer; `null` and an object without counts are none.
pub(crate) fn usage_of(chunk: &Value) -> Option<Usage> {
    let usage = chunk.get("usage")?;
    let count = |name: &str| usage.get(name).and_then(Value::as_u64);
    // Pictures are counted under other names.
    let prompt_tokens = count("prompt_tokens").or_else(|| count("input_tokens"))?;
    let completion_tokens = count("completion_tokens").or_else(|| count("output_tokens"))?;
    let total_tokens = prompt_tokens.saturating_add(completion_tokens);
    Some(Usage { prompt_tokens, completion_tokens, total_tokens })
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

/// Everything in a delta that the provider counts as output: text, refusal, reasoning, arguments of calls.
fn text_bytes(delta: &Value) -> u64 {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map_or(0, |text| text.len() as u64);
    let plain: u64 = ["content", "refusal", "reasoning_content", "reasoning"]
        .iter()
        .map(|name| text(delta.get(name)))
        .sum();
    let calls = delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    let calls: u64 = calls
        .map(|call| text(call.pointer("/function/name")) + text(call.pointer("/function/arguments")))
        .sum();
    plain + calls
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
        let mut meter = Meter::new(100);
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
        let mut meter = Meter::new(10);
        for text in ["", "Hel", "lo", " wor", "ld"] {
            meter.observe(&delta(text));
        }
        let used = meter.used();
        assert!(used.estimated);
        assert_eq!((used.usage.prompt_tokens, used.usage.completion_tokens), (10, 4));
    }

    #[test]
    fn large_deltas_count_by_their_bytes() {
        let mut meter = Meter::new(0);
        meter.observe(&delta(&"x".repeat(400)));
        assert_eq!(meter.used().usage.completion_tokens, 100);
    }

    #[test]
    fn a_finish_reason_in_the_chunk_that_has_content_is_seen() {
        let mut meter = Meter::new(0);
        meter.observe(&json!({"choices": [{"delta": {"content": "end"}, "finish_reason": "stop"}]}));
        assert!(meter.finished() && meter.delivered());
    }

    #[test]
    fn role_after_content_null_content_and_reasoning_are_understood() {
        let mut meter = Meter::new(0);
        meter.observe(&json!({"choices": [{"delta": {"content": null}}]}));
        meter.observe(&json!({"choices": [{"delta": {"reasoning_content": "hm"}}]}));
        meter.observe(&json!({"choices": [{"delta": {"role": "assistant"}}]}));
        assert_eq!(meter.used().usage.completion_tokens, 1);
    }
}
