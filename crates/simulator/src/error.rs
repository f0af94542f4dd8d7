use axum::Json;
use axum::http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::fault;

/// Why the simulator could not start or draw.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address could not be bound, or the server stopped with an error.
    #[error("the simulator's socket failed: {0}")]
    Io(#[from] std::io::Error),
}

/// A refusal in OpenAI's error shape.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<&'static str>,
    message: String,
    retry_after: Option<u64>,
    cut: bool,
}

impl ApiError {
    pub(crate) fn invalid(param: Option<&'static str>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", None, message).about(param)
    }

    pub(crate) fn wrong_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "invalid_request_error",
            Some("invalid_api_key"),
            "Incorrect API key provided.",
        )
    }

    pub(crate) fn no_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("model_not_found"), message)
            .about(Some("model"))
    }

    pub(crate) fn not_found(what: &str) -> Self {
        let message = format!("{what} was not found.");
        Self::new(StatusCode::NOT_FOUND, "invalid_request_error", Some("not_found"), message)
    }

    pub(crate) fn conflict(code: &'static str, message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, "invalid_request_error", Some(code), message)
    }

    pub(crate) fn rate_limited(message: &str, retry_after: u64) -> Self {
        let code = Some("rate_limit_exceeded");
        let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", code, message);
        error.retry_after = Some(retry_after);
        error
    }

    /// Too many jobs at once.
    pub(crate) fn busy(retry_after: u64) -> Self {
        let mut error = Self::rate_limited("Too many videos are being generated at once.", retry_after);
        error.code = Some("concurrency_limit_error");
        error
    }

    pub(crate) fn server() -> Self {
        Self::with_status(500)
    }

    /// What that status says when it comes for no reason of the request's own.
    pub(crate) fn with_status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (kind, code, message) = match status.as_u16() {
            401 => return Self::wrong_key(),
            402 => ("insufficient_quota", "insufficient_balance", "Your balance is used up."),
            403 => ("invalid_request_error", "forbidden", "You may not do this."),
            404 => ("invalid_request_error", "not_found", "It was not found."),
            408 => ("invalid_request_error", "request_timeout", "The request took too long."),
            409 => ("invalid_request_error", "conflict", "Another request changed it at the same time."),
            410 => ("invalid_request_error", "gone", "It has expired."),
            400 | 422 => ("invalid_request_error", "invalid_value", "The request was refused."),
            503 => ("server_error", "overloaded", "The engine is currently overloaded."),
            _ => (
                "server_error",
                "server_error",
                "The server had an error while processing your request. Sorry about that!",
            ),
        };
        Self::new(status, kind, Some(code), message)
    }

    /// No answer at all: the connection breaks.
    pub(crate) fn cut() -> Self {
        Self { cut: true, ..Self::server() }
    }

    pub(crate) fn body(&self) -> serde_json::Value {
        json!({"error": {
            "message": self.message, "type": self.kind, "param": self.param, "code": self.code,
        }})
    }

    fn new(
        status: StatusCode,
        kind: &'static str,
        code: Option<&'static str>,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        Self { status, kind, code, param: None, message, retry_after: None, cut: false }
    }

    fn about(mut self, param: Option<&'static str>) -> Self {
        self.param = param;
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if self.cut {
            return fault::cut();
        }
        let mut response = (self.status, Json(self.body())).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The same refusal in Atlas Cloud's envelope, whose 429 says nothing about when to come back.
pub(crate) struct AtlasError(ApiError);

impl From<ApiError> for AtlasError {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for AtlasError {
    fn into_response(self) -> Response {
        if self.0.cut {
            return fault::cut();
        }
        let body = json!({"code": self.0.status.as_u16(), "message": self.0.message, "data": null});
        (self.0.status, Json(body)).into_response()
    }
}
