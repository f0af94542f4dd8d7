//! `POST /v1/audio/speech` and `/v1/audio/transcriptions`.

use std::time::Duration;

use axum::Router;
use axum::routing::post;

use crate::state::AppState;

mod speech;
mod transcription;

/// Longest that a call with sound can last; then its hold is given back.
const LIFE: Duration = Duration::from_secs(20 * 60);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/v1/audio/speech", post(speech::create))
        .route("/v1/audio/transcriptions", post(transcription::create))
}
