//! `POST /v1/audio/speech` and `/v1/audio/transcriptions`.

use std::time::Duration;

use utoipa_axum::routes;

use crate::openapi::{Calls, calls};

mod speech;
mod transcription;

/// Longest that a call with sound can last; then its hold is given back.
const LIFE: Duration = Duration::from_secs(20 * 60);

pub(super) fn router() -> Calls {
    calls().routes(routes!(speech::create)).routes(routes!(transcription::create))
}
