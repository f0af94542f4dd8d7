//! The price of speech and of recordings.

use serde::Deserialize;
use triptych_protocol::{
    Bound, Modality, Model, Price, RecordingBound, SpeechBound, recording_hold, speech_hold,
};

use super::count::tokens;
use super::{Quote, priced};
use crate::error::Error;

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
    let mut spoken = SpeechBound { characters, ..SpeechBound::default() };
    let price = &model.triptych.price;
    let by_tokens = matches!(price, Price::Tokens(_));
    if by_tokens {
        let tokenizer = model.triptych.tokenizer.unwrap_or_default();
        let instructions = order.instructions.as_deref().unwrap_or_default();
        spoken.tokens = tokens(tokenizer, &order.input) + tokens(tokenizer, instructions);
        spoken.most = model.triptych.limits.max_completion_tokens;
    }
    let (amount, bound) = priced(speech_hold(price, &spoken), "model")?;
    let mut quote = Quote::new(model, amount, bound);
    quote.estimate.prompt_tokens = by_tokens.then(|| spoken.bound().prompt());
    Ok(quote)
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
    let prompt = recording.prompt.as_deref().unwrap_or_default();
    let heard = RecordingBound {
        seconds,
        tokens: tokens(model.triptych.tokenizer.unwrap_or_default(), prompt),
        most: model.triptych.limits.max_completion_tokens,
    };
    let price = &model.triptych.price;
    let mut quote = Quote::new(model, priced(recording_hold(price, &heard), "model")?, Bound::AtMost);
    quote.estimate.prompt_tokens = matches!(price, Price::Tokens(_)).then(|| heard.bound().prompt());
    Ok(quote)
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

fn expect(model: &Model, modality: Modality, makes: &str) -> Result<(), Error> {
    if model.triptych.modality == modality {
        return Ok(());
    }
    Err(Error::invalid("model", format!("`{}` is not a model for {makes}.", model.id)))
}
