//! The arithmetic of tokens: what a call used costs its rates, and a hold is what no usage within its bounds exceeds.

use crate::price::TokenPrice;
use crate::{Credits, EstimateError, Price, Usage};

/// What a call may use at most, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenBound {
    /// Text read, with what the chat format adds.
    pub text: u64,
    /// Sound heard.
    pub audio: u64,
    /// Pictures looked at.
    pub image: u64,
    /// Written, by all answers together.
    pub completion: u64,
    /// The answer may be spoken.
    pub speaks: bool,
    /// The answer may be drawn.
    pub draws: bool,
}

impl TokenBound {
    /// All that is read.
    pub const fn prompt(&self) -> u64 {
        self.text.saturating_add(self.audio).saturating_add(self.image)
    }
}

/// Micro-credits per million tokens, every rate filled in.
struct Rates {
    input: i64,
    cached: i64,
    write: i64,
    audio_input: i64,
    image_input: i64,
    output: i64,
    reasoning: i64,
    audio_output: i64,
    image_output: i64,
}

impl Rates {
    fn of(price: &TokenPrice, prompt_tokens: u64) -> Rates {
        let long = price.long_context.as_ref().filter(|long| prompt_tokens > long.above_tokens);
        let (input, output, cached, write, reasoning) = match long {
            Some(long) => (long.input, long.output, long.cached_input, long.cache_write, long.reasoning),
            None => (price.input, price.output, price.cached_input, price.cache_write, price.reasoning),
        };
        let or = |rate: Option<Credits>, otherwise: Credits| rate.unwrap_or(otherwise).micro();
        Rates {
            input: input.micro(),
            cached: or(cached, input),
            write: or(write, input),
            audio_input: or(price.audio_input, input),
            image_input: or(price.image_input, input),
            output: output.micro(),
            reasoning: or(reasoning, output),
            audio_output: or(price.audio_output, output),
            image_output: or(price.image_output, output),
        }
    }

    /// For each rate the higher one.
    fn or_higher(self, other: Rates) -> Rates {
        Rates {
            input: self.input.max(other.input),
            cached: self.cached.max(other.cached),
            write: self.write.max(other.write),
            audio_input: self.audio_input.max(other.audio_input),
            image_input: self.image_input.max(other.image_input),
            output: self.output.max(other.output),
            reasoning: self.reasoning.max(other.reasoning),
            audio_output: self.audio_output.max(other.audio_output),
            image_output: self.image_output.max(other.image_output),
        }
    }

    /// The highest that may apply within a bound. A long prompt may yet turn out shorter than it was counted.
    fn highest(price: &TokenPrice, prompt_tokens: u64) -> Rates {
        Rates::of(price, 0).or_higher(Rates::of(price, prompt_tokens))
    }

    fn text_read(&self) -> i64 {
        self.input.max(self.cached).max(self.write)
    }

    fn written(&self, bound: &TokenBound) -> i64 {
        let spoken = if bound.speaks { self.audio_output } else { 0 };
        let drawn = if bound.draws { self.image_output } else { 0 };
        self.output.max(self.reasoning).max(spoken).max(drawn)
    }
}

/// The price of what a call used, rounded up once, to a whole micro-credit.
///
/// Details that add up to more than their total are cut down to it, so a provider's wrong details never cost more than
/// its totals do at the highest rate.
///
/// # Errors
/// Where the price is not one by tokens, or the amount does not fit.
pub fn usage_cost(price: &Price, usage: &Usage) -> Result<Credits, EstimateError> {
    token_cost(token_price(price)?, usage)
}

