use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Credits, Price};

/// Tokens that the chat format itself may add around each message, rounded up.
const TOKENS_PER_MESSAGE: u64 = 8;
/// Tokens that a chat template may add once a call, rounded up: some put in a system prompt of their own.
const TOKENS_PER_CALL: u64 = 64;

/// The answer of `POST /v1/estimate`, and what the widget shows before a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// What the call will hold.
    pub amount: Credits,
    /// Whether that is also what it will cost.
    pub bound: Bound,
    /// The version of the price book.
    pub price_version: i64,
}

/// How an estimate relates to the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The charge will be this amount.
    Exact,
    /// The charge will be this amount or less.
    AtMost,
}

/// Why something has no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstimateError {
    /// The model is not priced for this kind of call.
    WrongUnit,
    /// The size or resolution has no price.
    NoSuchItem,
    /// The amount does not fit.
    Overflow,
}

impl fmt::Display for EstimateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EstimateError::WrongUnit => "the model has no price for this kind of call",
            EstimateError::NoSuchItem => "there is no price for this size or resolution",
            EstimateError::Overflow => "the price does not fit",
        })
    }
}

impl std::error::Error for EstimateError {}

/// The price of tokens, rounded up once, to a whole micro-credit.
pub fn tokens_cost(
    price: &Price,
    prompt_tokens: u64,
    completion_tokens: u64,
) -> Result<Credits, EstimateError> {
    let Price::Tokens { input, output } = price else { return Err(EstimateError::WrongUnit) };
    let part = |rate: &Credits, tokens: u64| i128::from(rate.micro()) * i128::from(tokens);
    let total = part(input, prompt_tokens)
        .checked_add(part(output, completion_tokens))
        .ok_or(EstimateError::Overflow)?;
    let micro = total.div_euclid(1_000_000) + i128::from(total.rem_euclid(1_000_000) != 0);
    i64::try_from(micro).map(Credits::from_micro).map_err(|_| EstimateError::Overflow)
}

/// The most that a chat call can cost, from the bytes of its messages and the cap on its answer.
///
/// A tokenizer that works on bytes never makes more tokens than there are bytes, so the bound holds for every model
/// without knowing its vocabulary.
pub fn chat_hold(
    price: &Price,
    message_bytes: &[usize],
    max_completion_tokens: u32,
) -> Result<Credits, EstimateError> {
    let bytes = message_bytes.iter().fold(0u64, |sum, bytes| sum.saturating_add(*bytes as u64));
    let framing =
        TOKENS_PER_MESSAGE.saturating_mul(message_bytes.len() as u64).saturating_add(TOKENS_PER_CALL);
    tokens_cost(price, bytes.saturating_add(framing), u64::from(max_completion_tokens))
}

/// The price of `n` pictures of a size.
pub fn image_cost(price: &Price, size: &str, n: u32) -> Result<Credits, EstimateError> {
    let Price::Image { sizes } = price else { return Err(EstimateError::WrongUnit) };
    let item = sizes.iter().find(|item| item.value == size).ok_or(EstimateError::NoSuchItem)?;
    item.credits.checked_mul(i64::from(n)).ok_or(EstimateError::Overflow)
}

/// The price of a clip of a resolution and a length in seconds.
pub fn video_cost(price: &Price, resolution: &str, seconds: u32) -> Result<Credits, EstimateError> {
    let Price::VideoSecond { resolutions } = price else { return Err(EstimateError::WrongUnit) };
    let item = resolutions.iter().find(|item| item.value == resolution).ok_or(EstimateError::NoSuchItem)?;
    item.credits.checked_mul(i64::from(seconds)).ok_or(EstimateError::Overflow)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::PricedItem;
    use proptest::prelude::*;

    // US$ 0.010 and 0.015 per thousand tokens at US$ 0.02 a credit.
    fn gpt() -> Price {
        Price::Tokens { input: Credits::from_whole(500), output: Credits::from_whole(750) }
    }

    #[test]
    fn a_typical_call_costs_what_the_price_list_says() {
        // 500 tokens in and 1,000 out are US$ 0.020, one credit.
        assert_eq!(tokens_cost(&gpt(), 500, 1_000).unwrap(), Credits::from_whole(1));
    }

    #[test]
    fn a_fraction_of_a_micro_credit_is_rounded_up_once() {
        let price = Price::Tokens { input: Credits::from_micro(1), output: Credits::from_micro(1) };
        assert_eq!(tokens_cost(&price, 1, 1).unwrap(), Credits::from_micro(1));
        assert_eq!(tokens_cost(&price, 0, 0).unwrap(), Credits::ZERO);
    }

    #[test]
    fn a_clip_costs_its_seconds_at_its_resolution() {
        let price = Price::VideoSecond {
            resolutions: vec![PricedItem { value: "1080p".into(), credits: Credits::from_micro(7_500_000) }],
        };
        assert_eq!(video_cost(&price, "1080p", 10).unwrap(), Credits::from_whole(75));
        assert_eq!(video_cost(&price, "8k", 10), Err(EstimateError::NoSuchItem));
        assert_eq!(image_cost(&price, "1080p", 1), Err(EstimateError::WrongUnit));
    }

    #[test]
    fn an_amount_that_does_not_fit_is_an_error_and_not_a_small_number() {
        let price = Price::Tokens { input: Credits::from_micro(i64::MAX), output: Credits::ZERO };
        assert_eq!(tokens_cost(&price, u64::MAX, 0), Err(EstimateError::Overflow));
    }

    proptest! {
        #[test]
        fn the_hold_covers_every_answer_that_keeps_to_the_cap(
            messages in prop::collection::vec("\\PC{0,60}", 0..6), cap in 0u32..5_000, used in 0u32..5_000,
        ) {
            let bytes: Vec<usize> = messages.iter().map(String::len).collect();
            let hold = chat_hold(&gpt(), &bytes, cap).unwrap();
            // At worst every byte is a token.
            let tokens = bytes.iter().sum::<usize>() as u64;
            prop_assert!(tokens_cost(&gpt(), tokens, u64::from(used.min(cap))).unwrap() <= hold);
        }
    }
}
