//! The price of speech and of recordings.

use serde::Deserialize;
use triptych_protocol::{
    Bound, Modality, Model, Price, TokenBound, characters_cost, minutes_cost, tokens_hold,
};

use super::count::tokens;
use super::{Quote, priced};
use crate::error::Error;

/// OpenAI counts ten tokens of sound a second in and twenty out; twenty bound both.
pub(super) const AUDIO_TOKENS_PER_SECOND: u64 = 20;
/// Tokens of text that a second of speech is written down in, at most; people say three or four words a second.
const WRITTEN_TOKENS_PER_SECOND: u64 = 10;
/// Characters that the slowest speaker says in a second, at the ordinary speed.
const SLOWEST_CHARS_PER_SECOND: u64 = 4;
/// The slowest that `speed` can be, in hundredths.
const SLOWEST_SPEED: u64 = 25;
/// Longest recording where the catalogue does not say, in seconds.
const LONGEST: u64 = 4 * 60 * 60;

/// Text to be read aloud, as far as its price goes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SpeechOrder {
    /// What to read.
    pub(crate) input: String,
    /// How to read it.
    #[serde(default)]
    pub(crate) instructions: Option<String>,
}

/// A recording, as far as its price goes.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Recording {
    /// Its length, where it is known for certain.
    #[serde(default)]
    pub(crate) seconds: Option<u64>,
    /// The size of its file, from which a longest length follows.
    #[serde(default)]
    pub(crate) bytes: Option<u64>,
    /// The ending of its name, such as `mp3`; the file's own first bytes are better.
    #[serde(default)]
    pub(crate) format: Option<String>,
    /// A text that is sent along to help.
    #[serde(default)]
    pub(crate) prompt: Option<String>,
}

/// The price of speech: exact by characters, a bound by minutes or tokens.
///
/// # Errors
/// `invalid_request` naming the field that is wrong.
pub(crate) fn quote_speech(model: &Model, order: &SpeechOrder) -> Result<Quote, Error> {
    expect(model, Modality::Speech, "speech")?;
    if order.input.trim().is_empty() {
        return Err(Error::invalid("input", "Say in `input` what to read aloud."));
    }
    let characters = order.input.chars().count() as u64;
    if let Some(most) = model.triptych.limits.max_prompt_chars
        && characters > u64::from(most)
    {
        return Err(Error::invalid("input", format!("The text has more than {most} characters.")));
    }
    let price = &model.triptych.price;
    let longest = characters.div_ceil(SLOWEST_CHARS_PER_SECOND).saturating_mul(100) / SLOWEST_SPEED;
    match price {
        Price::Characters { .. } => {
            Ok(Quote::new(model, priced(characters_cost(price, characters), "model")?, Bound::Exact))
        }
        Price::Minute { .. } => {
            let amount = priced(minutes_cost(price, longest.saturating_mul(1000)), "model")?;
            Ok(Quote::new(model, amount, Bound::AtMost))
        }
        _ => {
            let tokenizer = model.triptych.tokenizer.unwrap_or_default();
            let instructions = order.instructions.as_deref().unwrap_or_default();
            let read = tokens(tokenizer, &order.input) + tokens(tokenizer, instructions);
            let most = model.triptych.limits.max_completion_tokens.map_or(u64::MAX, u64::from);
            let completion = longest.saturating_mul(AUDIO_TOKENS_PER_SECOND).min(most);
            let bound = TokenBound {
                text: triptych_protocol::framed_tokens(read, 1),
                completion,
                speaks: true,
                ..TokenBound::default()
            };
            by_tokens(model, &bound)
        }
    }
}

/// The price of writing a recording down: a bound, unless its length is known.
///
/// # Errors
/// `invalid_request` naming the field that is wrong.
pub(crate) fn quote_recording(model: &Model, recording: &Recording) -> Result<Quote, Error> {
    expect(model, Modality::Transcription, "transcriptions")?;
    let limit = model.triptych.limits.max_seconds.map_or(LONGEST, u64::from);
    let seconds = match (recording.seconds, recording.bytes) {
        (Some(seconds), _) if seconds > limit => {
            return Err(Error::invalid("file", format!("The recording is longer than {limit} seconds.")));
        }
        (Some(seconds), _) => seconds,
        (None, Some(bytes)) => {
            longest_seconds(recording.format.as_deref().unwrap_or_default(), bytes).min(limit)
        }
        (None, None) => {
            return Err(Error::invalid("seconds", "Say how long the recording is, or its size in `bytes`."));
        }
    };
    let price = &model.triptych.price;
    if let Price::Minute { .. } = price {
        let amount = priced(minutes_cost(price, seconds.saturating_mul(1000)), "model")?;
        return Ok(Quote::new(model, amount, Bound::AtMost));
    }
    let prompt = recording.prompt.as_deref().unwrap_or_default();
    let read = tokens(model.triptych.tokenizer.unwrap_or_default(), prompt);
    let written = seconds.saturating_mul(WRITTEN_TOKENS_PER_SECOND);
    let bound = TokenBound {
        text: triptych_protocol::framed_tokens(read, 1),
        audio: seconds.saturating_mul(AUDIO_TOKENS_PER_SECOND),
        completion: written.min(model.triptych.limits.max_completion_tokens.map_or(u64::MAX, u64::from)),
        ..TokenBound::default()
    };
    by_tokens(model, &bound)
}

/// The longest that a sound file of a size can be: its bytes at the lowest rate that its format is used at for speech.
/// A format that is not known counts as the densest.
pub(super) fn longest_seconds(format: &str, bytes: u64) -> u64 {
    let bytes_per_second = match format.to_ascii_lowercase().as_str() {
        // 8 kHz, one channel, 8 bits.
        "wav" | "pcm16" | "pcm" | "aiff" => 8_000,
        // 8 kHz of sound that packs well.
        "flac" => 2_000,
        // 8 kbit/s.
        "mp3" | "mpeg" | "mpga" | "m4a" | "mp4" | "aac" => 1_000,
        // Opus goes down to 6 kbit/s.
        _ => 750,
    };
    bytes.div_ceil(bytes_per_second)
}

fn by_tokens(model: &Model, bound: &TokenBound) -> Result<Quote, Error> {
    let amount = priced(tokens_hold(&model.triptych.price, bound), "model")?;
    let mut quote = Quote::new(model, amount, Bound::AtMost);
    quote.estimate.prompt_tokens = Some(bound.prompt());
    Ok(quote)
}

fn expect(model: &Model, modality: Modality, makes: &str) -> Result<(), Error> {
    if model.triptych.modality == modality {
        return Ok(());
    }
    Err(Error::invalid("model", format!("`{}` is not a model for {makes}.", model.id)))
}
