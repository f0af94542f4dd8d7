//! `POST /v1/topups/{tenant}`: a billing system tells what a user has bought.
//!
//! A Standard Webhooks message whose body is `{"type": "credits.granted", "data": {"user", "amount", "expires_at"?}}`,
//! with the amount in micro-credits. Its `webhook-id` is the grant's key, so a message that is delivered twice grants
//! once.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde::Deserialize;
use triptych_protocol::{Credits, ErrorCode};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::body::parse;
use super::sessions::check_user;
use crate::error::Error;
use crate::ledger::NewGrant;
use crate::openapi::{Calls, Refused, Signed, calls};
use crate::state::AppState;
use crate::store::now_ms;
use crate::webhook;

/// What a message says. Fields that are not known here are the sender's own.
#[derive(Deserialize, ToSchema)]
#[schema(as = TopUpEvent)]
struct Event {
    /// `credits.granted`; messages of other types are taken and do nothing.
    #[serde(rename = "type")]
    kind: String,
}

/// Of a `credits.granted`.
#[derive(Deserialize, ToSchema)]
#[schema(as = TopUpPurchase)]
struct Purchase {
    data: Bought,
}

/// What a user has bought.
#[derive(Deserialize, ToSchema)]
#[schema(as = TopUpBought)]
struct Bought {
    /// The host's own id of its user.
    user: String,
    /// In micro-credits.
    amount: Credits,
    /// Unix time in seconds at which what is left of it goes; never by default.
    expires_at: Option<i64>,
}

/// What a billing system sends.
#[derive(ToSchema)]
#[allow(dead_code, reason = "its two halves are read one after the other")]
struct TopUp {
    #[serde(flatten)]
    event: Event,
    #[serde(flatten)]
    purchase: Purchase,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(top_up))
}

/// A billing system tells what a user has bought.
///
/// `webhook-id` is the grant's key: a message that is delivered twice grants once.
#[utoipa::path(
    post, path = "/v1/topups/{tenant}", operation_id = "topUp", tag = "webhooks", security(("webhook" = [])),
    params(("tenant" = String, Path, description = "The host whose user it is."), Signed), request_body = TopUp,
    responses((status = 204, description = "It was taken."), Refused<409>),
)]
async fn top_up(
    State(state): State<AppState>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Error> {
    let tenant = state.config.tenants.iter().find(|known| known.id == tenant);
    let known = tenant.and_then(|tenant| Some((tenant, tenant.topup_secret.as_ref()?)));
    let (tenant, secret) = known.ok_or_else(|| Error::not_found("call"))?;
    let message = webhook::verify(std::slice::from_ref(secret), &headers, &body, now_ms() / 1000).map_err(
        |refused| Error::new(ErrorCode::InvalidToken, format!("The message was refused: {refused}.")),
    )?;
    let event: Event = parse(&body)?;
    if event.kind != "credits.granted" {
        // Other messages of the same system are none of our business, and not to be sent again.
        return Ok(StatusCode::NO_CONTENT);
    }
    let Purchase { data } = parse(&body)?;
    check_user(&data.user)?;
    let mut tx = state.store.write().await?;
    let account = state.ledger.open_account(&mut tx, &tenant.id, &data.user).await?;
    let grant = NewGrant {
        account: &account,
        amount: data.amount,
        expires_at: data.expires_at.map(|at| at.saturating_mul(1000)),
        op_key: &format!("topup:{}:{}", tenant.id, message.id),
        actor: "billing",
        reason: "top-up",
    };
    state.ledger.grant(&mut tx, grant).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
