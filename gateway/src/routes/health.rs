//! `/healthz` and `/metrics`, for whoever runs the gateway.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::error::Error;
use crate::observe::render_metrics;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/healthz", get(health)).route("/metrics", get(metrics))
}

/// Healthy is a gateway that can sell: one whose store answers.
async fn health(State(state): State<AppState>) -> Result<Json<Value>, Error> {
    sqlx::query("SELECT 1").execute(state.store.read()).await?;
    Ok(Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })))
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render_metrics())
}
