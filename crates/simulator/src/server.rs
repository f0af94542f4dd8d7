use std::net::{Ipv4Addr, SocketAddr};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::bill::Bill;
use crate::config::Config;
use crate::error::{ApiError, Error};
use crate::fault::{Fault, QueuedFault};
use crate::state::Simulator;
use crate::{chat, images, models, videos};

/// A simulator that serves on a loopback port until it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    simulator: Simulator,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// `http://127.0.0.1:PORT`, without a slash or `/v1` at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The bill as of now.
    pub fn bill(&self) -> Bill {
        self.simulator.bill()
    }

    /// The provider behind the port, for its faults and its bill.
    pub fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Stops listening and returns when the calls under way have ended.
    pub async fn shutdown(mut self) -> Result<(), Error> {
        if let Some(stop) = self.stop.take() {
            // The receiver is gone only if the server has ended by itself.
            let _ = stop.send(());
        }
        match (&mut self.task).await {
            Ok(result) => Ok(result?),
            Err(join) => Err(std::io::Error::other(join).into()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves on a free port of 127.0.0.1.
///
/// # Errors
/// If no port can be bound.
pub async fn spawn(config: Config) -> Result<Running, Error> {
    spawn_on(config, 0).await
}

/// Serves on a given port of 127.0.0.1; 0 means any that is free.
///
/// # Errors
/// If the port cannot be bound.
pub async fn spawn_on(config: Config, port: u16) -> Result<Running, Error> {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let addr = listener.local_addr()?;
    let simulator = Simulator::new(config);
    let app = router(simulator.clone());
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let signal = async {
            let _ = stopped.await;
        };
        axum::serve(listener, app).with_graceful_shutdown(signal).await
    });
    Ok(Running { addr, simulator, stop: Some(stop), task })
}

/// All routes: `/v1/…` as the providers have them, `/files/…` for finished clips, `/sim/…` for tests.
pub fn router(simulator: Simulator) -> Router {
    let provider = Router::new()
        .route("/models", get(models::list))
        .route("/chat/completions", post(chat::create))
        .route("/images/generations", post(images::create))
        .route("/videos", post(videos::create).get(videos::list))
        .route("/videos/{id}", get(videos::retrieve).delete(videos::delete))
        .route("/videos/{id}/content", get(videos::content))
        .route("/video/generations", post(videos::create_generation))
        .route("/video/generations/{id}", get(videos::retrieve_generation))
        .layer(middleware::from_fn_with_state(simulator.clone(), require_key));
    let control = Router::new()
        .route("/bill", get(show_bill).delete(reset_bill))
        .route("/faults", get(show_faults).put(set_faults));
    Router::new()
        .nest("/v1", provider)
        .nest("/sim", control)
        .route("/files/{name}", get(videos::file))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(64 * 1024 * 1024))
        .layer(middleware::from_fn_with_state(simulator.clone(), mark_request))
        .with_state(simulator)
}

#[derive(Deserialize)]
struct FaultsBody {
    next: Vec<QueuedFault>,
}

async fn require_key(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    if let Some(key) = &simulator.config().api_key
        && bearer(request.headers()) != Some(key.as_str())
    {
        return ApiError::wrong_key().into_response();
    }
    next.run(request).await
}

async fn mark_request(State(simulator): State<Simulator>, request: Request, next: Next) -> Response {
    let id = simulator.new_id("req_");
    tracing::debug!(%id, method = %request.method(), path = request.uri().path(), "request");
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

async fn show_bill(State(simulator): State<Simulator>) -> Json<Bill> {
    Json(simulator.bill())
}

async fn reset_bill(State(simulator): State<Simulator>) -> StatusCode {
    simulator.reset_bill();
    StatusCode::NO_CONTENT
}

async fn show_faults(State(simulator): State<Simulator>) -> Response {
    Json(json!({"next": simulator.waiting_faults()})).into_response()
}

async fn set_faults(State(simulator): State<Simulator>, body: Bytes) -> Result<StatusCode, ApiError> {
    let body: FaultsBody = parse(&body)?;
    for queued in &body.next {
        let fault = queued.fault.parse::<Fault>();
        fault.map_err(|message| ApiError::invalid(Some("fault"), message))?;
    }
    simulator.set_faults(body.next);
    Ok(StatusCode::NO_CONTENT)
}

async fn unknown(request: Request) -> ApiError {
    ApiError::not_found(&format!("{} {}", request.method(), request.uri().path()))
}

/// Reads a JSON body whatever its content type says, as the providers do.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::invalid(None, format!("We could not parse the JSON body of your request: {error}"))
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
