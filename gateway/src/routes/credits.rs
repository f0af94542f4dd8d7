//! `GET /v1/credits` and `GET /v1/credits/entries`: the caller's own money.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use serde::Deserialize;
use triptych_protocol::{Balance, EntriesPage, Scope};
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::error::Error;
use crate::openapi::{Calls, Refused, calls};
use crate::state::AppState;

const LONGEST_PAGE: u32 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Page {
    /// How many entries; 20 when absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// The last id of the page before.
    after: Option<String>,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(balance)).routes(routes!(entries))
}

/// What the caller can spend.
#[utoipa::path(
    get, path = "/v1/credits", operation_id = "getCredits", tag = "credits", security(("token" = [])),
    responses((status = 200, description = "The balance.", body = Balance)),
)]
async fn balance(State(state): State<AppState>, caller: Caller) -> Result<impl IntoResponse, Error> {
    caller.require(Scope::CreditsRead)?;
    let balance = state.ledger.balance(&caller.account).await?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(balance)))
}

/// The caller's ledger, newest first.
#[utoipa::path(
    get, path = "/v1/credits/entries", operation_id = "listCreditEntries", tag = "credits",
    security(("token" = [])), params(Page),
    responses((status = 200, description = "A page of it.", body = EntriesPage), Refused<404>),
)]
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
