use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use triptych_protocol::{Generation, Scope};

use super::videos::{cost, error, poll_headers, status, url};
use crate::auth::Caller;
use crate::call::{self, Call};
use crate::error::Error;
use crate::job::{self, Created, Job};
use crate::state::AppState;
use crate::wire;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/video/generations", post(create))
        .route("/v1/video/generations/{id}", get(retrieve))
}

/// The same jobs as `/v1/videos`, in the shape that names them `job_id` and the clip `video_url`.
async fn create(State(state): State<AppState>, caller: Caller, request: Request) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let headers = request.headers().clone();
    let request = wire::video_request(&state, request).await?;
    call::detached(&state.clone(), async move {
        let body = serde_json::to_vec(&request).map_err(Error::internal)?;
        let call = Call::new(&caller, "generation", &headers, body.into())?;
        let answer = |job: &Job| serde_json::to_vec(&generation(&state, job)).unwrap_or_default();
        Ok(match job::create(&state, &call, &request, answer).await? {
            Created::Replay(replay) => replay.into_response(),
            Created::Fresh(job) => (poll_headers(&job), Json(generation(&state, &job))).into_response(),
        })
    })
    .await
}

async fn retrieve(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let job = job::find(&state.store, &id, &caller.account).await?;
    Ok((poll_headers(&job), Json(generation(&state, &job))).into_response())
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
