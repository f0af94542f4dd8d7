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
    Speech,
    Transcription,
}

const MODELS: [(&str, &[Modality]); 9] = [
    ("gpt-5.4", &[Modality::Chat]),
    ("gpt-5.4-turbo", &[Modality::Chat]),
    ("gpt-4o-audio", &[Modality::Chat, Modality::Speech, Modality::Transcription]),
    ("gpt-image-1.5", &[Modality::Image]),
    ("sora-2", &[Modality::Video]),
    ("sora-2-pro", &[Modality::Video]),
    ("gpt-4o-mini-tts", &[Modality::Speech]),
    ("gpt-transcribe", &[Modality::Transcription]),
    ("whisper-1", &[Modality::Transcription]),
];

/// Of the hundreds that Atlas Cloud has; any other id of the form VENDOR/MODEL/TASK is taken too.
const ATLAS_MODELS: [(&str, &str); 4] = [
    ("bytedance/seedance-2.0/text-to-video", "Video"),
    ("alibaba/happyhorse-1.0/image-to-video", "Video"),
    ("xai/grok-imagine-video/text-to-video", "Video"),
    ("openai/gpt-image-2/text-to-image", "Image"),
];

/// `GET /v1/models`
pub(crate) async fn list(State(simulator): State<Simulator>) -> Json<Value> {
    let config = simulator.config();
    let extra = config.extra_models.iter().map(String::as_str);
    let data: Vec<Value> = MODELS
        .iter()
        .map(|(id, _)| *id)
        .chain(extra)
        .map(|id| {
            let end = config.shutdown_dates.iter().find(|(model, _)| model == id).map(|(_, date)| date);
            json!({
                "id": id, "object": "model", "created": 1_767_225_600, "owned_by": "simulator",
                "shutdown_date": end,
            })
        })
        .collect();
    Json(json!({"object": "list", "data": data}))
}

/// The catalogue of Atlas Cloud's shape.
pub(crate) fn atlas_list(simulator: &Simulator) -> Vec<Value> {
    let extra = simulator.config().extra_models.iter().map(|id| (id.as_str(), "Video"));
    let entry = |(id, kind)| json!({"model": id, "displayName": id, "type": kind});
    ATLAS_MODELS.into_iter().chain(extra).map(entry).collect()
}

/// Refuses a model that is unknown or makes something else.
pub(crate) fn check(simulator: &Simulator, model: &str, wanted: Modality) -> Result<(), ApiError> {
    if simulator.config().extra_models.iter().any(|extra| extra == model) {
        return Ok(());
    }
    match MODELS.iter().find(|(id, _)| *id == model) {
        None => Err(ApiError::no_model(model)),
        Some((_, modalities)) if modalities.contains(&wanted) => Ok(()),
        Some(_) => Err(ApiError::invalid(
            Some("model"),
            format!("The model `{model}` is not supported on this call."),
        )),
    }
}
