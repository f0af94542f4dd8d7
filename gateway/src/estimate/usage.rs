//! What providers say that a call used, and what it costs.

use serde_json::Value;
use triptych_protocol::{CompletionDetails, Credits, Price, PromptDetails, Usage, usage_cost};

/// More tokens than any call has. A provider that says so is not believed.
const ABSURD: u64 = 1_000_000_000;

/// The counts of a `usage` object: chat completions' names, or those of pictures and Responses. `None` where it does
/// not tell both totals in numbers that can be true; details that cannot be are left out.
pub(crate) fn token_counts(usage: &Value) -> Option<Usage> {
    let either = |one: &str, other: &str| match usage.get(one) {
        None | Some(Value::Null) => usage.get(other),
        found => found,
    };
    let prompt_tokens = count(either("prompt_tokens", "input_tokens"))?;
    let completion_tokens = count(either("completion_tokens", "output_tokens"))?;
    let read = either("prompt_tokens_details", "input_tokens_details").filter(|read| read.is_object());
    let written =
        either("completion_tokens_details", "output_tokens_details").filter(|read| read.is_object());
    let part = |of: &Value, name: &str, most: u64| count(of.get(name)).filter(|tokens| *tokens <= most);
    Some(Usage {
        prompt_tokens,
        completion_tokens,
        total_tokens: prompt_tokens.saturating_add(completion_tokens),
        prompt_tokens_details: read.map(|read| PromptDetails {
            cached_tokens: part(read, "cached_tokens", prompt_tokens),
            cache_write_tokens: part(read, "cache_write_tokens", prompt_tokens),
            audio_tokens: part(read, "audio_tokens", prompt_tokens),
            image_tokens: part(read, "image_tokens", prompt_tokens),
        }),
        completion_tokens_details: written.map(|written| CompletionDetails {
            reasoning_tokens: part(written, "reasoning_tokens", completion_tokens),
            audio_tokens: part(written, "audio_tokens", completion_tokens),
            image_tokens: part(written, "image_tokens", completion_tokens),
        }),
    })
}

/// Some servers write whole numbers with a point.
fn count(value: Option<&Value>) -> Option<u64> {
    let value = value?;
    let number = value.as_u64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0 && *float >= 0.0)?;
        (float <= ABSURD as f64).then_some(float as u64)
    })?;
    (number <= ABSURD).then_some(number)
}

/// What a usage costs at a price, and never more than was held for it.
pub(crate) fn charge(price: &Price, usage: &Usage, held: Credits) -> Credits {
    // An amount that does not fit is certainly more than was held.
    usage_cost(price, usage).map_or(held, |cost| cost.clamp(Credits::ZERO, held.max(Credits::ZERO)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn details_are_read_under_both_names_and_zero_is_not_nothing() {
        let chat = token_counts(&json!({
            "prompt_tokens": 10, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 3, "audio_tokens": null},
        }))
        .unwrap();
        assert_eq!(chat.prompt_tokens_details.unwrap().cached_tokens, Some(0));
        assert_eq!(chat.prompt_tokens_details.unwrap().cache_write_tokens, None);
        let written = chat.completion_tokens_details.unwrap();
        assert_eq!((written.reasoning_tokens, written.audio_tokens), (Some(3), None));
        let picture = token_counts(&json!({
            "input_tokens": 10, "output_tokens": 0, "input_tokens_details": {"image_tokens": 4, "text_tokens": 6},
        }))
        .unwrap();
        assert_eq!((picture.completion_tokens, picture.total_tokens), (0, 10));
        assert_eq!(picture.prompt_tokens_details.unwrap().image_tokens, Some(4));
    }

    #[test]
    fn numbers_that_cannot_be_true_are_no_usage() {
        for (prompt, completion) in [
            (json!(-1), json!(1)),
            (json!(1), json!(1.5)),
            (json!(1), json!(u64::MAX)),
            (json!(1e300), json!(1)),
            (json!("12"), json!(1)),
            (json!(null), json!(1)),
        ] {
            let usage = json!({"prompt_tokens": prompt, "completion_tokens": completion});
            assert_eq!(token_counts(&usage), None, "{usage}");
        }
        let whole = token_counts(&json!({"prompt_tokens": 12.0, "completion_tokens": 3})).unwrap();
        assert_eq!(whole.prompt_tokens, 12);
        let odd = json!({
            "prompt_tokens": 5, "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": -3, "audio_tokens": 6}, "completion_tokens_details": [],
        });
        let odd = token_counts(&odd).unwrap();
        assert_eq!(
            (odd.prompt_tokens_details, odd.completion_tokens_details),
            (Some(PromptDetails::default()), None)
        );
    }

    proptest! {
        #[test]
        fn a_charge_is_never_above_the_hold_whatever_the_provider_says(
            prompt in any::<i64>(), completion in any::<u64>(), cached in any::<i64>(), held in 0i64..1_000_000,
            rates in (0i64..i64::MAX, 0i64..i64::MAX),
        ) {
            let price = Price::tokens(Credits::from_micro(rates.0), Credits::from_micro(rates.1));
            let held = Credits::from_micro(held);
            let usage = json!({
                "prompt_tokens": prompt, "completion_tokens": completion,
                "prompt_tokens_details": {"cached_tokens": cached},
            });
            let counted = token_counts(&usage).unwrap_or(Usage { prompt_tokens: u64::MAX, ..Usage::default() });
            let charged = charge(&price, &counted, held);
            prop_assert!(charged >= Credits::ZERO && charged <= held);
        }
    }
}
