//! Bodies that come in more than one form.

use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use triptych_protocol::{ErrorCode, VideoRequest};

use crate::config::Limits;
use crate::error::Error;
use crate::routes::body;
use crate::state::AppState;

/// Reads the body of `POST /v1/videos`: JSON, or the multipart form that OpenAI's SDKs always send.
pub(crate) async fn video_request(state: &AppState, request: Request) -> Result<VideoRequest, Error> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let fields = if kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
        form(request, &state.config.limits).await?
    } else {
        let (parts, bytes) = request.into_parts();
        body::parse(&body::read(&parts.headers, bytes, state.config.limits.body_bytes).await?)?
    };
    for field in ["input_reference", "image", "image_url", "video"] {
        if fields.get(field).is_some_and(|value| !value.is_null()) {
            // Left out silently it would be paid for and not looked at.
            return Err(Error::invalid(
                field,
                format!("`{field}` is not taken; describe the clip in `prompt`."),
            ));
        }
    }
    body::parse(Value::Object(fields).to_string().as_bytes())
}

async fn form(mut request: Request, limits: &Limits) -> Result<Map<String, Value>, Error> {
    DefaultBodyLimit::max(limits.upload_bytes).apply(&mut request);
    // Files may be large, what is kept in memory may not.
    let mut room = limits.body_bytes;
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|error| refuse(error.status(), &error.body_text()))?;
    let mut fields = Map::new();
    while let Some(field) =
        form.next_field().await.map_err(|error| refuse(error.status(), &error.body_text()))?
    {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_some() {
            // The caller is told what is wrong with it by its name; its bytes need not be read.
            fields.insert(name, Value::Bool(true));
            continue;
        }
        let text = text(field, &mut room).await?;
        let value = match (name.as_str(), text.parse::<u32>()) {
            // A form has no numbers, JSON has.
            ("duration", Ok(seconds)) => seconds.into(),
            _ => Value::String(text),
        };
        fields.insert(name, value);
    }
    Ok(fields)
}

async fn text(mut field: Field<'_>, room: &mut usize) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(part) = field.chunk().await.map_err(|error| refuse(error.status(), &error.body_text()))? {
        *room = room.checked_sub(part.len()).ok_or_else(|| {
            Error::new(ErrorCode::TooLarge, "The form's texts are too large. Send a shorter prompt.")
        })?;
        text.extend_from_slice(&part);
    }
    String::from_utf8(text)
        .map_err(|_| Error::new(ErrorCode::InvalidRequest, "The form's texts must be UTF-8."))
}

fn refuse(status: axum::http::StatusCode, text: &str) -> Error {
    let code = if status == 413 { ErrorCode::TooLarge } else { ErrorCode::InvalidRequest };
    Error::new(code, format!("The form cannot be read: {text}"))
}
