use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use triptych_protocol::Scope;

use super::chat::event_stream;
use crate::auth::Caller;
use crate::error::Error;
use crate::state::AppState;
use crate::stream::{NoPlace, events_gone};

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/streams/{id}", get(resume)).route("/v1/streams/{id}/stop", post(stop))
}

/// Reads a stream once more, from the start or from behind `Last-Event-ID`.
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
async fn stop(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, Error> {
    caller.require(Scope::Chat)?;
    let log = state.streams.find(&id, &caller.account).await?;
    state.streams.stop(&log).await?;
    Ok(Json(json!({"id": log.id, "stopped": true})))
}
