use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use triptych_protocol::{Scope, Video, VideoDeleted, VideoList};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::call;
use crate::error::Error;
use crate::job::{self, Job};
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;

mod content;
mod order;
mod shape;

pub(super) use order::order;
pub(super) use shape::{cost, error, status, url};
use shape::{poll_headers, video};

pub(super) fn router() -> Calls {
    calls()
        .routes(routes!(order::create, list))
        .routes(routes!(retrieve, delete))
        .routes(routes!(cancel))
        .routes(routes!(content::content))
        .routes(routes!(order::remix))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// How many jobs, 100 at most; 20 when absent.
    limit: Option<u32>,
    /// The last id of the page before.
    after: Option<String>,
}

/// A job, with a link to its clip once that is ready.
#[utoipa::path(
    get, path = "/v1/videos/{id}", operation_id = "retrieveVideo", tag = "videos", security(("token" = [])),
    params(("id" = String, Path, description = "The job's id.")),
    responses((
        status = 200, description = "The job.", body = Video,
        headers(
            ("retry-after" = u64, description = "Seconds until it is worth asking again, while it has not ended."),
            ("openai-poll-after-ms" = u64, description = "The same in milliseconds."),
        ),
    )),
)]
async fn retrieve(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    show(state, caller, &id, video).await
}

/// A job of the caller's, in the shape that the route speaks.
pub(super) async fn show<T: Serialize>(
    state: AppState,
    caller: Caller,
    id: &str,
    shape: fn(&AppState, &Job) -> T,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let job = job::find(&state, id, &caller.account).await?;
    Ok((poll_headers(&job), Json(shape(&state, &job))).into_response())
}

/// The caller's jobs, newest first.
#[utoipa::path(
    get, path = "/v1/videos", operation_id = "listVideos", tag = "videos", security(("token" = [])), params(Page),
    responses((status = 200, description = "A page of them.", body = VideoList)),
)]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<Json<VideoList>, Error> {
    caller.require(Scope::Video)?;
    let limit = page.limit.unwrap_or(20).clamp(1, 100);
    let mut jobs = job::list(&state, &caller.account, page.after.as_deref(), limit).await?;
    let has_more = jobs.len() > limit as usize;
    jobs.truncate(limit as usize);
    let data = jobs.iter().map(|job| video(&state, job)).collect();
    Ok(Json(VideoList { object: "list".into(), data, has_more }))
}

/// Takes a job back. Unlike `DELETE` it never touches a clip that was ready before the call arrived.
#[utoipa::path(
    post, path = "/v1/videos/{id}/cancel", operation_id = "cancelVideo", tag = "videos", security(("token" = [])),
    params(("id" = String, Path, description = "The job's id.")),
    responses((status = 200, description = "The job as it is now.", body = Video), Refused<409>),
)]
async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let (of, wanted, account) = (state.clone(), id.clone(), caller.account.clone());
    call::detached(&state, async move { job::cancel(&of, &wanted, &account).await }).await?;
    show(state, caller, &id, video).await
}

/// Takes a job back and takes it off the list, with its clip where it has one.
#[utoipa::path(
    delete, path = "/v1/videos/{id}", operation_id = "deleteVideo", tag = "videos", security(("token" = [])),
    params(("id" = String, Path, description = "The job's id.")),
    responses((status = 200, description = "It is gone.", body = VideoDeleted), Refused<409>),
)]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<VideoDeleted>, Error> {
    caller.require(Scope::Video)?;
    let job = job::find(&state, &id, &caller.account).await?;
    if job.state.is_final() {
        job::hide(&state.store, &job.id, &caller.account).await?;
    } else {
        let (of, wanted) = (state.clone(), id.clone());
        call::detached(&state, async move { job::cancel(&of, &wanted, &caller.account).await }).await?;
    }
    Ok(Json(VideoDeleted { id: job.id, object: "video.deleted".into(), deleted: true }))
}
