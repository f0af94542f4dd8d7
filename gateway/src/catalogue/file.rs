//! The catalogue's file: amounts as people write them, checked so that everything on offer has a price.

use std::collections::HashSet;

use serde::Deserialize;
use triptych_protocol::{Frame, Modality, Model, ModelInfo, Parameter, ParameterKind, Price, PricedItem};

use super::date::is_date;
use super::price::{WrittenLimits, WrittenPrice, WrittenTokenizer};
use crate::config::read_as;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    price_version: i64,
    models: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    #[serde(default)]
    created: i64,
    owned_by: String,
    shutdown_date: Option<String>,
    replacement: Option<String>,
    name: String,
    description: Option<String>,
    modality: Modality,
    #[serde(default)]
    parameters: Vec<Parameter>,
    price: WrittenPrice,
    #[serde(default)]
    limits: WrittenLimits,
    tokenizer: Option<WrittenTokenizer>,
    tools: Option<bool>,
}

pub(super) fn read(text: &str) -> Result<Vec<Model>, String> {
    let file: File = read_as(text)?;
    let mut ids = HashSet::new();
    let mut models = Vec::new();
    for (index, entry) in file.models.into_iter().enumerate() {
        let model = model(entry, file.price_version);
        let at = format!("models[{index}]");
        if !ids.insert(model.id.clone()) {
            return Err(format!("{at}.id: `{}` is there twice", model.id));
        }
        check(&model).map_err(|message| format!("{at}.{message}"))?;
        models.push(model);
    }
    if models.is_empty() { Err("models: at least one is needed".to_owned()) } else { Ok(models) }
}

fn model(entry: Entry, price_version: i64) -> Model {
    Model {
        id: entry.id,
        object: "model".to_owned(),
        created: entry.created,
        owned_by: entry.owned_by,
        shutdown_date: entry.shutdown_date,
        triptych: ModelInfo {
            name: entry.name,
            description: entry.description,
            modality: entry.modality,
            parameters: entry.parameters,
            price: entry.price.into(),
            price_version,
            limits: entry.limits.into(),
            tokenizer: entry.tokenizer.map(Into::into),
            tools: entry.tools,
            replacement: entry.replacement,
            warning: None,
        },
    }
}

fn check(model: &Model) -> Result<(), String> {
    let info = &model.triptych;
    if model.id.is_empty()
        || model.id.len() > 100
        || model.id.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err("id: must be 1 to 100 characters without blanks".to_owned());
    }
    if let Some(date) = model.shutdown_date.as_deref().filter(|date| !is_date(date)) {
        return Err(format!("shutdown_date: `{date}` is not a date (write e.g. \"2027-01-31\")"));
    }
    for (index, parameter) in info.parameters.iter().enumerate() {
        if !parameter.allows(&parameter.default_value()) {
            return Err(format!("parameters[{index}].default: is not one of the allowed values"));
        }
    }
    let limits = &info.limits;
    if let (Some(default), Some(most)) = (limits.default_completion_tokens, limits.max_completion_tokens)
        && default > most
    {
        return Err("limits.default_completion_tokens: is above max_completion_tokens".to_owned());
    }
    if info.tools.is_some() && !matches!(info.modality, Modality::Chat | Modality::Audio) {
        return Err("tools: only models of chat and audio can call functions".to_owned());
    }
    match (info.modality, &info.price) {
        (Modality::Chat | Modality::Audio, Price::Tokens(_)) => Ok(()),
        (Modality::Speech, Price::Tokens(_) | Price::Characters { .. } | Price::Minute { .. }) => Ok(()),
        (Modality::Transcription, Price::Tokens(_) | Price::Minute { .. }) => Ok(()),
        (Modality::Image, Price::Image(price)) => {
            priced(model, "size", &price.sizes)?;
            qualities(model, &price.sizes)
        }
        (Modality::Video, Price::VideoSecond(price)) => {
            priced(model, "resolution", &price.resolutions)?;
            for resolution in values(model, "resolution", "720p") {
                for aspect_ratio in values(model, "aspect_ratio", "16:9") {
                    if Frame::new(&resolution, &aspect_ratio).is_none() {
                        return Err(format!("parameters: {resolution} at {aspect_ratio} is no frame"));
                    }
                }
            }
            Ok(())
        }
        (Modality::Other, _) => {
            Err("modality: must be chat, image, video, audio, speech or transcription".to_owned())
        }
        _ => Err("price.unit: does not fit the modality (chat and audio: tokens, image: image, video: video_second, \
                  speech: characters, minute or tokens, transcription: minute or tokens)"
            .to_owned()),
    }
}

/// Each size has a price at each quality that can be chosen, or one for all of them.
fn qualities(model: &Model, items: &[PricedItem]) -> Result<(), String> {
    if model.triptych.parameter("quality").is_none() {
        return Ok(());
    }
    for size in values(model, "size", "1024x1024") {
        for quality in values(model, "quality", "auto") {
            let fits = |item: &PricedItem| {
                item.value == size && item.quality.as_ref().is_none_or(|name| *name == quality)
            };
            if !items.iter().any(fits) {
                return Err(format!("price: has no item for the size `{size}` at the quality `{quality}`"));
            }
        }
    }
    Ok(())
}

/// Everything that can be chosen must have a price.
fn priced(model: &Model, parameter: &str, items: &[PricedItem]) -> Result<(), String> {
    let default = items.first().map_or("", |item| item.value.as_str());
    match values(model, parameter, default)
        .into_iter()
        .find(|value| !items.iter().any(|item| item.value == *value))
    {
        Some(value) => Err(format!("price: has no item for the {parameter} `{value}`")),
        None => Ok(()),
    }
}

fn values(model: &Model, parameter: &str, otherwise: &str) -> Vec<String> {
    match model.triptych.parameter(parameter).map(|found| &found.kind) {
        Some(ParameterKind::Choice { choices, .. }) => {
            choices.iter().map(|choice| choice.value.clone()).collect()
        }
        _ => vec![otherwise.to_owned()],
    }
}
