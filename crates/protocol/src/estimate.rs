use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Credits, Price, TokenBound, tokens_hold};
use crate::{record, words};

/// Tokens that the chat format itself may add around each message, rounded up.
pub(crate) const TOKENS_PER_MESSAGE: u64 = 8;
/// Tokens that a chat template may add once a call, rounded up: some put in a system prompt of their own.
pub(crate) const TOKENS_PER_CALL: u64 = 64;

/// The answer of `POST /v1/estimate`, and what the widget shows before a send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Estimate {
    /// What the call will hold where the balance covers it.
    pub amount: Credits,
    /// Whether that is also what it will cost.
    pub bound: Bound,
    /// The version of the price book.
    pub price_version: i64,
    /// A bound of the tokens that are read, where tokens are what is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// The cap of each answer, where tokens are what is paid for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
    /// What the call would hold now, where the balance covers only a shorter answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduced: Option<Reduced>,
}

/// A call that a small balance makes shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reduced {
    /// What it will hold.
    pub amount: Credits,
    /// The cap of each answer.
    pub max_completion_tokens: u32,
}

/// How an estimate relates to the charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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

impl Estimate {
    /// An amount that says nothing of tokens.
    pub const fn new(amount: Credits, bound: Bound, price_version: i64) -> Self {
        Estimate {
            amount,
            bound,
            price_version,
            prompt_tokens: None,
            max_completion_tokens: None,
            reduced: None,
        }
    }
}

/// A bound of the tokens of a conversation, from those of its messages: what the chat format may add comes on top.
pub fn framed_tokens(tokens: u64, messages: u64) -> u64 {
    tokens.saturating_add(TOKENS_PER_MESSAGE.saturating_mul(messages)).saturating_add(TOKENS_PER_CALL)
}

/// The most that a chat call can cost, from the bytes of its messages and the cap on its answer.
///
/// A tokenizer that works on bytes never makes more tokens than there are bytes, so the bound holds for every model
/// without knowing its vocabulary. A gateway that knows it holds less.
///
/// # Errors
/// Where the price is not one by tokens, or the amount does not fit.
pub fn chat_hold(
    price: &Price,
    message_bytes: &[usize],
    max_completion_tokens: u32,
) -> Result<Credits, EstimateError> {
    let bytes = message_bytes.iter().fold(0u64, |sum, bytes| sum.saturating_add(*bytes as u64));
    let bound = TokenBound {
        text: framed_tokens(bytes, message_bytes.len() as u64),
        completion: u64::from(max_completion_tokens),
        ..TokenBound::default()
    };
    tokens_hold(price, &bound)
}

words!(Bound { Exact = "exact", AtMost = "at_most" });
record!(Estimate { amount, bound, price_version, prompt_tokens, max_completion_tokens, reduced });
record!(Reduced { amount, max_completion_tokens });
