//! `GET /v1/credits` and `GET /v1/credits/entries`: the caller's own money.

use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use triptych_protocol::Scope;

use crate::auth::Caller;
use crate::error::Error;
use crate::state::AppState;

const LONGEST_PAGE: u32 = 100;

#[derive(Deserialize)]
struct Page {
    limit: Option<u32>,
    after: Option<String>,
}

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/credits", get(balance)).route("/v1/credits/entries", get(entries))
}

async fn balance(State(state): State<AppState>, caller: Caller) -> Result<impl IntoResponse, Error> {
    caller.require(Scope::CreditsRead)?;
    let balance = state.ledger.balance(&caller.account).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(balance)))
}

async fn entries(
    State(state): State<AppState>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<impl IntoResponse, Error> {
    caller.require(Scope::CreditsRead)?;
    let limit = page.limit.unwrap_or(20);
    if !(1..=LONGEST_PAGE).contains(&limit) {
        return Err(Error::invalid("limit", format!("`limit` must be 1 to {LONGEST_PAGE}.")));
    }
    let page = state.ledger.entries(&caller.account, limit, page.after.as_deref()).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(page)))
}
