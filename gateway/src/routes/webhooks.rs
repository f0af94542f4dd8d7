//! `POST /v1/webhooks/{provider}`: a provider tells that a clip has ended.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use triptych_protocol::ErrorCode;
use utoipa_axum::routes;

use super::body;
use crate::call;
use crate::error::Error;
use crate::job;
use crate::openapi::{Calls, Signed, calls};
use crate::provider::WebhookError;
use crate::state::AppState;
use crate::store::now_ms;

/// A webhook names a job; it has no need to be long.
const LONGEST: usize = 64 * 1024;

pub(super) fn router() -> Calls {
    calls().routes(routes!(take))
}

/// A provider tells that a clip has ended.
///
/// Signed by the provider's secret, so no other credentials are asked for. A job that nobody knows is taken as well:
/// whether there is one is nobody's business, and the sender would only try again.
#[utoipa::path(
    post, path = "/v1/webhooks/{provider}", operation_id = "takeProviderWebhook", tag = "webhooks",
    security(("webhook" = [])),
    params(("provider" = String, Path, description = "As the configuration names it."), Signed),
    request_body(content = Object, description = "In the provider's own shape."),
    responses((status = 204, description = "It was taken.")),
)]
async fn take(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    request: Request,
) -> Result<StatusCode, Error> {
    let (parts, body) = request.into_parts();
    let known = state.providers.get(&provider).ok_or_else(|| Error::not_found("provider with webhooks"))?;
    let body = body::read(&parts.headers, body, LONGEST).await?;
    let notice = match known.webhook(&parts.headers, &body, now_ms() / 1000) {
        Ok(notice) => notice,
        Err(WebhookError::Irrelevant) => return Ok(StatusCode::NO_CONTENT),
        Err(WebhookError::Unsupported) => return Err(Error::not_found("provider with webhooks")),
        Err(WebhookError::Refused(refused)) => {
            metrics::counter!("triptych_webhooks_total", "outcome" => "refused").increment(1);
            let message = format!("This webhook is not taken: {refused}.");
            return Err(Error::new(ErrorCode::InvalidToken, message));
        }
    };
    metrics::counter!("triptych_webhooks_total", "outcome" => "taken").increment(1);
    call::detached(&state.clone(), async move { job::told(&state, &provider, &notice).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
