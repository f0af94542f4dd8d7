use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use crate::config::Dialect;
use crate::error::{ApiError, AtlasError};
use crate::fault::FaultRoute;
use crate::form;
use crate::generations::LookupQuery;
use crate::job::{Job, Status};
use crate::models::{self, Modality};
use crate::order::{self, Making};
use crate::poll::{self, Sight, UNKNOWN};
use crate::server;
use crate::state::Simulator;

/// `POST /api/v1/model/generateVideo`: a flat body.
pub(crate) async fn generate_video(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AtlasError> {
    create(&simulator, &headers, &body, Modality::Video).await
}

/// `POST /api/v1/model/generateImage`
pub(crate) async fn generate_image(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AtlasError> {
    create(&simulator, &headers, &body, Modality::Image).await
}

/// `GET /api/v1/model/prediction/{id}`
pub(crate) async fn prediction(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, AtlasError> {
    let sight = Sight::poll(&simulator, &id, &headers).await?;
    let data = data(&simulator, &sight, &headers);
    Ok(sight.faults.deliver(envelope(data)).await)
}

/// `GET /api/v1/model/predictions[?external_task_id=X]`: newest first.
pub(crate) async fn list(
    State(simulator): State<Simulator>,
    Query(query): Query<LookupQuery>,
    headers: HeaderMap,
) -> Result<Response, AtlasError> {
    let faults = poll::at_the_list(&simulator, &headers).await?;
    let wanted = query.external_task_id.as_deref();
    let fits = |job: &Job| wanted.is_none() || job.order.external_task_id.as_deref() == wanted;
    let jobs = simulator.roster().list(fits);
    let found: Vec<Value> = jobs.iter().map(|job| data(&simulator, &Sight::plain(job), &headers)).collect();
    Ok(faults.deliver(envelope(json!(found))).await)
}

/// `POST /api/v1/model/uploadMedia`: a form with a `file`.
pub(crate) async fn upload(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, AtlasError> {
    let (headers, form) = form::read_only_form(request).await?;
    let (_, faults) = simulator.faults(FaultRoute::Upload, &headers, "")?;
    faults.at_the_door(false).await?;
    let missing = || ApiError::invalid(Some("file"), "`file` is missing.");
    let (_, file_name, file) = form.files.iter().find(|(name, _, _)| name == "file").ok_or_else(missing)?;
    let safe = |letter: &char| letter.is_ascii_alphanumeric();
    let ending: String =
        file_name.rsplit_once('.').map_or("", |(_, ending)| ending).chars().filter(safe).take(5).collect();
    let kept = format!("{}.{ending}", simulator.new_id("upload_"));
    let url = simulator.file_url(&headers, &kept);
    simulator.keep_upload(kept, file.clone());
    let mut answer = envelope(json!({"download_url": url, "filename": file_name, "size": file.len()}));
    // Its documentation has the address at the top, its answers have it inside.
    answer["url"] = json!(url);
    Ok(faults.deliver(answer).await)
}

/// `GET /api/v1/models`
pub(crate) async fn models(State(simulator): State<Simulator>) -> Json<Value> {
    Json(envelope(json!(models::atlas_list(&simulator))))
}

async fn create(
    simulator: &Simulator,
    headers: &HeaderMap,
    body: &[u8],
    modality: Modality,
) -> Result<Response, AtlasError> {
    let request = server::parse(body)?;
    let (job, faults) = order::accept(simulator, headers, "atlas", modality, request).await?;
    let data = data(simulator, &Sight::plain(&job), headers);
    Ok(faults.deliver(envelope(data)).await)
}

fn envelope(data: Value) -> Value {
    json!({"code": 200, "message": "success", "data": data})
}

fn data(simulator: &Simulator, sight: &Sight, headers: &HeaderMap) -> Value {
    let (job, order) = (&sight.job, &sight.job.order);
    let status = match sight.status {
        Some(Status::Queued | Status::InProgress) => "processing",
        Some(Status::Completed) if job.dialect == Dialect::NewApiOlder => "succeeded",
        Some(Status::Completed) => "completed",
        Some(Status::Failed | Status::Cancelled | Status::Deleted) => "failed",
        None => UNKNOWN,
    };
    let outputs: Vec<String> = match order.making {
        _ if !sight.has_result() => Vec::new(),
        Making::Clip => vec![simulator.file_url(headers, &format!("{}.mp4", job.id))],
        Making::Pictures(count) => {
            (0..count).map(|index| simulator.file_url(headers, &format!("{}-{index}.png", job.id))).collect()
        }
    };
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
    json!({
        "id": job.id, "model": order.model, "status": status, "outputs": outputs,
        "error": sight.error_message().unwrap_or_default(), "external_task_id": order.external_task_id,
        "urls": {"get": format!("http://{host}/api/v1/model/prediction/{}", job.id)},
        "created_at": job.created_ms / 1000,
    })
}
