//! `/admin/v1`: grants and the state of the books, for operators.

use axum::extract::{Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use triptych_protocol::{Balance, Credits};

use super::body::JsonBody;
use super::sessions::check_user;
use crate::audit::{self, Audit};
use crate::auth::Admin;
use crate::error::Error;
use crate::ledger::{NewGrant, UsageRecord};
use crate::state::AppState;
use crate::store::AnyRow;

const LONGEST_PAGE: u32 = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
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

#[derive(Deserialize)]
struct Whose {
    tenant: String,
    user: String,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
    after: Option<String>,
}

#[derive(Serialize)]
struct Charges {
    data: Vec<Charge>,
    has_more: bool,
}

/// One priced call and what became of it.
#[derive(Serialize)]
struct Charge {
    reservation: String,
    tenant: String,
    user: String,
    model: String,
    kind: String,
    state: String,
    held: Credits,
    charged: Option<Credits>,
    refunded: Credits,
    /// Unix time in seconds.
    created_at: i64,
    settled_at: Option<i64>,
    #[serde(flatten)]
    usage: UsageRecord,
}

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/v1/grants", post(grant))
        .route("/admin/v1/balance", get(balance))
        .route("/admin/v1/audit", get(books))
        .route("/admin/v1/charges", get(charges))
}

async fn grant(
    _: Admin,
    State(state): State<AppState>,
    JsonBody(grant): JsonBody<Grant>,
) -> Result<Json<Balance>, Error> {
    known_tenant(&state, &grant.tenant)?;
    check_user(&grant.user)?;
    if grant.key.is_empty() || grant.key.len() > 255 {
        return Err(Error::invalid(
            "key",
            "A grant needs a key of 1 to 255 characters, so that a repeat is safe.",
        ));
    }
    let mut tx = state.store.write().await?;
    let account = state.ledger.open_account(&mut tx, &grant.tenant, &grant.user).await?;
    let key = format!("grant:{}:{}", grant.tenant, grant.key);
    let new = NewGrant {
        account: &account,
        amount: grant.amount,
        expires_at: grant.expires_at.map(|at| at.saturating_mul(1000)),
        op_key: &key,
        actor: "admin",
        reason: &grant.reason,
    };
    state.ledger.grant(&mut tx, new).await?;
    let balance = state.ledger.balance_in(&mut tx, &account).await?;
    tx.commit().await?;
    Ok(Json(balance))
}

async fn balance(
    _: Admin,
    State(state): State<AppState>,
    Query(whose): Query<Whose>,
) -> Result<Json<Balance>, Error> {
    known_tenant(&state, &whose.tenant)?;
    let account = state.ledger.find_account(&whose.tenant, &whose.user).await?;
    let account = account.ok_or_else(|| Error::not_found("user"))?;
    Ok(Json(state.ledger.balance(&account).await?))
}

async fn books(_: Admin, State(state): State<AppState>) -> Result<Json<Audit>, Error> {
    Ok(Json(audit::audit(&state.store).await?))
}

async fn charges(
    _: Admin,
    State(state): State<AppState>,
    Query(page): Query<Page>,
) -> Result<Json<Charges>, Error> {
    let limit = page.limit.unwrap_or(LONGEST_PAGE).clamp(1, LONGEST_PAGE);
    let rows = sqlx::query(
        "SELECT r.id, u.tenant, u.external_id, r.model, r.kind, r.state, r.amount, r.charged, r.refunded, \
         r.created_at, r.settled_at, r.usage FROM reservation r JOIN users u ON u.id = r.account_id WHERE r.id > $1 ORDER BY r.id LIMIT $2",
    )
    .bind(page.after.unwrap_or_default())
    .bind(i64::from(limit) + 1)
    .fetch_all(state.store.read())
    .await?;
    let has_more = rows.len() > limit as usize;
    let data = rows.iter().take(limit as usize).map(charge).collect::<Result<_, Error>>()?;
    Ok(Json(Charges { data, has_more }))
}

fn charge(row: &AnyRow) -> Result<Charge, Error> {
    let usage: Option<String> = row.try_get(11)?;
    let usage = usage.map(|usage| serde_json::from_str(&usage)).transpose().map_err(Error::internal)?;
    Ok(Charge {
        reservation: row.try_get(0)?,
        tenant: row.try_get(1)?,
        user: row.try_get(2)?,
        model: row.try_get(3)?,
        kind: row.try_get(4)?,
        state: row.try_get(5)?,
        held: Credits::from_micro(row.try_get(6)?),
        charged: row.try_get::<Option<i64>, _>(7)?.map(Credits::from_micro),
        refunded: Credits::from_micro(row.try_get(8)?),
        created_at: row.try_get::<i64, _>(9)? / 1000,
        settled_at: row.try_get::<Option<i64>, _>(10)?.map(|at| at / 1000),
        usage: usage.unwrap_or_default(),
    })
}

fn known_tenant(state: &AppState, id: &str) -> Result<(), Error> {
    if state.config.tenants.iter().any(|tenant| tenant.id == id) {
        return Ok(());
    }
    Err(Error::not_found("tenant").param("tenant"))
}