/// [`usage_cost`] at a price by tokens.
///
/// # Errors
/// Where the amount does not fit.
pub fn token_cost(price: &TokenPrice, usage: &Usage) -> Result<Credits, EstimateError> {
    let rates = Rates::of(price, usage.prompt_tokens);
    let read = usage.prompt_tokens_details.unwrap_or_default();
    let written = usage.completion_tokens_details.unwrap_or_default();
    let mut sum = Sum::default();
    let mut rest = usage.prompt_tokens;
    sum.take(&mut rest, read.audio_tokens, rates.audio_input);
    sum.take(&mut rest, read.image_tokens, rates.image_input);
    sum.take(&mut rest, read.cached_tokens, rates.cached);
    sum.take(&mut rest, read.cache_write_tokens, rates.write);
    sum.add(rest, rates.input);
    let mut rest = usage.completion_tokens;
    sum.take(&mut rest, written.audio_tokens, rates.audio_output);
    sum.take(&mut rest, written.image_tokens, rates.image_output);
    sum.take(&mut rest, written.reasoning_tokens, rates.reasoning);
    sum.add(rest, rates.output);
    sum.credits()
}

/// The price of tokens of text, rounded up once, to a whole micro-credit.
///
/// # Errors
/// As [`usage_cost`].
pub fn tokens_cost(
    price: &Price,
    prompt_tokens: u64,
    completion_tokens: u64,
) -> Result<Credits, EstimateError> {
    usage_cost(price, &Usage { prompt_tokens, completion_tokens, ..Usage::default() })
}

/// What covers every usage within a bound: text at the higher of the rates for reading and for keeping it, never at the
/// cached one; the answer at the highest rate that it may have.
///
/// # Errors
/// As [`usage_cost`].
pub fn tokens_hold(price: &Price, bound: &TokenBound) -> Result<Credits, EstimateError> {
    hold_at(token_price(price)?, bound)
}

pub(crate) fn hold_at(price: &TokenPrice, bound: &TokenBound) -> Result<Credits, EstimateError> {
    let rates = Rates::highest(price, bound.prompt());
    let mut sum = Sum::default();
    sum.read(bound, &rates);
    sum.add(bound.completion, rates.written(bound));
    sum.credits()
}

/// How many tokens the answers may have for the hold not to exceed a budget; `None` where not even the prompt fits.
///
/// # Errors
/// As [`usage_cost`].
pub fn affordable_completion(
    price: &Price,
    bound: &TokenBound,
    budget: Credits,
) -> Result<Option<u64>, EstimateError> {
    let price = token_price(price)?;
    let rates = Rates::highest(price, bound.prompt());
    let mut sum = Sum::default();
    sum.read(bound, &rates);
    let left = i128::from(budget.micro()) * MILLION - sum.0.ok_or(EstimateError::Overflow)?;
    if left < 0 {
        return Ok(None);
    }
    Ok(Some(match i128::from(rates.written(bound)) {
        0 => u64::MAX,
        rate => u64::try_from(left / rate).unwrap_or(u64::MAX),
    }))
}

pub(crate) fn token_price(price: &Price) -> Result<&TokenPrice, EstimateError> {
    match price {
        Price::Tokens(price) => Ok(price),
        _ => Err(EstimateError::WrongUnit),
    }
}

const MILLION: i128 = 1_000_000;

/// Millionths of micro-credits, `None` once they do not fit.
struct Sum(Option<i128>);

impl Default for Sum {
    fn default() -> Self {
        Sum(Some(0))
    }
}

impl Sum {
    fn add(&mut self, tokens: u64, rate: i64) {
        let part = i128::from(rate) * i128::from(tokens);
        self.0 = self.0.and_then(|sum| sum.checked_add(part));
    }

    /// Moves so many tokens of the rest to a rate of their own.
    fn take(&mut self, rest: &mut u64, tokens: Option<u64>, rate: i64) {
        let tokens = tokens.unwrap_or(0).min(*rest);
        *rest -= tokens;
        self.add(tokens, rate);
    }

    fn read(&mut self, bound: &TokenBound, rates: &Rates) {
        self.add(bound.text, rates.text_read());
        // What is no text may still be counted as some.
        self.add(bound.audio, rates.audio_input.max(rates.text_read()));
        self.add(bound.image, rates.image_input.max(rates.text_read()));
    }

    fn credits(self) -> Result<Credits, EstimateError> {
        let sum = self.0.ok_or(EstimateError::Overflow)?;
        let micro = sum.div_euclid(MILLION) + i128::from(sum.rem_euclid(MILLION) != 0);
        i64::try_from(micro).map(Credits::from_micro).map_err(|_| EstimateError::Overflow)
    }
}
