//! What operators see: request ids, one log line a request, and metrics. Bodies, tokens and queries are never logged.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::state::AppState;
use crate::store::new_id;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// In seconds: from a cached answer to a picture that takes its time.
const BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0, 60.0];
/// In seconds: from one token to the next, and to the first one.
const TOKEN_BUCKETS: [f64; 11] = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 20.0];
const LATENCY: &str = "triptych_http_request_seconds";

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Installs the metrics recorder, once a process.
pub(crate) fn install_metrics() -> Option<&'static PrometheusHandle> {
    let handle = RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Full(LATENCY.to_owned()), &BUCKETS)
            .and_then(|builder| {
                let streams = Matcher::Prefix("triptych_stream_".to_owned());
                builder.set_buckets_for_metric(streams, &TOKEN_BUCKETS)
            });
        match builder.map(PrometheusBuilder::install_recorder) {
            Ok(Ok(handle)) => {
                describe();
                Some(handle)
            }
            Ok(Err(error)) | Err(error) => {
                tracing::warn!(%error, "metrics are off");
                None
            }
        }
    });
    handle.as_ref()
}

/// The metrics in Prometheus' text form.
pub(crate) fn render_metrics() -> String {
    install_metrics().map(PrometheusHandle::render).unwrap_or_default()
}

fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!("triptych_http_requests_total", "Requests by method, route and status.");
    describe_histogram!(LATENCY, Unit::Seconds, "Time to the head of the answer, by route.");
    describe_gauge!("triptych_streams_open", "Chat streams that are being written.");
    describe_gauge!("triptych_stream_log_bytes", "Events of streams that are kept, in bytes.");
    describe_histogram!(
        "triptych_stream_first_token_seconds",
        Unit::Seconds,
        "From asking the provider to the first piece of a streamed answer."
    );
    describe_histogram!(
        "triptych_stream_token_gap_seconds",
        Unit::Seconds,
        "From one piece of a streamed answer to the next."
    );
    describe_counter!("triptych_streams_total", "Streamed answers by how they ended.");
    describe_gauge!("triptych_jobs", "Video jobs by state.");
    describe_gauge!("triptych_reservations_open", "Holds without an outcome yet, by kind.");
    describe_counter!("triptych_ledger_operations_total", "Transactions of the ledger by kind.");
    describe_counter!("triptych_ledger_conflicts_total", "Operations repeated with another outcome.");
    describe_counter!("triptych_platform_loss_micro_credits_total", "What calls cost above what they held.");
    describe_counter!("triptych_upstream_calls_total", "Calls to providers by how they went.");
    describe_counter!("triptych_jobs_total", "Video jobs that have ended, by outcome.");
    describe_gauge!(
        "triptych_jobs_overdue_seconds",
        Unit::Seconds,
        "For how long the job that has waited longest for its step has been waiting."
    );
    describe_counter!("triptych_jobs_late_total", "Video jobs that were made after they were given up.");
    describe_counter!("triptych_webhooks_total", "Webhooks of providers by what became of them.");
    describe_counter!("triptych_jobs_lost_total", "Video jobs given up because their submission was lost.");
}

/// Gives every answer its `x-request-id`, and counts, times and logs the request.
pub(crate) async fn observe(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = new_id("req");
    let method = method_label(request.method());
    // The pattern, not the path: ids would make a metric of each thing.
    let route = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", id = %id, method, route = %route);
    let trace = state.traces.request(method, &route, request.headers());
    let answering = tracing::Instrument::instrument(next.run(request), span.clone());
    let mut response = trace.run(answering).await;
    let status = response.status().as_u16();
    trace.set_text("triptych.request.id", &id);
    trace.answered(status);
    trace.end();
    let elapsed = started.elapsed();
    let elapsed_ms = elapsed.as_millis() as u64;
    // Balancers and schedulers ask every few seconds; that all is well is no news.
    if route == "/healthz" && status == 200 {
        span.in_scope(|| tracing::debug!(status, elapsed_ms, "answered"));
    } else {
        span.in_scope(|| tracing::info!(status, elapsed_ms, "answered"));
    }
    metrics::histogram!(LATENCY, "route" => route.clone()).record(elapsed.as_secs_f64());
    metrics::counter!(
        "triptych_http_requests_total", "method" => method, "route" => route, "status" => status.to_string()
    )
    .increment(1);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Callers may invent methods, and each of them would be a metric that is kept for ever.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::HEAD => "HEAD",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        _ => "other",
    }
}
