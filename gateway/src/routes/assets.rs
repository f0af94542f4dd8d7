use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use utoipa_axum::routes;

use crate::asset::{Asset, Link, Range, Unsatisfiable};
use crate::error::Error;
use crate::openapi::shape::File;
use crate::openapi::{Calls, calls};
use crate::state::AppState;

/// Which pages may show a file.
const CROSS_ORIGIN: header::HeaderName = header::HeaderName::from_static("cross-origin-resource-policy");

pub(super) fn router() -> Calls {
    calls().routes(routes!(read))
}

/// A signed link to a file that works for an hour.
pub(crate) fn url(state: &AppState, asset: &str) -> String {
    format!("{}{}", state.config.public_base(), state.assets.links.path(asset))
}

/// A picture or a clip that the gateway keeps.
///
/// No token: the signature in the query lets `<img>` and `<video>` read the file.
#[utoipa::path(
    get, path = "/v1/assets/{id}", operation_id = "readAsset", tag = "files", security(("link" = [])),
    params(
        ("id" = String, Path, description = "The asset's id."),
        Link,
        ("Range" = Option<String>, Header, description = "A part of the file, such as `bytes=0-1023`."),
    ),
    responses(
        (status = 200, description = "The file.", content((File = "image/*"), (File = "video/*"))),
        (status = 206, description = "The part that was asked for.",
         content((File = "image/*"), (File = "video/*")),
         headers(("content-range" = String, description = "Which part it is."))),
        (status = 307, description = "Where the files are in a bucket: a link to it.",
         headers(("location" = String, description = "A link that ends soon."))),
        (status = 416, description = "The file has no such part."),
    ),
)]
async fn read(
    State(state): State<AppState>,
    method: Method,
    Path(id): Path<String>,
    Query(link): Query<Link>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let asset = if state.assets.links.allows(&id, &link) {
        state.assets.find(&state.store, &id).await?
    } else {
        None
    };
    let asset = asset.ok_or_else(|| Error::not_found("file, or the link to it has expired"))?;
    let download = link.download.is_some_and(|value| value != "0");
    match state.assets.direct_link(method, &asset, download).await? {
        Some(url) => elsewhere(&url),
        None => serve(&state, &asset, &headers, download).await,
    }
}

/// Sends the browser to the store. The link there ends sooner than ours, so nobody may keep this answer.
fn elsewhere(url: &str) -> Result<Response, Error> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, HeaderValue::from_str(url).map_err(Error::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Whose link it was is no business of the store's.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CROSS_ORIGIN, HeaderValue::from_static("cross-origin"));
    Ok(response)
}

/// The file, or the part of it that `Range` asks for, with headers that keep it from being anything but media.
pub(super) async fn serve(
    state: &AppState,
    asset: &Asset,
    headers: &HeaderMap,
    download: bool,
) -> Result<Response, Error> {
    let asked = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let range = Range::parse(asked, asset.bytes);
    let (status, part, about) = match range {
        Ok(Range::Whole) => (StatusCode::OK, None, None),
        Ok(Range::Part(part)) => {
            let about = format!("bytes {}-{}/{}", part.start, part.end - 1, asset.bytes);
            (StatusCode::PARTIAL_CONTENT, Some(part), Some(about))
        }
        Err(Unsatisfiable) => {
            let about = format!("bytes */{}", asset.bytes);
            (StatusCode::RANGE_NOT_SATISFIABLE, None, Some(about))
        }
    };
    let (length, body) = if status == StatusCode::RANGE_NOT_SATISFIABLE {
        (0, Body::empty())
    } else {
        let length = part.as_ref().map_or(asset.bytes, |part| part.end - part.start);
        let file = state.assets.open(asset, part).await?;
        (length, Body::from_stream(file.into_stream()))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, &asset.mime);
    set(header::CONTENT_LENGTH, &length.to_string());
    set(header::ACCEPT_RANGES, "bytes");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    set(header::CACHE_CONTROL, "private, max-age=3600");
    set(header::ETAG, &format!("\"{}\"", asset.id));
    set(header::CONTENT_DISPOSITION, &asset.disposition(download));
    // Pages of other origins show it; that is what it is for.
    set(CROSS_ORIGIN, "cross-origin");
    if let Some(about) = about {
        set(header::CONTENT_RANGE, &about);
    }
    Ok(response)
}
