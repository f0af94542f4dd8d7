//! `POST /v1/estimate`: what a call would hold.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use triptych_protocol::Estimate;
use utoipa_axum::routes;

use super::body::JsonBody;
use crate::auth::Caller;
use crate::error::Error;
use crate::estimate::{quote_aside, quote_body};
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;

pub(super) fn router() -> Calls {
    calls().routes(routes!(estimate))
}

/// What a call would hold.
///
/// The body is that of the call itself. A recording is described by its `bytes`, `seconds` and `format`, an edit of
/// pictures by `input_images`, their number.
#[utoipa::path(
    post, path = "/v1/estimate", operation_id = "estimate", tag = "models", security(("token" = [])),
    request_body(content = Object, description = "The body of any priced call."),
    responses((status = 200, description = "Its price.", body = Estimate), Refused<404>, Refused<410>),
)]
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
