use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt, stream};

use crate::error::ApiError;
use crate::fault::{self, FaultRoute, Faults, Kind, Stage};
use crate::job::Job;
use crate::order::Making;
use crate::state::Simulator;
use crate::{painting, range};

/// `GET /files/{name}`: what addresses in answers point at; no key needed, as with a provider's CDN.
pub(crate) async fn serve(
    State(simulator): State<Simulator>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(file) = simulator.upload(&name) {
        return Ok(range::respond(file, content_type(&name), &headers));
    }
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    let (id, index) = match stem.rsplit_once('-') {
        Some((id, index)) => (id, index.parse().unwrap_or(usize::MAX)),
        None => (stem, 0),
    };
    let job = simulator.roster().find(id)?;
    let faults = simulator.later_faults(FaultRoute::VideoContent, &headers, Some((&job, Stage::Content)))?;
    faults.at_the_door(false).await?;
    send(&job, index, &headers, &faults).await
}

/// One of a job's files, or what the faults make of it.
pub(crate) async fn send(
    job: &Job,
    index: usize,
    headers: &HeaderMap,
    faults: &Faults,
) -> Result<Response, ApiError> {
    let none = || ApiError::not_found(&format!("The content of video `{}`", job.id));
    if job.named(Kind::NoUrl) {
        return Err(none());
    }
    let file = job.files().await.and_then(|files| files.get(index)).cloned().ok_or_else(none)?;
    let kind = if job.order.making == Making::Clip { "video/mp4" } else { "image/png" };
    Ok(deliver(file, kind, headers, faults))
}

/// A picture that stands for the clip.
pub(crate) async fn send_thumbnail(
    job: &Job,
    headers: &HeaderMap,
    faults: &Faults,
) -> Result<Response, ApiError> {
    let none = || ApiError::not_found(&format!("The thumbnail of video `{}`", job.id));
    job.files().await.ok_or_else(none)?;
    let (prompt, (width, height)) = (job.order.prompt.clone(), job.order.size);
    let height = (320 * height / width.max(1)).clamp(16, 640) as usize;
    let paint = move || painting::to_png(&painting::paint(&prompt, 320, height, 0));
    let picture = tokio::task::spawn_blocking(paint).await.map_err(|_| ApiError::server())?;
    let picture = picture.map_err(|_| ApiError::server())?;
    Ok(deliver(picture.into(), "image/png", headers, faults))
}

/// A file in full or in part, or what the faults make of it.
pub(crate) fn deliver(file: Bytes, kind: &'static str, headers: &HeaderMap, faults: &Faults) -> Response {
    let whole = file.len() as u64;
    let half = file.slice(..file.len() / 2);
    for fault in &faults.0 {
        match fault {
            Kind::LostCreate => return fault::cut(),
            Kind::Html => return fault::html(),
            Kind::ContentType => return range::respond(file, "text/plain; charset=utf-8", headers),
            Kind::ContentTruncated | Kind::ResetInBody | Kind::MalformedJson => {
                return with_length(fault::broken_off(half), whole, kind);
            }
            Kind::ContentOversize(length) => return with_length(fault::broken_off(file), *length, kind),
            Kind::ContentStall => {
                let body = stream::iter([Ok::<_, std::io::Error>(half)]).chain(stream::pending());
                return with_length(Body::from_stream(body), whole, kind);
            }
            _ => {}
        }
    }
    range::respond(file, kind, headers)
}

fn with_length(body: Body, length: u64, kind: &'static str) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("mp4") => "video/mp4",
        Some("wav") => "audio/wav",
        _ => "application/octet-stream",
    }
}
