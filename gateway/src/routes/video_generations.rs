use axum::Router;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{get, post};
use triptych_protocol::Generation;

use super::videos::{cost, error, order, show, status, url};
use crate::auth::Caller;
use crate::error::Error;
use crate::job::Job;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/video/generations", post(create))
        .route("/v1/video/generations/{id}", get(retrieve))
}

/// The same jobs as `/v1/videos`, in the shape that names them `job_id` and the clip `video_url`.
async fn create(State(state): State<AppState>, caller: Caller, request: Request) -> Result<Response, Error> {
    order(state, caller, request, "generation", generation).await
}

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
