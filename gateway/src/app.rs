//! The whole HTTP surface, and how it is served.

use std::any::Any;
use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use triptych_protocol::ErrorCode;

use crate::cors::cors;
use crate::demo;
use crate::error::Error;
use crate::job;
use crate::limit;
use crate::observe::{install_metrics, observe};
use crate::routes;
use crate::serve;
use crate::state::AppState;
use crate::switch;

/// How long the last events of streams may take to get to other nodes.
const LAST_EVENTS: Duration = Duration::from_secs(1);
/// How long the last spans may take to get to the collector.
const LAST_SPANS: Duration = Duration::from_secs(3);
/// The longest plain-text refusal that is worth passing on.
const LONGEST_REFUSAL: usize = 1024;

/// Every call, with what surrounds all of them.
pub fn router(state: AppState) -> Router {
    let calls = routes::router(&state);
    surrounded(calls, state)
}

/// The calls of operators, for a listener of their own.
pub fn admin_router(state: AppState) -> Router {
    surrounded(routes::for_operators(), state)
}

fn surrounded(calls: Router<AppState>, state: AppState) -> Router {
    install_metrics();
    calls
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(state.config.limits.body_bytes))
        .layer(from_fn(limit::tell))
        .layer(from_fn(one_shape_of_error))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), cors))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

/// Serves on a bound listener until [`AppState::shut_down`], then lets running calls end for as long as the
/// configuration allows, settles what they cost, and closes the store.
///
/// # Errors
/// Where the configured `admin_listen` cannot be bound.
pub async fn serve(state: AppState, listener: TcpListener) -> io::Result<()> {
    let admin = match state.config.admin_listen {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address} for operators: {error}"))
        })?),
        None => None,
    };
    serve_on(state, listener, admin).await;
    Ok(())
}

/// As [`serve`], with the operators' listener bound already.
pub async fn serve_on(state: AppState, listener: TcpListener, admin: Option<TcpListener>) {
    let worker = job::worker::spawn(state.clone());
    let streams = state.streams.start();
    let config = &state.config.server;
    let public = serve::serve(listener, router(state.clone()), config, state.shutdown.clone());
    let operators = async {
        if let Some(listener) = admin {
            serve::serve(listener, admin_router(state.clone()), config, state.shutdown.clone()).await;
        }
    };
    let heartbeat = tokio::spawn(heartbeat(state.clone()));
    let watch = tokio::spawn(switch::watch(state.clone()));
    let cleaner = tokio::spawn(crate::asset::keep_clean(state.clone()));
    let grace = state.config.shutdown_grace;
    let overdue = async {
        state.shutdown.wait().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(public, operators) } => {}
        () = overdue => tracing::warn!("some connections did not end in time and were cut"),
    }
    state.shut_down();
    let settled = async {
        state.underway.idle().await;
        worker.await.ok();
        cleaner.await.ok();
    };
    if tokio::time::timeout(grace, settled).await.is_err() {
        tracing::warn!("some calls did not end in time; the next start gives back what they hold");
    }
    heartbeat.abort();
    state.streams.flush(grace.min(LAST_EVENTS)).await;
    drop(streams);
    watch.abort();
    state.store.close().await;
    state.traces.flush(grace.min(LAST_SPANS)).await;
}

/// Tells other gateways on the same database that this one runs, and gives back what those that do not run any more
/// have held.
async fn heartbeat(state: AppState) {
    let mut beats: u32 = 0;
    while state.store.is_shared() {
        tokio::time::sleep(state.store.heartbeat()).await;
        let mut outcome = state.store.sign_on().await;
        beats = beats.wrapping_add(1);
        if outcome.is_ok() && beats.is_multiple_of(3) {
            outcome = state.ledger.release_interrupted().await.map(|_| ());
        }
        if let Err(error) = outcome {
            error.log();
        }
    }
}

/// Pages in the demo, 404 for everything else.
async fn unknown(State(state): State<AppState>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let call = ["/v1/", "/admin/", "/demo/"].iter().any(|prefix| uri.path().starts_with(prefix));
    let demo = &state.config.demo;
    match &demo.pages {
        Some(folder) if demo.enabled && !call && (method == Method::GET || method == Method::HEAD) => {
            demo::page(folder, uri.path(), &headers).await.into_response()
        }
        _ => Error::new(ErrorCode::NotFound, "There is no such call. Check the path.").into_response(),
    }
}

/// The framework's own refusals are plain text or empty; clients get one shape of error only.
async fn one_shape_of_error(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let foreign = kind.is_none_or(|kind| kind.starts_with("text/plain"));
    if !(status.is_client_error() || status.is_server_error()) || !foreign {
        return response;
    }
    let (parts, body) = response.into_parts();
    let text = axum::body::to_bytes(body, LONGEST_REFUSAL).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let code = match status {
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorCode::TooLarge,
        status if status.is_server_error() => ErrorCode::Internal,
        _ => ErrorCode::InvalidRequest,
    };
    let message = match text.trim() {
        "" if status == StatusCode::METHOD_NOT_ALLOWED => "This path does not take that method.",
        "" => status.canonical_reason().unwrap_or("The request was refused."),
        text => text,
    };
    let mut response = Error::new(code, message).into_response();
    // 405 and the like keep their status and headers such as `Allow`.
    *response.status_mut() = status;
    for (name, value) in &parts.headers {
        if !matches!(name.as_str(), "content-type" | "content-length") {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}

fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("of unknown cause");
    Error::internal(format!("panic: {text}")).into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_that_does_not_tell_its_cause() {
        let response = panicked(Box::new("secret detail"));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert!(text.contains("\"code\":\"internal\"") && !text.contains("secret"), "{text}");
    }
}
