use axum::extract::{Path, Request, State};
use axum::response::Response;
use triptych_protocol::{Generation, GenerationRequest};
use utoipa_axum::routes;

use super::videos::{cost, error, order, show, status, url};
use crate::auth::Caller;
use crate::error::Error;
use crate::job::Job;
use crate::openapi::{Calls, Once, calls};
use crate::state::AppState;

pub(super) fn router() -> Calls {
    calls().routes(routes!(create)).routes(routes!(retrieve))
}

/// Orders a clip.
///
/// The same jobs as `/v1/videos`, in the shape that names them `job_id` and the clip `video_url`.
#[utoipa::path(
    post, path = "/v1/video/generations", operation_id = "createVideoGeneration", tag = "videos",
    security(("token" = [])), params(Once), request_body = GenerationRequest,
    responses((
        status = 200, description = "The job that makes it.", body = Generation,
        headers(("retry-after" = u64, description = "Seconds until it is worth asking for the job.")),
    )),
)]
async fn create(State(state): State<AppState>, caller: Caller, request: Request) -> Result<Response, Error> {
    order(state, caller, request, "generation", generation).await
}

/// A job, with a link to its clip once that is ready.
#[utoipa::path(
    get, path = "/v1/video/generations/{id}", operation_id = "retrieveVideoGeneration", tag = "videos",
    security(("token" = [])), params(("id" = String, Path, description = "The job's id.")),
    responses((
        status = 200, description = "The job.", body = Generation,
        headers(("retry-after" = u64, description = "Seconds until it is worth asking again, while it has not ended.")),
    )),
)]
async fn retrieve(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    show(state, caller, &id, generation).await
}

fn generation(state: &AppState, job: &Job) -> Generation {
    Generation {
        job_id: job.id.clone(),
        id: job.id.clone(),
        status: status(job),
        progress: job.progress,
        video_url: url(state, job),
        error: error(job),
        cost: Some(cost(job)),
        queue_position: job.position,
    }
}
