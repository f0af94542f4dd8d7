//! What a call will hold, from its body and the catalogue alone.

mod chat;
mod media;
#[cfg(test)]
mod tests;

use serde::de::DeserializeOwned;
use serde_json::Value;
use triptych_protocol::{Bound, Credits, Estimate, EstimateError, Modality, Model};

pub(crate) use chat::{PROMPT_FIELDS, quote_chat};
pub(crate) use media::{ResolvedImage, quote_image, quote_video};

use crate::error::Error;

/// A price for one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quote {
    pub(crate) estimate: Estimate,
    /// Chat: the cap that must go upstream for the hold to cover the answer, for each of the choices.
    pub(crate) max_completion_tokens: Option<u32>,
}

impl Quote {
    fn new(model: &Model, amount: Credits, bound: Bound) -> Self {
        let estimate = Estimate { amount, bound, price_version: model.triptych.price_version };
        Quote { estimate, max_completion_tokens: None }
    }
}

/// Prices the body of any priced call; the model's modality says which call it is.
pub(crate) fn quote_body(model: &Model, body: &Value) -> Result<Quote, Error> {
    match model.triptych.modality {
        Modality::Chat | Modality::Audio => quote_chat(model, body),
        Modality::Image => Ok(quote_image(model, &read(body)?)?.0),
        Modality::Video => Ok(quote_video(model, &read(body)?)?.0),
    }
}

fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(body).map_err(crate::routes::body::describe)
}

fn priced(result: Result<Credits, EstimateError>, param: &str) -> Result<Credits, Error> {
    result.map_err(|error| Error::invalid(param, format!("This cannot be priced: {error}.")))
}
