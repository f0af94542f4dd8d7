//! Connections: how many there may be, and how long a client may keep one of them busy without getting on.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

mod body;
mod stall;

use crate::config::ServerConfig;
use crate::state::Shutdown;

/// Headers of one request. Browsers send about twenty.
const MOST_HEADERS: usize = 100;
/// Bytes that all headers of a request may have together.
const LONGEST_HEAD: usize = 64 * 1024;
/// After the system has refused a connection, for want of file handles for example.
const BREATH: Duration = Duration::from_millis(100);

/// Serves until the shutdown, and then on until the requests that run have been answered. Dropping the future cuts
/// what is left.
///
/// HTTP/1.1 only: the proxy in front, which does TLS, speaks it to the servers behind it, and telling it from HTTP/2
/// would have to wait for a client's first bytes without any bound.
pub(crate) async fn serve(listener: TcpListener, router: Router, config: &ServerConfig, stop: Shutdown) {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        // It also ends connections on which no next request arrives.
        .header_read_timeout(Duration::from_secs(config.header_timeout_seconds))
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD);
    let room = Arc::new(Semaphore::new(config.max_connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.wait() => break,
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &room) => accepted,
        };
        let (socket, peer, place) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                refused(&error).await;
                continue;
            }
        };
        // Tokens of a stream are small packets, and each of them is wanted now.
        socket.set_nodelay(true).ok();
        let io =
            TokioIo::new(stall::Stalling::new(socket, Duration::from_secs(config.write_timeout_seconds)));
        let service = service(router.clone(), peer, Duration::from_secs(config.body_timeout_seconds));
        let connection = server.serve_connection(io, service);
        let stop = stop.clone();
        connections.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = stop.wait() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Waits for a place first: what has none yet waits with the system, which costs nothing here.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = room.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (socket, peer) = listener.accept().await?;
    Ok((socket, peer, place))
}

/// What answers the requests of one connection.
fn service(
    router: Router,
    peer: SocketAddr,
    body_time: Duration,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let router = TowerToHyperService::new(router);
    service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.call(request.map(|incoming| Body::new(body::Timed::new(incoming, body_time))))
    })
}

async fn refused(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        // The client thought better of it.
        return;
    }
    tracing::error!(%error, "a connection could not be accepted");
    tokio::time::sleep(BREATH).await;
}
