//! Tokens of texts, before anybody is asked.
//!
//! The tokenizer works in time linear in the text, whatever the text is. OpenAI's vocabularies are exact for OpenAI's
//! models; for others a byte is the smallest thing that a token can stand for, so counting bytes bounds them all.

use serde_json::Value;
use triptych_protocol::{Model, Tokenizer};

/// Longer texts are counted in bytes. It takes a tenth of a second to count so many.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many tokens a text has at most.
pub(super) fn tokens(tokenizer: Tokenizer, text: &str) -> u64 {
    if text.len() > MOST_BYTES {
        return text.len() as u64;
    }
    let count = match tokenizer {
        Tokenizer::O200k => bpe_openai::o200k_base().count(text),
        Tokenizer::Cl100k => bpe_openai::cl100k_base().count(text),
        Tokenizer::Bytes => text.len(),
    };
    count as u64
}

/// How many tokens a value has at most, however a chat template writes it: indented it has the most.
pub(super) fn json_tokens(tokenizer: Tokenizer, value: &Value) -> u64 {
    match (value, tokenizer) {
        (Value::Null, _) => 0,
        (value, Tokenizer::Bytes) => value.to_string().len() as u64,
        (value, _) => {
            tokens(tokenizer, &serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()))
        }
    }
}

/// Reads the vocabularies that the models need, which takes a while, before somebody waits for it.
pub(crate) fn warm_up<'a>(models: impl Iterator<Item = &'a Model>) {
    let mut needed: Vec<Tokenizer> = models.filter_map(|model| model.triptych.tokenizer).collect();
    needed.dedup();
    std::thread::spawn(move || {
        for tokenizer in needed {
            tokens(tokenizer, "ready");
        }
    });
}
