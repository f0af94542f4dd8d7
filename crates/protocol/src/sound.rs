//! The arithmetic of sound before a call: nobody knows yet how long a text takes to say, or how much will be written.

use crate::{
    Bound, Credits, EstimateError, Price, TokenBound, characters_cost, framed_tokens, minutes_cost,
    tokens_hold,
};

/// OpenAI counts ten tokens of sound a second in and twenty out; twenty bound both.
pub const AUDIO_TOKENS_PER_SECOND: u64 = 20;
/// Tokens of text that a second of speech is written down in, at most; people say three or four words a second.
const WRITTEN_TOKENS_PER_SECOND: u64 = 10;
/// Characters that the slowest speaker says in a second, at the ordinary speed.
const SLOWEST_CHARS_PER_SECOND: u64 = 4;
/// The slowest that the speed can be, in hundredths.
const SLOWEST_SPEED: u64 = 25;

/// A text that is to be read aloud.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpeechBound {
    /// Its length.
    pub characters: u64,
    /// A bound of its tokens, with those of instructions.
    pub tokens: u64,
    /// Most tokens that the sound may have, where the model has a limit.
    pub most: Option<u32>,
}

impl SpeechBound {
    /// What the slowest reading takes, in seconds.
    fn longest(&self) -> u64 {
        self.characters.div_ceil(SLOWEST_CHARS_PER_SECOND).saturating_mul(100) / SLOWEST_SPEED
    }

    /// A bound of the tokens.
    pub fn bound(&self) -> TokenBound {
        let completion = self.longest().saturating_mul(AUDIO_TOKENS_PER_SECOND);
        TokenBound {
            text: framed_tokens(self.tokens, 1),
            completion: completion.min(self.most.map_or(u64::MAX, u64::from)),
            speaks: true,
            ..TokenBound::default()
        }
    }
}

/// What reading a text aloud holds: what it costs where characters are paid, a bound where minutes or tokens are.
///
/// # Errors
/// Where the price is another one or the amount does not fit.
pub fn speech_hold(price: &Price, order: &SpeechBound) -> Result<(Credits, Bound), EstimateError> {
    match price {
        Price::Characters { .. } => Ok((characters_cost(price, order.characters)?, Bound::Exact)),
        Price::Minute { .. } => {
            Ok((minutes_cost(price, order.longest().saturating_mul(1000))?, Bound::AtMost))
        }
        _ => Ok((tokens_hold(price, &order.bound())?, Bound::AtMost)),
    }
}

/// A recording that is to be written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordingBound {
    /// Its length, or a bound of it.
    pub seconds: u64,
    /// A bound of the tokens of a text that is sent along.
    pub tokens: u64,
    /// Most tokens that may be written, where the model has a limit.
    pub most: Option<u32>,
}

impl RecordingBound {
    /// A bound of the tokens.
    pub fn bound(&self) -> TokenBound {
        let written = self.seconds.saturating_mul(WRITTEN_TOKENS_PER_SECOND);
        TokenBound {
            text: framed_tokens(self.tokens, 1),
            audio: self.seconds.saturating_mul(AUDIO_TOKENS_PER_SECOND),
            completion: written.min(self.most.map_or(u64::MAX, u64::from)),
            ..TokenBound::default()
        }
    }
}

/// What writing a recording down holds.
///
/// # Errors
/// Where the price is another one or the amount does not fit.
pub fn recording_hold(price: &Price, order: &RecordingBound) -> Result<Credits, EstimateError> {
    match price {
        Price::Minute { .. } => minutes_cost(price, order.seconds.saturating_mul(1000)),
        _ => tokens_hold(price, &order.bound()),
    }
}
