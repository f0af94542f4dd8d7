use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Path, Query, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bill::{BillItem, BillKind};
use crate::error::ApiError;
use crate::fault::{self, Fault, FaultRoute};
use crate::job::{Job, Outcome, Status};
use crate::models::{self, Modality};
use crate::state::{Simulator, client_ref};
use crate::{clip, range, server};

/// The fields of either create call.
#[derive(Default, Deserialize)]
struct CreateRequest {
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    prompt: String,
    /// OpenAI sends a string, others a number.
    seconds: Option<Value>,
    duration: Option<Value>,
    size: Option<String>,
    resolution: Option<String>,
    aspect_ratio: Option<String>,
    safety_identifier: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ContentQuery {
    variant: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ListQuery {
    limit: Option<usize>,
    after: Option<String>,
}

/// `POST /v1/videos`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, ApiError> {
    let (headers, request) = read(request).await?;
    let (job, lost) = accept(&simulator, &headers, request).await?;
    Ok(match job {
        Some(job) if !lost => Json(video(&job)).into_response(),
        _ => fault::cut(),
    })
}

/// `POST /v1/video/generations`
pub(crate) async fn create_generation(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, ApiError> {
    let (headers, request) = read(request).await?;
    let (job, lost) = accept(&simulator, &headers, request).await?;
    Ok(match job {
        Some(job) if !lost => Json(generation(&job, &headers)).into_response(),
        _ => fault::cut(),
    })
}

/// `GET /v1/videos/{id}`
pub(crate) async fn retrieve(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(job) = poll(&simulator, &id, &headers).await? else { return Ok(fault::cut()) };
    let wait = job.ms_left().unwrap_or(0).clamp(500, 5000).to_string();
    Ok(([("openai-poll-after-ms", wait)], Json(video(&job))).into_response())
}

/// `GET /v1/video/generations/{id}`
pub(crate) async fn retrieve_generation(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Some(job) = poll(&simulator, &id, &headers).await? else { return Ok(fault::cut()) };
    Ok(Json(generation(&job, &headers)).into_response())
}

/// `GET /v1/videos`
pub(crate) async fn list(State(simulator): State<Simulator>, Query(query): Query<ListQuery>) -> Json<Value> {
    let jobs = simulator.jobs();
    let start = match &query.after {
        Some(after) => jobs.iter().position(|job| job.id == *after).map_or(jobs.len(), |at| at + 1),
        None => 0,
    };
    let rest = jobs.get(start..).unwrap_or_default();
    let data: Vec<Value> = rest.iter().take(query.limit.unwrap_or(20)).map(video).collect();
    Json(json!({
        "object": "list", "has_more": data.len() < rest.len(),
        "first_id": data.first().map(|job| job["id"].clone()),
        "last_id": data.last().map(|job| job["id"].clone()),
        "data": data,
    }))
}

/// `DELETE /v1/videos/{id}`
pub(crate) async fn delete(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    simulator.delete_job(&id)?;
    Ok(Json(json!({"id": id, "object": "video.deleted", "deleted": true})))
}

/// `GET /v1/videos/{id}/content`
pub(crate) async fn content(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    Query(query): Query<ContentQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if query.variant.is_some_and(|variant| variant != "video") {
        return Err(ApiError::invalid(Some("variant"), "Only the variant `video` is kept here."));
    }
    send_clip(&simulator, &id, &headers).await
}

/// `GET /files/{id}.mp4`: what `video_url` points at; no key needed, as with a provider's CDN.
pub(crate) async fn file(
    State(simulator): State<Simulator>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = name.strip_suffix(".mp4").ok_or_else(|| ApiError::not_found("The file"))?;
    send_clip(&simulator, id, &headers).await
}

async fn read(request: Request) -> Result<(HeaderMap, CreateRequest), ApiError> {
    let headers = request.headers().clone();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let refuse = |error: String| ApiError::invalid(None, error);
    if content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
        let form = Multipart::from_request(request, &()).await.map_err(|error| refuse(error.body_text()))?;
        return Ok((headers, read_form(form).await?));
    }
    let body = Bytes::from_request(request, &()).await.map_err(|error| refuse(error.body_text()))?;
    Ok((headers, server::parse(&body)?))
}

async fn read_form(mut form: Multipart) -> Result<CreateRequest, ApiError> {
    let refuse = |error: axum::extract::multipart::MultipartError| ApiError::invalid(None, error.body_text());
    let mut request = CreateRequest::default();
    while let Some(field) = form.next_field().await.map_err(refuse)? {
        let name = field.name().unwrap_or_default().to_owned();
        // Reference pictures are taken and not looked at.
        if field.file_name().is_some() {
            continue;
        }
        let text = field.text().await.map_err(refuse)?;
        match name.as_str() {
            "model" => request.model = Some(text),
            "prompt" => request.prompt = text,
            "seconds" => request.seconds = Some(Value::String(text)),
            "size" => request.size = Some(text),
            "safety_identifier" => request.safety_identifier = Some(text),
            _ => {}
        }
    }
    Ok(request)
}

/// The job, or none if the connection is to be cut before it exists; and whether its answer gets lost.
async fn accept(
    simulator: &Simulator,
    headers: &HeaderMap,
    request: CreateRequest,
) -> Result<(Option<Job>, bool), ApiError> {
    let (prompt, faults) = simulator.faults(FaultRoute::Video, headers, &request.prompt)?;
    if request.prompt.is_empty() {
        return Err(ApiError::invalid(Some("prompt"), "`prompt` must not be empty."));
    }
    let model = request.model.unwrap_or_else(|| "sora-2".to_owned());
    models::check(simulator, &model, Modality::Video)?;
    let seconds = read_seconds(request.seconds.or(request.duration))?;
    let (size, aspect_ratio) =
        read_size(request.size.as_deref(), request.resolution.as_deref(), request.aspect_ratio.as_deref())?;
    faults.at_the_door().await?;
    if faults.resets() {
        return Ok((None, true));
    }
    let outcome = if faults.has(Fault::JobFailed) {
        Outcome::Failure
    } else if faults.has(Fault::DoneWithError) {
        Outcome::DoneWithError
    } else {
        Outcome::Clip
    };
    let time_ms = simulator.config().video_time_ms(size.0.min(size.1), seconds);
    let id = simulator.new_id("video_");
    let job = Job::new(id, model, prompt, seconds, size, aspect_ratio, time_ms, outcome);
    simulator.accept(job.clone())?;
    simulator.add_to_bill(BillItem {
        kind: BillKind::Video,
        id: job.id.clone(),
        model: job.model.clone(),
        size: Some(format!("{}x{}", size.0, size.1)),
        seconds,
        resolution: Some(job.resolution()),
        billed: true,
        client_ref: client_ref(headers),
        safety_identifier: request.safety_identifier,
        ..BillItem::default()
    });
    Ok((Some(job), faults.has(Fault::LostCreate)))
}

/// `None` if the connection is to be cut.
async fn poll(simulator: &Simulator, id: &str, headers: &HeaderMap) -> Result<Option<Job>, ApiError> {
    let (_, faults) = simulator.faults(FaultRoute::VideoPoll, headers, "")?;
    faults.at_the_door().await?;
    let job = simulator.job(id)?;
    Ok((!faults.resets()).then_some(job))
}

async fn send_clip(simulator: &Simulator, id: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let clip = simulator.job(id)?.clip().await;
    let clip = clip.ok_or_else(|| ApiError::not_found(&format!("The content of video `{id}`")))?;
    Ok(range::respond(clip, "video/mp4", headers))
}

fn video(job: &Job) -> Value {
    let mut video = json!({
        "id": job.id, "object": "video", "model": job.model, "status": job.status().name(),
        "progress": job.progress(), "created_at": job.created_ms / 1000, "completed_at": job.completed_at(),
        "expires_at": job.completed_at().map(|at| at + 3600), "prompt": job.prompt,
        "seconds": job.seconds.to_string(), "size": format!("{}x{}", job.size.0, job.size.1),
        "remixed_from_video_id": null, "error": null,
    });
    if let Some(error) = job_error(job) {
        video["error"] = error;
    }
    video
}

fn generation(job: &Job, headers: &HeaderMap) -> Value {
    let mut generation = json!({
        "job_id": job.id, "id": job.id, "model": job.model, "status": job.status().name(),
        "progress": job.progress(), "created_at": job.created_ms / 1000, "duration": job.seconds,
        "resolution": job.resolution(), "aspect_ratio": job.aspect_ratio,
    });
    if let Some(error) = job_error(job) {
        generation["error"] = error;
    } else if job.status() == Status::Completed {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
        generation["video_url"] = json!(format!("http://{host}/files/{}.mp4", job.id));
    }
    generation
}

fn job_error(job: &Job) -> Option<Value> {
    (job.status().is_final() && job.outcome != Outcome::Clip)
        .then(|| json!({"code": "generation_failed", "message": "The video could not be generated."}))
}

fn read_seconds(value: Option<Value>) -> Result<u32, ApiError> {
    let seconds = match &value {
        None => Some(4),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
    };
    let refusal = || ApiError::invalid(Some("seconds"), "The length must be 1 to 20 whole seconds.");
    seconds.filter(|seconds| (1..=20).contains(seconds)).ok_or_else(refusal)
}

/// The pixels and the ratio, from `size` or from `resolution` and `aspect_ratio`.
fn read_size(
    size: Option<&str>,
    resolution: Option<&str>,
    ratio: Option<&str>,
) -> Result<((u32, u32), String), ApiError> {
    if let Some(size) = size {
        let pair = clip::parse_pair(size, 'x')
            .filter(|(width, height)| (64..=4096).contains(width) && (64..=4096).contains(height));
        let (width, height) = pair.ok_or_else(|| {
            ApiError::invalid(Some("size"), format!("`{size}` is no size of 64x64 to 4096x4096."))
        })?;
        let (across, down) = clip::reduce(width, height);
        return Ok(((width, height), format!("{across}:{down}")));
    }
    let resolution = resolution.unwrap_or("720p");
    let short = resolution.strip_suffix('p').and_then(|short| short.parse().ok());
    let short: u32 = short.filter(|short| (240..=2160).contains(short)).ok_or_else(|| {
        ApiError::invalid(Some("resolution"), format!("`{resolution}` is no resolution of 240p to 2160p."))
    })?;
    let ratio = ratio.unwrap_or("16:9");
    let (across, down) = clip::parse_pair(ratio, ':')
        .filter(|(across, down)| (1..=32).contains(across) && (1..=32).contains(down))
        .ok_or_else(|| ApiError::invalid(Some("aspect_ratio"), format!("`{ratio}` is no aspect ratio.")))?;
    let long = |long: u32, shorter: u32| (short * long / shorter).next_multiple_of(2);
    let pixels = if across >= down { (long(across, down), short) } else { (short, long(down, across)) };
    Ok((pixels, ratio.to_owned()))
}
