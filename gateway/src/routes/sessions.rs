//! `POST /v1/sessions`: a host's backend mints a browser token for one of its users.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::routing::post;
use axum::{Json, Router};
use triptych_protocol::{ErrorCode, Scope, Session, SessionRequest};

use super::body::JsonBody;
use crate::auth::{self, Claims};
use crate::config::Tenant;
use crate::error::Error;
use crate::ledger::{NewBundle, NewGrant};
use crate::state::AppState;
use crate::store::{new_id, now_ms};

/// The longest life of a token, in seconds, and the one it has when none is asked for.
const LONGEST: u32 = 600;
const LONGEST_USER: usize = 128;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/sessions", post(create))
}

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
    let origins = request.origins.unwrap_or_else(|| own.to_vec());
    if let Some(index) = origins.iter().position(|origin| !own.contains(origin)) {
        let message = "The origin is not one of the tenant's. Add it to the tenant's `origins`.";
        return Err(Error::invalid(format!("origins[{index}]"), message));
    }
    for (index, model) in request.models.iter().flatten().enumerate() {
        state.catalogue.model(model).map_err(|error| error.param(format!("models[{index}]")))?;
    }
    let scopes = request.scopes.unwrap_or_else(|| Scope::ALL.to_vec());

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

    let id = new_id("sess");
    let mut claims = Claims::new(&tenant.id, &request.user, &id, now_ms() / 1000, seconds);
    claims.origins = origins;
    claims.scope = scopes.clone();
    claims.models = request.models;
    Ok(Session {
        client_secret: state.tokens.sign(&claims)?,
        id,
        object: "triptych.session".to_owned(),
        expires_at: claims.exp,
        user: request.user,
        scopes,
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
