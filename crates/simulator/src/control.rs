use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bill::Bill;
use crate::error::ApiError;
use crate::fault::{Fault, QueuedFault};
use crate::server;
use crate::state::Simulator;
use crate::stats::Stats;

/// The calls under `/sim` by which a test looks behind the provider.
pub(crate) fn routes() -> Router<Simulator> {
    Router::new()
        .route("/bill", get(show_bill).delete(reset_bill))
        .route("/stats", get(show_stats).delete(reset_stats))
        .route("/faults", get(show_faults).put(set_faults))
}

/// What is left out stays as it is.
#[derive(Deserialize)]
struct FaultsBody {
    next: Option<Vec<QueuedFault>>,
    always: Option<Vec<QueuedFault>>,
}

async fn show_bill(State(simulator): State<Simulator>) -> Json<Bill> {
    Json(simulator.bill())
}

async fn reset_bill(State(simulator): State<Simulator>) -> StatusCode {
    simulator.reset_bill();
    StatusCode::NO_CONTENT
}

async fn show_stats(State(simulator): State<Simulator>) -> Json<Stats> {
    Json(simulator.stats())
}

async fn reset_stats(State(simulator): State<Simulator>) -> StatusCode {
    simulator.reset_stats();
    StatusCode::NO_CONTENT
}

async fn show_faults(State(simulator): State<Simulator>) -> Json<Value> {
    Json(json!({"next": simulator.waiting_faults(), "always": simulator.standing_faults()}))
}

async fn set_faults(State(simulator): State<Simulator>, body: Bytes) -> Result<StatusCode, ApiError> {
    let body: FaultsBody = server::parse(&body)?;
    for queued in body.next.iter().chain(&body.always).flatten() {
        let fault = queued.fault.parse::<Fault>();
        fault.map_err(|message| ApiError::invalid(Some("fault"), message))?;
    }
    if let Some(next) = body.next {
        simulator.set_faults(next);
    }
    if let Some(always) = body.always {
        simulator.set_standing_faults(always);
    }
    Ok(StatusCode::NO_CONTENT)
}
