//! Reading JSON bodies, with errors that name the field.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use triptych_protocol::{ErrorCode, Model};

use crate::auth::Caller;
use crate::error::Error;
use crate::state::AppState;

/// A JSON body within the configured limit.
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        // A missing type is forgiven, a form is not: browsers send forms across origins without asking.
        if kind.is_some_and(|kind| !kind.to_ascii_lowercase().contains("json")) {
            let message = "Send the body as JSON, with `Content-Type: application/json`.";
            return Err(Error::new(ErrorCode::InvalidRequest, message).param("Content-Type"));
        }
        let bytes = read(&parts.headers, body, state.config.limits.body_bytes).await?;
        parse(&bytes).map(JsonBody)
    }
}

/// Reads a body of at most `limit` bytes; one that says it is longer is refused unread.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Error> {
    let too_large = || Error::new(ErrorCode::TooLarge, format!("The body is larger than {limit} bytes."));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => {
            Err(Error::new(ErrorCode::InvalidRequest, "The body did not arrive whole.").cause(error))
        }
    }
}

/// Reads JSON text.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(describe)?;
    deserializer.end().map_err(|_| Error::invalid("", "Something follows the JSON value of the body."))?;
    Ok(value)
}

/// The model that a body names, where the caller may use it.
pub(super) fn model<'a>(
    state: &'a AppState,
    caller: &Caller,
    body: &Map<String, Value>,
) -> Result<&'a Model, Error> {
    let id = body.get("model").and_then(Value::as_str);
    let id = id.ok_or_else(|| Error::invalid("model", "Name a model; `GET /v1/models` lists them."))?;
    caller.allow_model(id)?;
    state.catalogue.model(id)
}

/// Says which field is wrong, and how.
pub(crate) fn describe(error: serde_path_to_error::Error<serde_json::Error>) -> Error {
    let mut path = error.path().to_string();
    let inner = error.inner();
    if inner.is_syntax() || inner.is_eof() {
        return Error::new(ErrorCode::InvalidRequest, format!("The body is not valid JSON: {inner}."));
    }
    let mut message = inner.to_string();
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    if let Some(field) = missing {
        path = if path == "." { field.to_owned() } else { format!("{path}.{field}") };
        return Error::invalid(path.clone(), format!("`{path}` is missing."));
    }
    if path == "." {
        return Error::new(
            ErrorCode::InvalidRequest,
            format!("The body is not of the right form: {message}."),
        );
    }
    Error::invalid(path.clone(), format!("`{path}` is wrong: {message}."))
}
