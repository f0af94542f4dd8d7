use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::Dialect;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Kind};
use crate::job::Status;
use crate::models::Modality;
use crate::order::{self, Making};
use crate::poll::{self, Sight, UNKNOWN};
use crate::server;
use crate::state::Simulator;

#[derive(Deserialize)]
pub(crate) struct LookupQuery {
    pub(crate) external_task_id: Option<String>,
}

/// `POST /v1/video/generations`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request = server::parse(&body)?;
    let (job, faults) = order::accept(&simulator, &headers, "generations", Modality::Video, request).await?;
    Ok(faults.deliver(generation(&simulator, &Sight::plain(&job), &headers)).await)
}

/// `GET /v1/video/generations/{id}`
pub(crate) async fn retrieve(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let sight = Sight::poll(&simulator, &id, &headers).await?;
    Ok(sight.faults.deliver(generation(&simulator, &sight, &headers)).await)
}

/// `GET /v1/video/generations[?external_task_id=X]`: newest first.
pub(crate) async fn list(
    State(simulator): State<Simulator>,
    Query(query): Query<LookupQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let faults = poll::at_the_list(&simulator, &headers).await?;
    let wanted = query.external_task_id.as_deref();
    let jobs = simulator.roster().list(|job| {
        job.order.making == Making::Clip
            && (wanted.is_none() || job.order.external_task_id.as_deref() == wanted)
    });
    let data: Vec<Value> =
        jobs.iter().map(|job| generation(&simulator, &Sight::plain(job), &headers)).collect();
    Ok(faults.deliver(json!({"object": "list", "data": data})).await)
}

/// `POST /v1/video/generations/{id}/cancel`
pub(crate) async fn cancel(
    State(simulator): State<Simulator>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let faults = simulator.later_faults(FaultRoute::VideoCancel, &headers, None)?;
    faults.at_the_door(false).await?;
    let job = simulator.roster().find(&id)?;
    if faults.has(Kind::CancelTooLate) || !job.cancel() {
        return Err(ApiError::conflict("cancel_too_late", "It can no longer be taken back."));
    }
    Ok(faults.deliver(generation(&simulator, &Sight::plain(&job), &headers)).await)
}

fn generation(simulator: &Simulator, sight: &Sight, headers: &HeaderMap) -> Value {
    let (job, order) = (&sight.job, &sight.job.order);
    let older = job.dialect == Dialect::NewApiOlder;
    let status = match sight.status {
        Some(Status::Queued | Status::InProgress) if older => "processing",
        Some(Status::Queued) => "queued",
        Some(Status::InProgress) => "in_progress",
        Some(Status::Completed) if older => "succeeded",
        Some(Status::Completed) => "completed",
        Some(Status::Failed) => "failed",
        Some(Status::Cancelled | Status::Deleted) => "cancelled",
        None => UNKNOWN,
    };
    let mut answer = json!({
        "model": order.model, "status": status, "progress": job.progress(),
        "created_at": job.created_ms / 1000, "external_task_id": order.external_task_id,
    });
    let (id_field, url_field) = match job.dialect {
        Dialect::Seed => {
            answer["id"] = json!(job.id);
            answer["duration"] = json!(order.seconds);
            answer["resolution"] = json!(order.resolution());
            answer["aspect_ratio"] = json!(order.aspect_ratio);
            ("job_id", "video_url")
        }
        Dialect::NewApi | Dialect::NewApiOlder => {
            let (width, height) = order.size;
            answer["format"] = json!("mp4");
            answer["metadata"] = json!({
                "duration": job.seconds(), "fps": 24, "width": width, "height": height, "seed": 0,
            });
            ("task_id", "url")
        }
    };
    answer[id_field] = json!(job.id);
    if let Some(error) = sight.error() {
        answer["error"] = error;
    } else if sight.has_result() {
        answer[url_field] = json!(simulator.file_url(headers, &format!("{}.mp4", job.id)));
    }
    answer
}
