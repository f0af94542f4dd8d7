//! `/healthz` and `/metrics`, for whoever runs the gateway.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Serialize;
use sqlx::Row;
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::auth::Admin;
use crate::error::Error;
use crate::job::JobState;
use crate::observe::render_metrics;
use crate::openapi::{Calls, calls};
use crate::state::AppState;

const MODALITIES: [&str; 4] = ["chat", "image", "video", "audio"];

/// A gateway that is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// Always `ok`.
    status: &'static str,
    version: &'static str,
}

pub(super) fn router() -> Calls {
    calls().routes(routes!(health))
}

/// On a listener of the operators' own nobody else comes by.
pub(super) fn metrics_router() -> Calls {
    calls().routes(routes!(metrics))
}

/// Beside the calls of browsers, numbers of the business need the admin secret.
pub(super) fn guarded_metrics_router() -> Calls {
    calls().routes(routes!(guarded_metrics))
}

/// Whether the gateway is well.
///
/// Healthy is one that can sell: its store answers.
#[utoipa::path(
    get, path = "/healthz", operation_id = "getHealth", tag = "gateway",
    responses((status = 200, description = "It is.", body = Health)),
)]
async fn health(State(state): State<AppState>) -> Result<Json<Health>, Error> {
    sqlx::query("SELECT 1").execute(state.store.read()).await?;
    Ok(Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") }))
}

/// Numbers for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "gateway", security(("admin" = [])),
    responses((status = 200, description = "In its text format.", body = String, content_type = "text/plain")),
)]
async fn guarded_metrics(_: Admin, state: State<AppState>) -> Result<impl IntoResponse, Error> {
    metrics(state).await
}

/// Numbers for Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "getMetrics", tag = "gateway",
    responses((status = 200, description = "In its text format.", body = String, content_type = "text/plain")),
)]
async fn metrics(State(state): State<AppState>) -> Result<impl IntoResponse, Error> {
    let states = JobState::ALL.map(JobState::as_str);
    count(&state, "triptych_jobs", "SELECT state, COUNT(*) FROM job GROUP BY state", &states).await?;
    let open = "SELECT kind, COUNT(*) FROM reservation WHERE state = 'held' GROUP BY kind";
    count(&state, "triptych_reservations_open", open, &MODALITIES).await?;
    let overdue = crate::job::most_overdue(&state.store).await?;
    metrics::gauge!("triptych_jobs_overdue_seconds").set(overdue as f64 / 1000.0);
    metrics::gauge!("triptych_streams_open").set(state.streams.open_count() as f64);
    metrics::gauge!("triptych_stream_log_bytes").set(state.streams.kept_bytes() as f64);
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], render_metrics()))
}

/// Sets a gauge for each of the names, to zero where there is nothing to count.
async fn count(
    state: &AppState,
    gauge: &'static str,
    query: &'static str,
    names: &[&'static str],
) -> Result<(), Error> {
    let mut counts = HashMap::new();
    for row in sqlx::query(query).fetch_all(state.store.read()).await? {
        counts.insert(row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?);
    }
    for name in names {
        let number = counts.get(*name).copied().unwrap_or(0);
        metrics::gauge!(gauge, "of" => *name).set(number as f64);
    }
    Ok(())
}
