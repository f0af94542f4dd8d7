use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::state::Simulator;

/// What a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Modality {
    Chat,
    Image,
    Video,
}

const MODELS: [(&str, Modality); 6] = [
    ("gpt-5.4", Modality::Chat),
    ("gpt-5.4-turbo", Modality::Chat),
    ("gpt-4o-audio", Modality::Chat),
    ("gpt-image-1.5", Modality::Image),
    ("sora-2", Modality::Video),
    ("sora-2-pro", Modality::Video),
];

/// `GET /v1/models`
pub(crate) async fn list(State(simulator): State<Simulator>) -> Json<Value> {
    let extra = simulator.config().extra_models.iter().map(String::as_str);
    let data: Vec<Value> = MODELS
        .iter()
        .map(|(id, _)| *id)
        .chain(extra)
        .map(|id| json!({"id": id, "object": "model", "created": 1_767_225_600, "owned_by": "simulator"}))
        .collect();
    Json(json!({"object": "list", "data": data}))
}

/// Refuses a model that is unknown or makes something else.
pub(crate) fn check(simulator: &Simulator, model: &str, wanted: Modality) -> Result<(), ApiError> {
    if simulator.config().extra_models.iter().any(|extra| extra == model) {
        return Ok(());
    }
    match MODELS.iter().find(|(id, _)| *id == model) {
        None => Err(ApiError::no_model(model)),
        Some((_, modality)) if *modality == wanted => Ok(()),
        Some(_) => Err(ApiError::invalid(
            Some("model"),
            format!("The model `{model}` is not supported on this call."),
        )),
    }
}
