//! `POST /v1/estimate`: what a call would hold.

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::Value;
use triptych_protocol::Estimate;

use super::body::JsonBody;
use crate::auth::Caller;
use crate::error::Error;
use crate::estimate::{quote_aside, quote_body};
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/estimate", post(estimate))
}

async fn estimate(
    State(state): State<AppState>,
    caller: Caller,
    JsonBody(body): JsonBody<Value>,
) -> Result<Json<Estimate>, Error> {
    let id = body.get("model").and_then(Value::as_str);
    let id = id.ok_or_else(|| Error::invalid("model", "`model` is missing."))?.to_owned();
    caller.allow_model(&id)?;
    let model = state.catalogue.model(&id)?;
    let bytes = body.to_string().len();
    let (quote, _) = quote_aside(model, body, bytes, quote_body).await?;
    let balance = state.ledger.balance(&caller.account).await?;
    Ok(Json(quote.estimate_for(balance.available)))
}
