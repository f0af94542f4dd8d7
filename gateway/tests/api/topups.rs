//! A billing system that says what users have bought.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use triptych_gateway::webhook::{Secret, sign};

use crate::app::{Options, TOPUP_SECRET, TestApp, refused, spawn_app, spawn_app_with};

async fn app() -> TestApp {
    let tenant = "topup_secret_env = \"TOPUP_SECRET\"".to_owned();
    spawn_app_with(Options { tenant, ..Options::default() }).await
}

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

async fn send(app: &TestApp, id: &str, at: i64, secret: &str, body: &Value) -> Response {
    let body = body.to_string();
    let signature = sign(&Secret::parse(secret).unwrap(), id, at, body.as_bytes());
    let request = app.request(Method::POST, "/v1/topups/acme").body(body);
    let request = request.header("webhook-id", id).header("webhook-timestamp", at.to_string());
    request.header("webhook-signature", signature).send().await.unwrap()
}

fn bought(amount: i64) -> Value {
    json!({"type": "credits.granted", "data": {"user": "ann", "amount": amount, "order": "their own"}})
}

#[tokio::test]
async fn a_message_that_is_delivered_twice_grants_once() {
    let app = app().await;
    let token = app.token("ann").await;
    for _ in 0..2 {
        let answer = send(&app, "msg_1", now(), TOPUP_SECRET, &bought(5_000_000)).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    send(&app, "msg_2", now(), TOPUP_SECRET, &bought(1_000_000)).await;
    assert_eq!(app.balance(&token).await, (6_000_000, 0));
    let changed = send(&app, "msg_1", now(), TOPUP_SECRET, &bought(9_000_000)).await;
    refused(changed, StatusCode::CONFLICT, "conflict").await;
    let other = send(&app, "msg_3", now(), TOPUP_SECRET, &json!({"type": "invoice.sent", "data": {}})).await;
    assert_eq!(other.status(), StatusCode::NO_CONTENT, "it is not ours, and must not be sent again");
    assert_eq!(app.balance(&token).await, (6_000_000, 0));
    app.assert_sound().await;
}

#[tokio::test]
async fn a_message_of_anybody_else_or_of_old_grants_nothing() {
    let app = app().await;
    let token = app.token("ann").await;
    let forged = send(&app, "msg_1", now(), "another-secret-0123456789-0123456789", &bought(5_000_000)).await;
    refused(forged, StatusCode::UNAUTHORIZED, "invalid_token").await;
    let old = send(&app, "msg_1", now() - 3600, TOPUP_SECRET, &bought(5_000_000)).await;
    refused(old, StatusCode::UNAUTHORIZED, "invalid_token").await;
    assert_eq!(app.balance(&token).await, (0, 0));
    let closed = spawn_app().await;
    let answer = send(&closed, "msg_1", now(), TOPUP_SECRET, &bought(1)).await;
    refused(answer, StatusCode::NOT_FOUND, "not_found").await;
}
