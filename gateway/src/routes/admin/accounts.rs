//! What operators do with accounts. Every call has a key, so that a repeat is safe.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use triptych_protocol::{Balance, Credits};
use utoipa::{IntoParams, ToSchema};

use crate::auth::Admin;
use crate::error::Error;
use crate::ledger::{AccountId, NewBundle, NewGrant, ReservationId};
use crate::openapi::Refused;
use crate::routes::body::JsonBody;
use crate::routes::sessions::check_user;
use crate::state::AppState;
use crate::store::{Tx, now_ms};

const ACTOR: &str = "admin";

/// Credits for a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Grant {
    tenant: String,
    user: String,
    /// In micro-credits.
    amount: Credits,
    /// The same key grants once only.
    key: String,
    reason: String,
    /// Unix time in seconds at which what is left of it goes; never by default.
    expires_at: Option<i64>,
}

/// A correction of an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adjustment {
    tenant: String,
    user: String,
    /// In micro-credits; below zero it is taken from what the user can spend.
    amount: Credits,
    /// The same key corrects once only.
    key: String,
    reason: String,
}

/// A charge that is given back, in part or whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refund {
    /// The call, as `/admin/v1/charges` names it.
    reservation: String,
    /// Counts the refunds of this call from 1; a repeat of the same number changes nothing.
    number: u32,
    /// In micro-credits.
    amount: Credits,
    reason: String,
}

/// Credits for a user in each month.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Bundle {
    tenant: String,
    user: String,
    /// What comes each month, in micro-credits.
    amount: Credits,
    /// The bundle's own name, by which it is ended; the same key starts it once only.
    key: String,
    /// Unix time in seconds of its first day; now by default.
    starts_at: Option<i64>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The host.
    tenant: String,
    /// The host's own id of its user.
    user: String,
}

/// Gives a user credits.
#[utoipa::path(
    post, path = "/admin/v1/grants", operation_id = "createGrant", tag = "money", security(("admin" = [])),
    request_body = Grant,
    responses((status = 200, description = "What the user has then.", body = Balance), Refused<404>, Refused<409>),
)]
pub(super) async fn grant(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(grant): JsonBody<Grant>,
) -> Result<Json<Balance>, Error> {
    check_key(&grant.key)?;
    let (mut tx, account) = open(&state, &grant.tenant, &grant.user).await?;
    let op_key = format!("grant:{}:{}", grant.tenant, grant.key);
    let new = NewGrant {
        account: &account,
        amount: grant.amount,
        expires_at: grant.expires_at.map(|at| at.saturating_mul(1000)),
        op_key: &op_key,
        actor: ACTOR,
        reason: &grant.reason,
    };
    state.ledger.grant(&mut tx, new).await?;
    close(&state, tx, &account).await
}

/// Sets an account right.
#[utoipa::path(
    post, path = "/admin/v1/adjustments", operation_id = "createAdjustment", tag = "money", security(("admin" = [])),
    request_body = Adjustment,
    responses((status = 200, description = "What the user has then.", body = Balance), Refused<402>, Refused<404>, Refused<409>),
)]
pub(super) async fn adjust(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(adjustment): JsonBody<Adjustment>,
) -> Result<Json<Balance>, Error> {
    check_key(&adjustment.key)?;
    let (mut tx, account) = open(&state, &adjustment.tenant, &adjustment.user).await?;
    let op_key = format!("adjust:{}:{}", adjustment.tenant, adjustment.key);
    state.ledger.adjust(&mut tx, &account, adjustment.amount, &op_key, ACTOR, &adjustment.reason).await?;
    close(&state, tx, &account).await
}

/// Gives a charge back.
#[utoipa::path(
    post, path = "/admin/v1/refunds", operation_id = "createRefund", tag = "money", security(("admin" = [])),
    request_body = Refund,
    responses((status = 204, description = "It was given back."), Refused<404>, Refused<409>),
)]
pub(super) async fn refund(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(refund): JsonBody<Refund>,
) -> Result<StatusCode, Error> {
    let mut tx = state.store.write().await?;
    let id = ReservationId(refund.reservation);
    state.ledger.refund(&mut tx, &id, refund.number, refund.amount, ACTOR, &refund.reason).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a user credits each month.
///
/// What is left of a month's credits goes with the month.
#[utoipa::path(
    post, path = "/admin/v1/bundles", operation_id = "createBundle", tag = "money", security(("admin" = [])),
    request_body = Bundle,
    responses((status = 200, description = "What the user has then.", body = Balance), Refused<404>, Refused<409>),
)]
pub(super) async fn start_bundle(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(bundle): JsonBody<Bundle>,
) -> Result<Json<Balance>, Error> {
    check_key(&bundle.key)?;
    let (mut tx, account) = open(&state, &bundle.tenant, &bundle.user).await?;
    let new = NewBundle {
        id: &bundle.key,
        account: &account,
        amount: bundle.amount,
        starts_at: bundle.starts_at.map_or_else(now_ms, |at| at.saturating_mul(1000)),
    };
    state.ledger.start_bundle(&mut tx, new).await?;
    close(&state, tx, &account).await
}

/// Ends a bundle; the running month stays.
#[utoipa::path(
    delete, path = "/admin/v1/bundles/{id}", operation_id = "endBundle", tag = "money", security(("admin" = [])),
    params(("id" = String, Path, description = "The bundle's key.")),
    responses((status = 204, description = "No more months follow.")),
)]
pub(super) async fn end_bundle(
    _: Admin,
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<StatusCode, Error> {
    let mut tx = state.store.write().await?;
    state.ledger.end_bundle(&mut tx, &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a user has.
#[utoipa::path(
    get, path = "/admin/v1/balance", operation_id = "getBalance", tag = "money", security(("admin" = [])),
    params(Whose),
    responses((status = 200, description = "What the user has.", body = Balance), Refused<404>),
)]
pub(super) async fn balance(
    _: Admin,
    State(state): State<AppState>,
    Query(whose): Query<Whose>,
) -> Result<Json<Balance>, Error> {
    known_tenant(&state, &whose.tenant)?;
    let account = state.ledger.find_account(&whose.tenant, &whose.user).await?;
    let account = account.ok_or_else(|| Error::not_found("user"))?;
    Ok(Json(state.ledger.balance(&account).await?))
}

async fn open(state: &AppState, tenant: &str, user: &str) -> Result<(Tx, AccountId), Error> {
    known_tenant(state, tenant)?;
    check_user(user)?;
    let mut tx = state.store.write().await?;
    let account = state.ledger.open_account(&mut tx, tenant, user).await?;
    Ok((tx, account))
}

async fn close(state: &AppState, mut tx: Tx, account: &AccountId) -> Result<Json<Balance>, Error> {
    let balance = state.ledger.balance_in(&mut tx, account).await?;
    tx.commit().await?;
    Ok(Json(balance))
}

fn check_key(key: &str) -> Result<(), Error> {
    if key.is_empty() || key.len() > 255 {
        return Err(Error::invalid(
            "key",
            "A key of 1 to 255 characters is needed, so that a repeat is safe.",
        ));
    }
    Ok(())
}

fn known_tenant(state: &AppState, id: &str) -> Result<(), Error> {
    if state.config.tenants.iter().any(|tenant| tenant.id == id) {
        return Ok(());
    }
    Err(Error::not_found("tenant").param("tenant"))
}
