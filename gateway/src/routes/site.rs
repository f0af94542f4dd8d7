//! `POST /v1/site/sessions`: a page without a backend gets a token for its visitor by the site's key, which everybody
//! may read.

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, ORIGIN};
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use triptych_protocol::Session;

use super::body;
use crate::error::Error;
use crate::limit::address;
use crate::site::{self, Puzzle};
use crate::state::AppState;

/// Nothing that belongs here is longer, in bytes.
const LONGEST: usize = 16 * 1024;

#[derive(Deserialize)]
struct Wanted {
    site_key: String,
    /// What an earlier answer has called `visitor`.
    visitor: Option<String>,
    /// What the site's challenge asks for.
    challenge: Option<String>,
}

#[derive(Serialize)]
struct SiteSession {
    #[serde(flatten)]
    session: Session,
    /// To be kept by the browser and sent with the next request.
    visitor: String,
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/site/sessions", post(create)).route("/v1/site/challenges", post(challenge))
}

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

async fn challenge(State(state): State<AppState>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, body) = request.into_parts();
    let wanted: Wanted = body::parse(&body::read(&parts.headers, body, LONGEST).await?)?;
    let origin = parts.headers.get(ORIGIN).map(|origin| origin.as_bytes());
    let site = site::find(&state, &wanted.site_key, origin)?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(Puzzle::new(&state.visitors, site))))
}
