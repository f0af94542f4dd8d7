use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use triptych_protocol::{ErrorCode, Scope};
use utoipa::IntoParams;

use crate::asset::image_type;
use crate::auth::Caller;
use crate::error::Error;
use crate::job::{self, Job, JobState};
use crate::openapi::Refused;
use crate::openapi::shape::File;
use crate::provider::{UpstreamError, Variant};
use crate::routes::assets;
use crate::state::AppState;

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Which file; the clip itself when absent.
    #[serde(default)]
    #[param(inline, required = false)]
    variant: Variant,
}

/// A clip, or one of its pictures.
#[utoipa::path(
    get, path = "/v1/videos/{id}/content", operation_id = "retrieveVideoContent", tag = "videos",
    security(("token" = [])),
    params(
        ("id" = String, Path, description = "The job's id."),
        Wanted,
        ("Range" = Option<String>, Header, description = "A part of the clip, such as `bytes=0-1023`."),
    ),
    responses(
        (status = 200, description = "The file.",
         content((File = "video/mp4"), (File = "video/webm"), (File = "image/*"))),
        (status = 206, description = "The part that was asked for.", body = File, content_type = "video/mp4",
         headers(("content-range" = String, description = "Which part it is."))),
        (status = 416, description = "The clip has no such part."),
        Refused<409>, Refused<502>, Refused<504>,
    ),
)]
pub(super) async fn content(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let job = job::find(&state, &id, &caller.account).await?;
    if job.state != JobState::Completed {
        return Err(Error::new(ErrorCode::Conflict, "This video has no clip: it is not completed."));
    }
    if wanted.variant != Variant::Video {
        return picture(&state, &job, wanted.variant).await;
    }
    let asset = match &job.asset_id {
        Some(asset) => state.assets.find(&state.store, asset).await?,
        None => None,
    };
    let asset =
        asset.ok_or_else(|| Error::not_found("clip any more: it was kept for a time and then deleted"))?;
    assets::serve(&state, &asset, &headers, false).await
}

/// A picture of a clip, as long as the provider has it.
async fn picture(state: &AppState, job: &Job, variant: Variant) -> Result<Response, Error> {
    let gone = || Error::not_found("picture of this clip any more");
    let provider = state.providers.get(&job.provider).ok_or_else(gone)?;
    let operation = job.operation.as_ref().ok_or_else(gone)?;
    let bytes = provider.video_picture(operation, variant).await?;
    let (kind, _) =
        image_type(&bytes).map_err(|error| Error::from(UpstreamError::Protocol(error.to_string())))?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, max-age=3600"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, bytes).into_response())
}
