use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::error::Error;
use crate::state::AppState;

/// The stored answer of a call.
pub(crate) struct Replay {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Replay {
    /// The answer as it was: with the files that are kept beside it.
    ///
    /// # Errors
    /// `already_charged` where a file is no longer kept.
    pub(crate) async fn refilled(self, state: &AppState) -> Result<Replay, Error> {
        self.with_pictures(state).await?.with_sound(state).await
    }
}

impl IntoResponse for Replay {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
                response.headers_mut().insert(name, value);
            }
        }
        response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
        response
    }
}
