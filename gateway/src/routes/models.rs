//! `GET /v1/models`: what the token may use.

use axum::Json;
use axum::extract::{Path, State};
use triptych_protocol::{Modality, Model, ModelList, Scope};
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::error::Error;
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;

pub(super) fn router() -> Calls {
    calls().routes(routes!(list)).routes(routes!(one))
}

/// The models that the token may use.
#[utoipa::path(
    get, path = "/v1/models", operation_id = "listModels", tag = "models", security(("token" = [])),
    responses((status = 200, description = "With what each takes and costs.", body = ModelList)),
)]
async fn list(State(state): State<AppState>, caller: Caller) -> Json<ModelList> {
    let models = state.catalogue.list().into_iter().filter(|model| usable(&caller, model));
    let data = models.map(|model| bounded(&state, model)).collect();
    Json(ModelList { object: "list".to_owned(), data })
}

/// One model.
#[utoipa::path(
    get, path = "/v1/models/{id}", operation_id = "retrieveModel", tag = "models", security(("token" = [])),
    params(("id" = String, Path, description = "As the list names it.")),
    responses((status = 200, description = "With what it takes and costs.", body = Model), Refused<410>),
)]
async fn one(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Model>, Error> {
    let model = state.catalogue.listed(&id)?;
    if usable(&caller, &model) { Ok(Json(bounded(&state, model))) } else { Err(Error::not_found("model")) }
}

/// Whoever attaches a file wants to know before the call how much a call may carry.
fn bounded(state: &AppState, mut model: Model) -> Model {
    if matches!(model.triptych.modality, Modality::Chat | Modality::Audio) {
        model.triptych.limits.body_bytes = u32::try_from(state.config.limits.body_bytes).ok();
    }
    model
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
