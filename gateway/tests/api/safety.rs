//! What must not get through: addresses of the own network, slow clients, strangers at the operators' calls.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use triptych_gateway::app;

use crate::app::{ADMIN_SECRET, Options, TestApp, ok, refused, spawn_app, spawn_app_with};
use crate::support::chat;

fn with_image(url: &str) -> Value {
    let mut body = chat("what is this");
    // Whatever field it is in: the gateway passes on those that it does not know.
    body["extra"] = json!({"image_url": {"url": url}});
    body
}

/// A connection to the gateway that speaks no HTTP by itself.
async fn connect(app: &TestApp) -> TcpStream {
    TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap()
}

/// Everything until the gateway closes the connection.
async fn until_closed(socket: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let reading = socket.read_to_end(&mut text);
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the connection stays open").ok();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_picture_of_the_own_network_is_refused_before_anything_is_paid_or_forwarded() {
    let app = spawn_app_with(Options {
        tables: "[network]\nallow_private_hosts = [\"127.0.0.1:9\"]".into(),
        ..Options::default()
    })
    .await;
    let token = app.user_with("ann", 100).await;
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "https://localhost/x",
        "http://127.0.0.1:8787/admin",
        "file:///etc/passwd",
        "https://[::1]/",
    ] {
        let answer = app.post(&token, "/v1/chat/completions", &with_image(url)).await;
        let error = refused(answer, StatusCode::BAD_REQUEST, "invalid_request").await;
        assert_eq!(error["param"], "extra.image_url.url");
        assert!(!error["message"].as_str().unwrap().contains("169.254"));
    }
    assert!(app.simulator.bill().items.is_empty());
    // What the operator vouches for, and what comes along, goes through.
    for url in ["http://127.0.0.1:9/x.png", "data:image/png;base64,iVBORw0KGgo="] {
        let answer = app.post(&token, "/v1/chat/completions", &with_image(url)).await;
        let answer: Value = answer.json().await.unwrap();
        assert_ne!(answer["error"]["param"], "extra.image_url.url", "{answer}");
    }
    app.assert_sound().await;
}

#[tokio::test]
async fn a_client_that_sends_its_request_too_slowly_is_cut() {
    let tables = "[server]\nheader_timeout_seconds = 1\nbody_timeout_seconds = 1".to_owned();
    let app = spawn_app_with(Options { tables, ..Options::default() }).await;
    let mut silent = connect(&app).await;
    let mut slow = connect(&app).await;
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-half").await.unwrap();
    let mut idle = connect(&app).await;
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut trickle = connect(&app).await;
    let head = "POST /v1/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    trickle.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(until_closed(&mut silent).await, "");
    until_closed(&mut slow).await;
    let answer = until_closed(&mut idle).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = until_closed(&mut trickle).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let app = spawn_app().await;
    let many: String = (0..200).map(|number| format!("x-{number}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(200_000));
    for headers in [many, long] {
        let mut socket = connect(&app).await;
        let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.ok();
        let answer = until_closed(&mut socket).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test]
async fn connections_above_the_limit_wait_for_one_to_end() {
    let tables = "[server]\nmax_connections = 2".to_owned();
    let app = spawn_app_with(Options { tables, ..Options::default() }).await;
    let (first, second) = (connect(&app).await, connect(&app).await);
    let mut third = connect(&app).await;
    third.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut byte = [0; 1];
    let early = tokio::time::timeout(Duration::from_millis(200), third.read(&mut byte)).await;
    assert!(early.is_err(), "the third was served");
    drop(first);
    assert!(until_closed(&mut third).await.starts_with("HTTP/1.1 200"));
    drop(second);
}

#[tokio::test]
async fn operators_have_a_listener_of_their_own() {
    let top = "admin_listen = \"127.0.0.1:0\"".to_owned();
    let app = spawn_app_with(Options { top, ..Options::default() }).await;
    // The running gateway bound a port that nobody was told; a second server on the same state is the one to ask.
    let listeners =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let [public, admin] = listeners;
    let base = format!("http://{}", admin.local_addr().unwrap());
    let server = tokio::spawn(app::serve_on(app.state.clone(), public, Some(admin)));
    for path in ["/admin/v1/audit", "/metrics"] {
        refused(app.get(ADMIN_SECRET, path).await, StatusCode::NOT_FOUND, "not_found").await;
    }
    let ask = |path: &str| app.client.get(format!("{base}{path}"));
    refused(ask("/admin/v1/audit").send().await.unwrap(), StatusCode::UNAUTHORIZED, "invalid_token").await;
    ok(ask("/admin/v1/audit").bearer_auth(ADMIN_SECRET).send().await.unwrap()).await;
    let metrics = ask("/metrics").send().await.unwrap();
    assert_eq!(metrics.status(), StatusCode::OK);
    refused(ask("/v1/models").send().await.unwrap(), StatusCode::NOT_FOUND, "not_found").await;
    app.state.shut_down();
    server.await.unwrap();
}

#[tokio::test]
async fn without_such_a_listener_the_metrics_need_the_admin_secret() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    refused(app.get(&token, "/metrics").await, StatusCode::UNAUTHORIZED, "invalid_token").await;
    assert_eq!(app.get(ADMIN_SECRET, "/metrics").await.status(), StatusCode::OK);
}
