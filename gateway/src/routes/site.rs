//! `POST /v1/site/sessions`: a page without a backend gets a token for its visitor by the site's key, which everybody
//! may read.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, ORIGIN};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use triptych_protocol::Session;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::body;
use crate::error::Error;
use crate::limit::address;
use crate::openapi::{Calls, Refused, calls};
use crate::site::{self, Puzzle};
use crate::state::AppState;

/// Nothing that belongs here is longer, in bytes.
const LONGEST: usize = 16 * 1024;

/// Which page asks, and for whom.
#[derive(Deserialize, ToSchema)]
#[schema(as = SiteSessionRequest)]
struct Wanted {
    /// As the page has it.
    site_key: String,
    /// What an earlier answer has called `visitor`.
    visitor: Option<String>,
    /// What the site's challenge asks for.
    challenge: Option<String>,
}

/// A visitor's token.
#[derive(Serialize, ToSchema)]
struct SiteSession {
    #[serde(flatten)]
    session: Session,
    /// To be kept by the browser and sent with the next request.
    visitor: String,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(create)).routes(routes!(challenge))
}

/// A token for a visitor of a page without a backend.
///
/// The site's key is in the body, and the page's origin must be one of the site's.
#[utoipa::path(
    post, path = "/v1/site/sessions", operation_id = "createSiteSession", tag = "sessions", request_body = Wanted,
    params(("Origin" = String, Header, description = "Browsers send it.")),
    responses(
        (status = 200, description = "The token.", body = SiteSession),
        Refused<403>, Refused<404>, Refused<429>,
    ),
)]
async fn create(State(state): State<AppState>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, body) = request.into_parts();
    let wanted: Wanted = body::parse(&body::read(&parts.headers, body, LONGEST).await?)?;
    let origin = parts.headers.get(ORIGIN).map(|origin| origin.as_bytes());
    let site = site::find(&state, &wanted.site_key, origin)?;
    let config = &state.config;
    let address = address::client(&parts, &config.server, &config.trusted_proxies);
    let (known, proof) = (wanted.visitor.as_deref(), wanted.challenge.as_deref());
    let (session, visitor) = site::session(&state, site, address, known, proof).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(SiteSession { session, visitor })))
}

/// What a new visitor is asked to do first.
#[utoipa::path(
    post, path = "/v1/site/challenges", operation_id = "createSiteChallenge", tag = "sessions",
    request_body = Wanted, params(("Origin" = String, Header, description = "Browsers send it.")),
    responses((status = 200, description = "The task.", body = Puzzle), Refused<403>, Refused<404>),
)]
async fn challenge(State(state): State<AppState>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, body) = request.into_parts();
    let wanted: Wanted = body::parse(&body::read(&parts.headers, body, LONGEST).await?)?;
    let origin = parts.headers.get(ORIGIN).map(|origin| origin.as_bytes());
    let site = site::find(&state, &wanted.site_key, origin)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Puzzle::new(&state.visitors, site))))
}
