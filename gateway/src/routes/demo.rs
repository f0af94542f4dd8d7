//! `POST /demo/token`: in the demo, and only there, the gateway plays the host's backend.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, ORIGIN};
use axum::response::IntoResponse;
use serde::Deserialize;
use triptych_protocol::{ErrorCode, ExpiresAfter, Session, SessionRequest};
use utoipa::IntoParams;
use utoipa_axum::routes;

use super::sessions::mint;
use crate::error::Error;
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Whose token; the demo's user when absent.
    user: Option<String>,
    /// The token's life, to see it expire.
    seconds: Option<u32>,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(token))
}

/// What a host's backend would hand to its page.
#[utoipa::path(
    post, path = "/demo/token", operation_id = "createDemoToken", tag = "demo", params(Wanted),
    responses((status = 200, description = "A token.", body = Session), Refused<403>),
)]
async fn token(
    State(state): State<AppState>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Error> {
    let tenant = state.config.tenants.first().ok_or_else(|| Error::internal("no tenant"))?;
    let own = state.origins.of(&tenant.id);
    // Any page that the developer has open could post here.
    if headers.get(ORIGIN).is_some_and(|origin| !own.iter().any(|own| own.as_bytes() == origin.as_bytes())) {
        return Err(Error::new(ErrorCode::ScopeDenied, "The demo hands out tokens to its own pages only."));
    }
    let request = SessionRequest {
        user: wanted.user.unwrap_or_else(|| state.config.demo.user.clone()),
        expires_after: wanted
            .seconds
            .map(|seconds| ExpiresAfter { anchor: "created_at".to_owned(), seconds }),
        ..SessionRequest::default()
    };
    let session = mint(&state, tenant, request, false).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(session)))
}
