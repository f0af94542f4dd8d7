//! What a call will hold, from its body and the catalogue alone.

mod audio;
mod chat;
mod count;
mod media;
#[cfg(test)]
mod tests;
mod usage;

use serde::de::DeserializeOwned;
use serde_json::Value;
use triptych_protocol::{
    Bound, Credits, Estimate, EstimateError, Modality, Model, Price, Reduced, TokenBound,
    affordable_completion, tokens_hold,
};

use audio::{quote_recording, quote_speech};
pub(crate) use chat::{PROMPT_FIELDS, quote_chat};
pub(crate) use count::warm_up;
#[cfg(test)]
use media::quote_image;
pub(crate) use media::{ResolvedImage, by_tokens, quote_image_edit, quote_video};
pub(crate) use usage::{charge, token_counts};

use crate::error::Error;

/// Bodies longer than this are priced off the threads that serve requests: counting takes a millisecond by then.
const QUICK_BYTES: usize = 16 * 1024;

/// A price for one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) estimate: Estimate,
    /// Chat: the cap that must go upstream for the hold to cover the answer, for each of the choices.
    pub(crate) max_completion_tokens: Option<u32>,
    /// What the charge is worked out from, as the hold keeps it.
    pub(crate) price: Price,
    /// A `service_tier` that is priced, and so may go upstream.
    pub(crate) service_tier: Option<String>,
    answer: Option<Answer>,
}

/// What can be made shorter about a chat call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    /// All that is used besides the answers.
    rest: TokenBound,
    choices: u32,
    /// The shortest cap that the call may be given.
    least: u32,
}

impl Quote {
    fn new(model: &Model, amount: Credits, bound: Bound) -> Self {
        Quote {
            estimate: Estimate::new(amount, bound, model.triptych.price_version),
            max_completion_tokens: None,
            price: model.triptych.price.clone(),
            service_tier: None,
            answer: None,
        }
    }

    /// The most tokens that the call can use; 0 where its answer has no cap in tokens.
    pub(crate) fn tokens(&self) -> u64 {
        let (Some(answer), Some(cap)) = (self.answer, self.max_completion_tokens) else { return 0 };
        let TokenBound { text, audio, image, completion, .. } = answer.rest;
        let answers = u64::from(cap).saturating_mul(answer.choices.into());
        [text, audio, image, completion].into_iter().fold(answers, u64::saturating_add)
    }

    /// The quote that a balance covers: this one, or one for a shorter answer. Where not even the shortest is covered
    /// it is that one, which says what is needed.
    pub(crate) fn within(&self, available: Credits) -> Quote {
        let (Some(answer), Some(cap)) = (self.answer, self.max_completion_tokens) else {
            return self.clone();
        };
        if self.estimate.amount <= available {
            return self.clone();
        }
        let cap = answer.affordable(&self.price, available).unwrap_or(0).clamp(answer.least.min(cap), cap);
        self.capped(answer, cap).unwrap_or_else(|| self.clone())
    }

    /// The estimate for somebody with that balance.
    pub(crate) fn estimate_for(&self, available: Credits) -> Estimate {
        let shorter = self.within(available);
        let reduced = shorter.max_completion_tokens.filter(|_| {
            shorter.estimate.amount <= available && shorter.estimate.amount < self.estimate.amount
        });
        let reduced = reduced
            .map(|max_completion_tokens| Reduced { amount: shorter.estimate.amount, max_completion_tokens });
        Estimate { reduced, ..self.estimate }
    }

    fn capped(&self, answer: Answer, cap: u32) -> Option<Quote> {
        let amount = answer.hold(&self.price, cap).ok()?;
        let estimate = Estimate { amount, max_completion_tokens: Some(cap), ..self.estimate };
        Some(Quote { estimate, max_completion_tokens: Some(cap), ..self.clone() })
    }
}

impl Answer {
    fn hold(&self, price: &Price, cap: u32) -> Result<Credits, EstimateError> {
        let answers = u64::from(cap).saturating_mul(u64::from(self.choices));
        let completion = self.rest.completion.saturating_add(answers);
        tokens_hold(price, &TokenBound { completion, ..self.rest })
    }

    /// The cap of each answer that a budget covers.
    fn affordable(&self, price: &Price, budget: Credits) -> Option<u32> {
        let all = affordable_completion(price, &self.rest, budget).ok().flatten()?;
        let answers = all.checked_sub(self.rest.completion)? / u64::from(self.choices.max(1));
        Some(u32::try_from(answers).unwrap_or(u32::MAX))
    }
}

/// Prices the body of any priced call; the model's modality says which call it is.
///
/// What such a call sends as files is named by what its price depends on: `input_images` is a number of pictures,
/// `seconds` or `bytes` and `format` describe a recording.
pub(crate) fn quote_body(model: &Model, body: &Value) -> Result<Quote, Error> {
    match model.triptych.modality {
        Modality::Chat | Modality::Audio => quote_chat(model, body),
        Modality::Image => {
            let input_images = media::input_images(body)?;
            Ok(quote_image_edit(model, &read(body)?, input_images)?.0)
        }
        Modality::Video => Ok(quote_video(model, &read(body)?)?.0),
        Modality::Speech => quote_speech(model, &read(body)?),
        Modality::Transcription => quote_recording(model, &read(body)?),
        Modality::Other => Err(Error::internal("a model of an unknown modality in the catalogue")),
    }
}

/// Prices a body where counting does not keep others waiting. `bytes` is the length of the body as it came.
pub(crate) async fn quote_aside(
    model: &Model,
    body: Value,
    bytes: usize,
    quote: fn(&Model, &Value) -> Result<Quote, Error>,
) -> Result<(Quote, Value), Error> {
    if bytes <= QUICK_BYTES {
        return Ok((quote(model, &body)?, body));
    }
    let model = model.clone();
    let work = move || quote(&model, &body).map(|quote| (quote, body));
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(body).map_err(crate::routes::body::describe)
}

fn priced<T>(result: Result<T, EstimateError>, param: &str) -> Result<T, Error> {
    result.map_err(|error| Error::invalid(param, format!("This cannot be priced: {error}.")))
}
