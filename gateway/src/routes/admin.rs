//! `/admin/v1`: grants and the state of the books, for operators.

mod accounts;
mod charges;

use axum::extract::State;
use axum::routing::{delete, get, post};
use axum::{Json, Router};

use crate::audit::{self, Audit};
use crate::auth::Admin;
use crate::error::Error;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/admin/v1/grants", post(accounts::grant))
        .route("/admin/v1/adjustments", post(accounts::adjust))
        .route("/admin/v1/refunds", post(accounts::refund))
        .route("/admin/v1/bundles", post(accounts::start_bundle))
        .route("/admin/v1/bundles/{id}", delete(accounts::end_bundle))
        .route("/admin/v1/balance", get(accounts::balance))
        .route("/admin/v1/charges", get(charges::page))
        .route("/admin/v1/usage", get(charges::export))
        .route("/admin/v1/audit", get(books).post(compare))
}

async fn books(_: Admin, State(state): State<AppState>) -> Result<Json<Audit>, Error> {
    Ok(Json(audit::audit(&state.store).await?))
}

/// The audit, and a provider's bill laid beside the ledger: JSON lines with `id` and, where an item is not billed
/// after all, `"billed": false`.
async fn compare(_: Admin, State(state): State<AppState>, bill: String) -> Result<Json<Audit>, Error> {
    let mut audit = audit::audit(&state.store).await?;
    audit.bill = Some(audit::bill::compare(&state.store, &bill).await?);
    Ok(Json(audit))
}
