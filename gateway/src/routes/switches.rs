//! `/admin/v1/switches` and `/admin/v1/revocations`: what operators do in a hurry.

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::body::JsonBody;
use super::sessions::check_session;
use crate::auth::{Admin, revocation};
use crate::error::Error;
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;
use crate::switch::{Switch, check_subject};

const LONGEST_REASON: usize = 500;

/// Why something is switched off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SwitchReason)]
struct Why {
    /// What callers are told, in one line.
    #[schema(max_length = 500)]
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// `running` also stops answers that are being streamed, and takes clips back that are being made.
    stop: Option<String>,
}

/// A token, or all those of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Revocation {
    tenant: String,
    /// Either the user, all of whose tokens are meant,
    user: Option<String>,
    /// or the session.
    session: Option<String>,
}

/// All switches that are set.
#[derive(Serialize, ToSchema)]
struct SwitchList {
    /// Always `list`.
    object: &'static str,
    data: Vec<Switch>,
}

/// A switch that is not set any more.
#[derive(Serialize, ToSchema)]
struct SwitchCleared {
    subject: String,
    /// Whether it was set.
    was_off: bool,
}

/// What was taken back.
#[derive(Serialize, ToSchema)]
struct Revoked {
    /// Always true.
    revoked: bool,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(list)).routes(routes!(set, clear)).routes(routes!(revoke))
}

/// What is switched off.
#[utoipa::path(
    get, path = "/admin/v1/switches", operation_id = "listSwitches", tag = "switches", security(("admin" = [])),
    responses((status = 200, description = "All of it.", body = SwitchList)),
)]
async fn list(_: Admin, State(state): State<AppState>) -> Json<SwitchList> {
    Json(SwitchList { object: "list", data: state.switches.list() })
}

/// Switches something off.
#[utoipa::path(
    put, path = "/admin/v1/switches/{*subject}", operation_id = "setSwitch", tag = "switches",
    security(("admin" = [])), request_body = Why,
    params(
        ("subject" = String, Path,
         description = "`all`, `tenant:…`, `user:tenant/…`, `model:…` or `provider:…`; it may hold slashes."),
        How,
    ),
    responses((status = 200, description = "The switch.", body = Switch)),
)]
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

/// Switches something on again.
#[utoipa::path(
    delete, path = "/admin/v1/switches/{*subject}", operation_id = "clearSwitch", tag = "switches",
    security(("admin" = [])),
    params(("subject" = String, Path, description = "As it was switched off.")),
    responses((status = 200, description = "It is on.", body = SwitchCleared)),
)]
async fn clear(
    _: Admin,
    State(state): State<AppState>,
    Path(subject): Path<String>,
) -> Result<Json<SwitchCleared>, Error> {
    check_subject(&subject)?;
    let was_off = state.switches.clear(&state, &subject).await?;
    Ok(Json(SwitchCleared { subject, was_off }))
}

/// Takes a token back, or all those of a user.
#[utoipa::path(
    post, path = "/admin/v1/revocations", operation_id = "revoke", tag = "switches", security(("admin" = [])),
    request_body = Revocation,
    responses((status = 200, description = "They are good for nothing any more.", body = Revoked), Refused<404>),
)]
async fn revoke(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(asked): JsonBody<Revocation>,
) -> Result<Json<Revoked>, Error> {
    match (&asked.user, &asked.session) {
        (Some(user), None) => revocation::revoke_user(&state.store, &asked.tenant, user).await?,
        (None, Some(session)) => {
            check_session(session)?;
            revocation::revoke_session(&state.store, &asked.tenant, session).await?;
        }
        _ => return Err(Error::invalid("user", "Name a user or a session, not both.")),
    }
    Ok(Json(Revoked { revoked: true }))
}
