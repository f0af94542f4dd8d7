//! `POST /v1/sessions`: a host's backend mints a browser token for one of its users, and takes it back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Serialize;
use triptych_protocol::{Credits, ErrorCode, Scope, Session, SessionRequest};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::body::JsonBody;
use crate::auth::{self, Claims, revocation};
use crate::config::{Tenant, VISITOR};
use crate::error::Error;
use crate::ledger::{NewBundle, NewGrant};
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;
use crate::store::{new_id, now_ms};

/// The longest life of a token, in seconds, and the one it has when none is asked for.
const LONGEST: u32 = 600;
const LONGEST_USER: usize = 128;

/// A token that was taken back.
#[derive(Serialize, ToSchema)]
struct SessionCancelled {
    id: String,
    /// Always `triptych.session`.
    object: &'static str,
    /// Always `cancelled`.
    status: &'static str,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(create)).routes(routes!(delete)).routes(routes!(cancel))
}

/// Takes a token back. What it has started goes on.
#[utoipa::path(
    delete, path = "/v1/sessions/{id}", operation_id = "deleteSession", tag = "sessions",
    security(("tenant" = [])), params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "It is good for nothing any more.", body = SessionCancelled)),
)]
async fn delete(
    state: State<AppState>,
    headers: HeaderMap,
    id: Path<String>,
) -> Result<Json<SessionCancelled>, Error> {
    cancel(state, headers, id).await
}

/// Takes a token back, by the call that ChatKit has for it.
#[utoipa::path(
    post, path = "/v1/sessions/{id}/cancel", operation_id = "cancelSession", tag = "sessions",
    security(("tenant" = [])), params(("id" = String, Path, description = "The session's id.")),
    responses((status = 200, description = "It is good for nothing any more.", body = SessionCancelled)),
)]
async fn cancel(
    State(state): State<AppState>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Json<SessionCancelled>, Error> {
    let tenant = auth::tenant(&headers, &state.config.tenants)?;
    check_session(&id)?;
    revocation::revoke_session(&state.store, &tenant.id, &id).await?;
    Ok(Json(SessionCancelled { id, object: "triptych.session", status: "cancelled" }))
}

/// What is no id of a session need not be remembered.
pub(super) fn check_session(id: &str) -> Result<(), Error> {
    let hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if id.strip_prefix("sess_").is_some_and(hex) { Ok(()) } else { Err(Error::not_found("session")) }
}

/// A token for one of a host's users.
///
/// To be called by the host's backend, never by a page.
#[utoipa::path(
    post, path = "/v1/sessions", operation_id = "createSession", tag = "sessions", security(("tenant" = [])),
    request_body = SessionRequest,
    responses((status = 200, description = "The token.", body = Session), Refused<404>),
)]
async fn create(
    State(state): State<AppState>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<SessionRequest>,
) -> Result<impl IntoResponse, Error> {
    let tenant = auth::tenant(&headers, &state.config.tenants)?;
    if headers.contains_key("origin") {
        // Only a browser sends it, and a browser must never have the tenant's secret.
        let message = "Mint tokens from your backend: the tenant secret must not be in a page.";
        return Err(Error::new(ErrorCode::ScopeDenied, message));
    }
    if request.user.starts_with(VISITOR) {
        let message = format!("Names that begin with `{VISITOR}` are those of visitors. Choose another one.");
        return Err(Error::invalid("user", message));
    }
    let session = mint(&state, tenant, request, true).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(session)))
}

/// Makes the user's account where there is none, and signs a token for it.
pub(crate) async fn mint(
    state: &AppState,
    tenant: &Tenant,
    request: SessionRequest,
    with_grant: bool,
) -> Result<Session, Error> {
    check_user(&request.user)?;
    let seconds = match &request.expires_after {
        None => LONGEST,
        Some(after) if after.anchor != "created_at" => {
            return Err(Error::invalid("expires_after.anchor", "The anchor must be `created_at`."));
        }
        Some(after) if !(1..=LONGEST).contains(&after.seconds) => {
            return Err(Error::invalid(
                "expires_after.seconds",
                format!("A token lives 1 to {LONGEST} seconds."),
            ));
        }
        Some(after) => after.seconds,
    };
    let own = state.origins.of(&tenant.id);
    let origins = request.origins.clone().unwrap_or_else(|| own.to_vec());
    if let Some(index) = origins.iter().position(|origin| !own.contains(origin)) {
        let message = "The origin is not one of the tenant's. Add it to the tenant's `origins`.";
        return Err(Error::invalid(format!("origins[{index}]"), message));
    }
    for (index, model) in request.models.iter().flatten().enumerate() {
        state.catalogue.model(model).map_err(|error| error.param(format!("models[{index}]")))?;
    }
    if request.rate_limits.is_some_and(|limits| limits.max_requests_per_1_minute == 0) {
        let message = "A token is good for one call a minute at least.";
        return Err(Error::invalid("rate_limits.max_requests_per_1_minute", message));
    }
    if request.max_cost.is_some_and(|cost| cost <= Credits::ZERO) {
        return Err(Error::invalid("max_cost", "The most that calls may cost must be positive."));
    }
    let mut tx = state.store.write().await?;
    let account = state.ledger.open_account(&mut tx, &tenant.id, &request.user).await?;
    if let Some(amount) = tenant.initial_grant.filter(|_| with_grant) {
        let key = format!("{account}:initial");
        let grant = NewGrant {
            account: &account,
            amount,
            expires_at: None,
            op_key: &key,
            actor: "gateway",
            reason: "first session",
        };
        state.ledger.grant_once(&mut tx, grant).await?;
    }
    if let Some(amount) = tenant.monthly_credits.filter(|_| with_grant) {
        let id = format!("{account}:monthly");
        let bundle = NewBundle { id: &id, account: &account, amount, starts_at: now_ms() };
        state.ledger.start_bundle_once(&mut tx, bundle).await?;
    }
    tx.commit().await?;

    sign(state, &tenant.id, request, origins, seconds)
}

/// A token for a user whose account there is.
pub(crate) fn sign(
    state: &AppState,
    tenant: &str,
    request: SessionRequest,
    origins: Vec<String>,
    seconds: u32,
) -> Result<Session, Error> {
    let id = new_id("sess");
    let scopes = request.scopes.unwrap_or_else(|| Scope::ALL.to_vec());
    let mut claims = Claims::new(tenant, &request.user, &id, seconds);
    claims.origins = origins;
    claims.scope = scopes.clone();
    claims.models = request.models;
    claims.rate_limits = request.rate_limits;
    claims.max_cost = request.max_cost;
    Ok(Session {
        client_secret: state.tokens.sign(&claims)?,
        id,
        object: "triptych.session".to_owned(),
        expires_at: claims.exp,
        user: request.user,
        scopes,
        rate_limits: request.rate_limits,
        max_cost: request.max_cost,
    })
}

pub(crate) fn check_user(user: &str) -> Result<(), Error> {
    let length = user.chars().count();
    if length == 0 || length > LONGEST_USER || user.chars().any(char::is_control) {
        return Err(Error::invalid(
            "user",
            format!("A user is named by 1 to {LONGEST_USER} printable characters."),
        ));
    }
    Ok(())
}
