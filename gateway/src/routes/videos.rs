use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use triptych_protocol::{
    ErrorCode, Scope, Video, VideoCost, VideoDeleted, VideoError, VideoList, VideoRequest, VideoStatus,
};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::assets;
use super::body::JsonBody;
use crate::asset::image_type;
use crate::auth::Caller;
use crate::call::{self, Call};
use crate::error::Error;
use crate::job::{self, Created, Job, JobState};
use crate::openapi::shape::File;
use crate::openapi::{Calls, Once, Refused, calls};
use crate::provider::{UpstreamError, Variant};
use crate::state::AppState;
use crate::store::now_ms;
use crate::wire;

pub(super) fn router() -> Calls {
    calls()
        .routes(routes!(create, list))
        .routes(routes!(retrieve, delete))
        .routes(routes!(cancel))
        .routes(routes!(content))
        .routes(routes!(remix))
}

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// How many jobs, 100 at most; 20 when absent.
    limit: Option<u32>,
    /// The last id of the page before.
    after: Option<String>,
}

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
async fn create(State(state): State<AppState>, caller: Caller, request: Request) -> Result<Response, Error> {
    order(state, caller, request, "video", video).await
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

/// Takes an order and answers with its job, in the shape that the route speaks.
pub(super) async fn order<T: Serialize + 'static>(
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
struct Remix {
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
async fn remix(
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

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
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
async fn content(
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

/// When to ask again, in the header that everybody knows and in the one that OpenAI's SDK reads.
fn poll_headers(job: &Job) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(wait) = poll_after(job) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_millis().div_ceil(1000) as u64));
        headers.insert(
            HeaderName::from_static("openai-poll-after-ms"),
            HeaderValue::from(wait.as_millis() as u64),
        );
    }
    headers
}

/// The job in OpenAI's shape.
fn video(state: &AppState, job: &Job) -> Video {
    Video {
        id: job.id.clone(),
        object: "video".into(),
        model: job.model.clone(),
        status: status(job),
        progress: job.progress,
        created_at: job.created_at / 1000,
        completed_at: job.completed_at.map(|at| at / 1000),
        expires_at: job.asset_expires_at.map(|at| at / 1000),
        prompt: job.prompt.clone(),
        remixed_from_video_id: job.source.as_ref().map(|source| source.video.clone()),
        seconds: job.seconds.to_string(),
        size: job.size.clone(),
        resolution: Some(job.resolution.clone()),
        aspect_ratio: Some(job.aspect_ratio.clone()),
        error: error(job),
        cost: Some(cost(job)),
        queue_position: job.position,
        estimate: job.estimate,
        url: url(state, job),
    }
}

pub(super) fn status(job: &Job) -> VideoStatus {
    match job.state {
        JobState::Queued => VideoStatus::Queued,
        JobState::Submitting
        | JobState::Running
        | JobState::Storing
        | JobState::Indeterminate
        | JobState::Cancelling => VideoStatus::InProgress,
        JobState::Completed => VideoStatus::Completed,
        JobState::Failed | JobState::Expired => VideoStatus::Failed,
        JobState::Cancelled => VideoStatus::Cancelled,
    }
}

pub(super) fn cost(job: &Job) -> VideoCost {
    VideoCost { estimated: job.held, charged: job.charged }
}

pub(super) fn error(job: &Job) -> Option<VideoError> {
    job.error.as_ref().map(|error| VideoError { code: error.code.clone(), message: error.message.clone() })
}

pub(super) fn url(state: &AppState, job: &Job) -> Option<String> {
    job.asset_id.as_deref().map(|asset| assets::url(state, asset))
}

fn poll_after(job: &Job) -> Option<Duration> {
    let wait = match job.state {
        state if state.is_final() => return None,
        JobState::Queued => 1000 * u64::from(1 + job.position.unwrap_or(1)).min(15),
        JobState::Indeterminate => 15_000,
        // Just behind the gateway's own next look at it.
        _ => u64::try_from(job.due_at.saturating_sub(now_ms())).unwrap_or_default().clamp(1000, 5000),
    };
    Some(Duration::from_millis(wait))
}
