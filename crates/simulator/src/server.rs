use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bill::Bill;
use crate::config::Config;
use crate::error::{ApiError, Error};
use crate::state::Simulator;
use crate::{
    atlas, chat, control, files, generations, images, models, responses, speech, transcriptions, videos,
};

/// A simulator that serves on a loopback port until it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where its files are, if that is another port than `addr`.
    pub files_addr: Option<SocketAddr>,
    simulator: Simulator,
    stop: watch::Sender<bool>,
    tasks: JoinSet<std::io::Result<()>>,
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
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            match ended {
                Ok(result) => result?,
                Err(join) => return Err(std::io::Error::other(join).into()),
            }
        }
        Ok(())
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
    spawn_at(config, (Ipv4Addr::LOCALHOST, port).into()).await
}

/// Serves on a given address, such as one that other machines can reach.
///
/// # Errors
/// If the address, or that for files, cannot be bound.
pub async fn spawn_at(config: Config, addr: SocketAddr) -> Result<Running, Error> {
    let listener = TcpListener::bind(addr).await?;
    let addr = listener.local_addr()?;
    let files = match config.files_addr {
        Some(files_addr) => Some(TcpListener::bind(files_addr).await?),
        None => None,
    };
    let files_addr = files.as_ref().map(TcpListener::local_addr).transpose()?;
    let simulator = Simulator::new(config);
    let bound = files_addr.map(|addr| format!("http://{addr}"));
    if let Some(origin) = simulator.config().files_url.clone().or(bound) {
        simulator.set_files_origin(origin.trim_end_matches('/').to_owned());
    }
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(listener, router(simulator.clone()), stopped.clone()));
    if let Some(listener) = files {
        let files = Router::new().route("/files/{name}", get(files::serve)).fallback(unknown);
        tasks.spawn(serve(listener, files.with_state(simulator.clone()), stopped));
    }
    Ok(Running { addr, files_addr, simulator, stop, tasks })
}

/// All routes: `/v1/…` and `/api/v1/…` as the providers have them, `/files/…` for finished files,
/// `/sim/…` for tests.
pub fn router(simulator: Simulator) -> Router {
    let require_key = middleware::from_fn_with_state(simulator.clone(), require_key);
    let openai = Router::new()
        .route("/models", get(models::list))
        .route("/chat/completions", post(chat::create))
        .route("/responses", post(responses::create))
        .route("/responses/input_tokens", post(responses::input_tokens))
        .route("/images/generations", post(images::create))
        .route("/images/edits", post(images::edit))
        .route("/audio/speech", post(speech::create))
        .route("/audio/transcriptions", post(transcriptions::create))
        .route("/videos", post(videos::create).get(videos::list))
        .route("/videos/{id}", get(videos::retrieve).delete(videos::delete))
        .route("/videos/{id}/content", get(videos::content))
        .route("/videos/{id}/remix", post(videos::remix))
        .route("/video/generations", post(generations::create).get(generations::list))
        .route("/video/generations/{id}", get(generations::retrieve))
        .route("/video/generations/{id}/cancel", post(generations::cancel))
        .layer(require_key.clone());
    let atlas = Router::new()
        .route("/models", get(atlas::models))
        .route("/model/generateVideo", post(atlas::generate_video))
        .route("/model/generateImage", post(atlas::generate_image))
        .route("/model/prediction/{id}", get(atlas::prediction))
        .route("/model/predictions", get(atlas::list))
        .route("/model/uploadMedia", post(atlas::upload))
        .layer(require_key);
    Router::new()
        .nest("/v1", openai)
        .nest("/api/v1", atlas)
        .nest("/sim", control::routes())
        .route("/files/{name}", get(files::serve))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(512 * 1024 * 1024))
        .layer(middleware::from_fn_with_state(simulator.clone(), mark_request))
        .with_state(simulator)
}

async fn serve(
    listener: TcpListener,
    app: Router,
    mut stopped: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let signal = async move {
        // The sender is gone when whoever started us is, and then the task is aborted anyway.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    axum::serve(listener, app).with_graceful_shutdown(signal).await
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
