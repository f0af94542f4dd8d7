//! `/admin/v1`: grants and the state of the books, for operators.

mod accounts;
mod charges;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::routes;

use crate::audit::{self, Audit};
use crate::auth::Admin;
use crate::error::Error;
use crate::openapi::{Calls, calls};
use crate::state::AppState;

pub(super) fn router() -> Calls {
    calls()
        .routes(routes!(accounts::grant))
        .routes(routes!(accounts::adjust))
        .routes(routes!(accounts::refund))
        .routes(routes!(accounts::start_bundle))
        .routes(routes!(accounts::end_bundle))
        .routes(routes!(accounts::balance))
        .routes(routes!(charges::page))
        .routes(routes!(charges::export))
        .routes(routes!(books, compare))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct How {
    /// `book` books what the bill has of jobs that nobody was charged for as losses, each job once.
    losses: Option<String>,
}

/// Recomputes the ledger from its entries.
#[utoipa::path(
    get, path = "/admin/v1/audit", operation_id = "audit", tag = "books", security(("admin" = [])),
    responses((status = 200, description = "What was found.", body = Audit)),
)]
async fn books(_: Admin, State(state): State<AppState>) -> Result<Json<Audit>, Error> {
    Ok(Json(audit::audit(&state.store).await?))
}

/// The audit, and a provider's bill laid beside the ledger: JSON lines with `id` and, where an item is not billed
/// after all, `"billed": false`. What it has of jobs that nobody was charged for can be booked as the platform's loss.
#[utoipa::path(
    post, path = "/admin/v1/audit", operation_id = "auditWithBill", tag = "books", security(("admin" = [])),
    params(How),
    request_body(content = String, content_type = "application/jsonl"),
    responses((status = 200, description = "What was found.", body = Audit)),
)]
async fn compare(
    _: Admin,
    State(state): State<AppState>,
    Query(how): Query<How>,
    bill: String,
) -> Result<Json<Audit>, Error> {
    match how.losses.as_deref() {
        None | Some("") => {}
        Some("book") => audit::bill::book_losses(&state.store, &state.ledger, &bill).await?,
        Some(_) => return Err(Error::invalid("losses", "Write `losses=book`, or leave it out.")),
    }
    let mut audit = audit::audit(&state.store).await?;
    audit.bill = Some(audit::bill::compare(&state.store, &bill).await?);
    Ok(Json(audit))
}
