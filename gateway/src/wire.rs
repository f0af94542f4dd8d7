//! Bodies that come in more than one form.

use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use triptych_protocol::VideoRequest;

use crate::config::Limits;
use crate::error::Error;
use crate::routes::{body, upload};
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

async fn form(request: Request, limits: &Limits) -> Result<Map<String, Value>, Error> {
    let form = upload::read(request, limits, &[]).await?;
    let fields = form.fields.into_iter().map(|(name, text)| {
        let value = match (name.as_str(), text.parse::<u32>()) {
            // A form has no numbers, JSON has.
            ("duration", Ok(seconds)) => seconds.into(),
            _ => Value::String(text),
        };
        (name, value)
    });
    Ok(fields.collect())
}
