use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use triptych_protocol::{Scope, Video, VideoRequest};
use utoipa::ToSchema;

use super::shape::{poll_headers, video};
use crate::auth::Caller;
use crate::call::{self, Call};
use crate::error::Error;
use crate::job::{self, Created, Job};
use crate::openapi::{Once, Refused};
use crate::routes::body::JsonBody;
use crate::state::AppState;
use crate::wire;

/// Orders a clip.
#[utoipa::path(
    post, path = "/v1/videos", operation_id = "createVideo", tag = "videos", security(("token" = [])),
    params(Once),
    request_body(content(
        (VideoRequest = "application/json"), (VideoRequest = "multipart/form-data"),
    )),
    responses((
        status = 200, description = "The job that makes it.", body = Video,
        headers(
            ("retry-after" = u64, description = "Seconds until it is worth asking for the job."),
            ("openai-poll-after-ms" = u64, description = "The same in milliseconds."),
        ),
    )),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    order(state, caller, request, "video", video).await
}

/// Takes an order and answers with its job, in the shape that the route speaks.
pub(in crate::routes) async fn order<T: Serialize + 'static>(
    state: AppState,
    caller: Caller,
    request: Request,
    route: &'static str,
    shape: fn(&AppState, &Job) -> T,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let headers = request.headers().clone();
    let request = wire::video_request(&state, request).await?;
    let body = serde_json::to_vec(&request).map_err(Error::internal)?;
    take(state, (caller, route, headers, body), request, None, shape).await
}

/// Who orders by which route, with what headers, and what a repeat of the order is known by.
type Asked = (Caller, &'static str, HeaderMap, Vec<u8>);

async fn take<T: Serialize + 'static>(
    state: AppState,
    (caller, route, headers, body): Asked,
    request: VideoRequest,
    from: Option<Job>,
    shape: fn(&AppState, &Job) -> T,
) -> Result<Response, Error> {
    call::detached(&state.clone(), async move {
        let call = Call::new(&caller, route, &headers, body.into())?;
        let answer = |job: &Job| serde_json::to_vec(&shape(&state, job)).unwrap_or_default();
        Ok(match job::create(&state, &call, &request, from.as_ref(), answer).await? {
            Created::Replay(replay) => replay.into_response(),
            Created::Fresh(job) => (poll_headers(&job), Json(shape(&state, &job))).into_response(),
        })
    })
    .await
}

#[derive(serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Remix {
    /// What is to be different.
    prompt: String,
}

/// Orders a clip that is made from a finished one, of the same model, length and size.
#[utoipa::path(
    post, path = "/v1/videos/{id}/remix", operation_id = "remixVideo", tag = "videos", security(("token" = [])),
    params(("id" = String, Path, description = "The job of the finished clip."), Once),
    request_body = Remix,
    responses(
        (status = 200, description = "The job that makes the new one.", body = Video,
         headers(
            ("retry-after" = u64, description = "Seconds until it is worth asking for the job."),
            ("openai-poll-after-ms" = u64, description = "The same in milliseconds."),
         )),
        Refused<409>,
    ),
)]
pub(super) async fn remix(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    JsonBody(Remix { prompt }): JsonBody<Remix>,
) -> Result<Response, Error> {
    caller.require(Scope::Video)?;
    let from = job::find(&state, &id, &caller.account).await?;
    let body = serde_json::to_vec(&(&id, &prompt)).map_err(Error::internal)?;
    let request = VideoRequest {
        model: from.model.clone(),
        prompt,
        seconds: None,
        size: None,
        duration: Some(from.seconds),
        resolution: Some(from.resolution.clone()),
        aspect_ratio: Some(from.aspect_ratio.clone()),
        priority: None,
    };
    take(state, (caller, "remix", headers, body), request, Some(from), video).await
}
