use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fault::{FaultRoute, Kind, Stage};
use crate::files;
use crate::form::{self, Form, Sent};
use crate::job::Status;
use crate::models::Modality;
use crate::order::{self, CreateRequest, Making};
use crate::poll::{self, Sight, UNKNOWN};
use crate::server;
use crate::state::Simulator;

#[derive(Deserialize)]
pub(crate) struct ContentQuery {
    variant: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    limit: Option<usize>,
    after: Option<String>,
    order: Option<String>,
}

#[derive(Deserialize)]
struct RemixRequest {
    prompt: String,
}

/// `POST /v1/videos`: a form, as the SDKs send it, or JSON.
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, ApiError> {
    let (headers, sent) = form::read(request).await?;
    let request = match sent {
        Sent::Form(form) => from_form(&form),
        Sent::Json(body) => server::parse(&body)?,
    };
    let (job, faults) = order::accept(&simulator, &headers, "videos", Modality::Video, request).await?;
    Ok(faults.deliver(video(&Sight::plain(&job))).await)
}

/// `POST /v1/videos/{id}/remix`
pub(crate) async fn remix(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let source = simulator.roster().find(&id)?;
    let RemixRequest { prompt } = server::parse(&body)?;
    if source.status() != Status::Completed {
        return Err(ApiError::invalid(None, "Only a completed video can be remixed."));
    }
    let request = CreateRequest {
        model: Some(source.order.model.clone()),
        prompt,
        seconds: Some(json!(source.order.seconds)),
        size: Some(format!("{}x{}", source.order.size.0, source.order.size.1)),
        remixed_from: Some(id),
        ..CreateRequest::default()
    };
    let (job, faults) = order::accept(&simulator, &headers, "videos", Modality::Video, request).await?;
    Ok(faults.deliver(video(&Sight::plain(&job))).await)
}

/// `GET /v1/videos/{id}`
pub(crate) async fn retrieve(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = Sight::poll(&simulator, &id, &headers).await?;
    let wait = sight.job.ms_left().unwrap_or(0).clamp(500, 5000);
    let mut response = sight.faults.deliver(video(&sight)).await;
    response.headers_mut().insert("openai-poll-after-ms", HeaderValue::from(wait));
    Ok(response)
}

/// `GET /v1/videos`
pub(crate) async fn list(
    State(simulator): State<Simulator>,
    Query(query): Query<ListQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let faults = poll::at_the_list(&simulator, &headers).await?;
    let mut jobs = simulator.roster().list(|job| job.order.making == Making::Clip);
    if query.order.as_deref() == Some("asc") {
        jobs.reverse();
    }
    let start = match &query.after {
        Some(after) => jobs.iter().position(|job| job.id == *after).map_or(jobs.len(), |at| at + 1),
        None => 0,
    };
    let rest = jobs.get(start..).unwrap_or_default();
    let data: Vec<Value> =
        rest.iter().take(query.limit.unwrap_or(20)).map(|job| video(&Sight::plain(job))).collect();
    let list = json!({
        "object": "list", "has_more": data.len() < rest.len(),
        "first_id": data.first().map(|job| job["id"].clone()),
        "last_id": data.last().map(|job| job["id"].clone()),
        "data": data,
    });
    Ok(faults.deliver(list).await)
}

/// `DELETE /v1/videos/{id}`
pub(crate) async fn delete(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let faults = simulator.later_faults(FaultRoute::VideoCancel, &headers, None)?;
    faults.at_the_door(false).await?;
    let job = simulator.roster().find(&id)?;
    if faults.has(Kind::CancelTooLate) || !job.delete() {
        return Err(ApiError::conflict("cancel_too_late", "It can no longer be taken back."));
    }
    Ok(faults.deliver(json!({"id": id, "object": "video.deleted", "deleted": true})).await)
}

/// `GET /v1/videos/{id}/content`
pub(crate) async fn content(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<ContentQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let job = simulator.roster().find(&id)?;
    let faults = simulator.later_faults(FaultRoute::VideoContent, &headers, Some((&job, Stage::Content)))?;
    faults.at_the_door(false).await?;
    match query.variant.as_deref() {
        None | Some("video") => files::send(&job, 0, &headers, &faults).await,
        Some("thumbnail") => files::send_thumbnail(&job, &headers, &faults).await,
        Some(_) => Err(ApiError::invalid(Some("variant"), "The variants are `video` and `thumbnail`.")),
    }
}

/// A job as an object of OpenAI's.
fn video(sight: &Sight) -> Value {
    let (job, order) = (&sight.job, &sight.job.order);
    let status = match sight.status {
        Some(Status::Queued) => "queued",
        Some(Status::InProgress) => "in_progress",
        Some(Status::Completed) => "completed",
        // This shape has no word for a job taken back.
        Some(Status::Failed | Status::Cancelled | Status::Deleted) => "failed",
        None => UNKNOWN,
    };
    json!({
        "id": job.id, "object": "video", "model": order.model, "status": status,
        "progress": job.progress(), "created_at": job.created_ms / 1000, "completed_at": job.completed_at(),
        "expires_at": job.completed_at().map(|at| at + 3600), "prompt": order.prompt,
        "seconds": job.seconds().to_string(), "size": format!("{}x{}", order.size.0, order.size.1),
        "remixed_from_video_id": order.remixed_from, "error": sight.error(),
    })
}

/// Reference pictures are taken and not looked at.
fn from_form(form: &Form) -> CreateRequest {
    let text = |name: &str| form.text(name).map(str::to_owned);
    CreateRequest {
        model: text("model"),
        prompt: text("prompt").unwrap_or_default(),
        seconds: text("seconds").map(Value::String),
        size: text("size"),
        safety_identifier: text("safety_identifier"),
        ..CreateRequest::default()
    }
}
