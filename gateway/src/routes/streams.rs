use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;
use triptych_protocol::{ChatChunk, Scope};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::streamed::event_stream;
use crate::auth::Caller;
use crate::error::Error;
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;
use crate::stream::{NoPlace, events_gone};

/// A stream that was asked to end.
#[derive(Serialize, ToSchema)]
struct StreamStopped {
    id: String,
    /// Always true.
    stopped: bool,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(resume)).routes(routes!(stop))
}

/// Reads a stream once more, from the start or from behind `Last-Event-ID`.
///
/// Its events are those of the call that began it.
#[utoipa::path(
    get, path = "/v1/streams/{id}", operation_id = "readStream", tag = "chat", security(("token" = [])),
    params(
        ("id" = String, Path, description = "As `x-stream-id` had it."),
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last event that arrived."),
    ),
    responses(
        (status = 200, description = "The events.", content((ChatChunk = "text/event-stream")),
         headers(("x-stream-id" = String, description = "The stream's id."))),
        Refused<410>, Refused<502>,
    ),
)]
async fn resume(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    caller.require(Scope::Chat)?;
    let log = state.streams.find(&id, &caller.account).await?;
    let place = match headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default()) {
        None | Some("") => log.start(),
        Some(last) => state.streams.place(&log, last).await.map_err(|reason| match reason {
            NoPlace::Gone => events_gone(),
            NoPlace::Foreign => Error::invalid(
                "Last-Event-ID",
                "This is no event of that stream. Leave the header out to read it all.",
            ),
        })?,
    };
    Ok(event_stream(&log, place))
}

/// Ends an answer; what was delivered until then is charged.
#[utoipa::path(
    post, path = "/v1/streams/{id}/stop", operation_id = "stopStream", tag = "chat", security(("token" = [])),
    params(("id" = String, Path, description = "As `x-stream-id` had it.")),
    responses((status = 200, description = "It ends, or has ended.", body = StreamStopped)),
)]
async fn stop(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<StreamStopped>, Error> {
    caller.require(Scope::Chat)?;
    let log = state.streams.find(&id, &caller.account).await?;
    state.streams.stop(&log).await?;
    Ok(Json(StreamStopped { id: log.id.clone(), stopped: true }))
}
