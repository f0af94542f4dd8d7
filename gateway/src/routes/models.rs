//! `GET /v1/models`: what the token may use.

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use triptych_protocol::{Modality, Model, ModelList, Scope};

use crate::auth::Caller;
use crate::error::Error;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/models", get(list)).route("/v1/models/{id}", get(one))
}

async fn list(State(state): State<AppState>, caller: Caller) -> Json<ModelList> {
    let data = state.catalogue.list().into_iter().filter(|model| usable(&caller, model)).collect();
    Json(ModelList { object: "list".to_owned(), data })
}

async fn one(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Model>, Error> {
    let model = state.catalogue.listed(&id)?;
    if usable(&caller, &model) { Ok(Json(model)) } else { Err(Error::not_found("model")) }
}

fn usable(caller: &Caller, model: &Model) -> bool {
    let scope = match model.triptych.modality {
        Modality::Chat | Modality::Audio | Modality::Speech | Modality::Transcription | Modality::Other => {
            Scope::Chat
        }
        Modality::Image => Scope::Image,
        Modality::Video => Scope::Video,
    };
    caller.may_use(&model.id) && caller.scopes.contains(&scope)
}
