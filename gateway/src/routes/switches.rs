//! `/admin/v1/switches` and `/admin/v1/revocations`: what operators do in a hurry.

use axum::extract::{Path, Query, State};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::body::JsonBody;
use super::sessions::check_session;
use crate::auth::{Admin, revocation};
use crate::error::Error;
use crate::state::AppState;
use crate::switch::{Switch, check_subject};

const LONGEST_REASON: usize = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct How {
    /// `running` also stops answers that are being streamed.
    stop: Option<String>,
}

/// A token, or all those of a user.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    tenant: String,
    user: Option<String>,
    session: Option<String>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/v1/switches", get(list))
        .route("/admin/v1/switches/{*subject}", put(set).delete(clear))
        .route("/admin/v1/revocations", post(revoke))
}

async fn list(_: Admin, State(state): State<AppState>) -> Json<Value> {
    Json(json!({"object": "list", "data": state.switches.list()}))
}

async fn set(
    _: Admin,
    State(state): State<AppState>,
    Path(subject): Path<String>,
    Query(how): Query<How>,
    JsonBody(why): JsonBody<Why>,
) -> Result<Json<Switch>, Error> {
    check_subject(&subject)?;
    if why.reason.chars().count() > LONGEST_REASON || why.reason.chars().any(char::is_control) {
        let message = format!("A reason has at most {LONGEST_REASON} characters, in one line.");
        return Err(Error::invalid("reason", message));
    }
    let stops = match how.stop.as_deref() {
        None | Some("") => false,
        Some("running") => true,
        Some(_) => return Err(Error::invalid("stop", "Write `stop=running`, or leave it out.")),
    };
    Ok(Json(state.switches.set(&state, &subject, &why.reason, stops).await?))
}

async fn clear(
    _: Admin,
    State(state): State<AppState>,
    Path(subject): Path<String>,
) -> Result<Json<Value>, Error> {
    check_subject(&subject)?;
    let was_off = state.switches.clear(&state, &subject).await?;
    Ok(Json(json!({"subject": subject, "was_off": was_off})))
}

async fn revoke(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(asked): JsonBody<Revocation>,
) -> Result<Json<Value>, Error> {
    match (&asked.user, &asked.session) {
        (Some(user), None) => revocation::revoke_user(&state.store, &asked.tenant, user).await?,
        (None, Some(session)) => {
            check_session(session)?;
            revocation::revoke_session(&state.store, &asked.tenant, session).await?;
        }
        _ => return Err(Error::invalid("user", "Name a user or a session, not both.")),
    }
    Ok(Json(json!({"revoked": true})))
}
