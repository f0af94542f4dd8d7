use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::{ADMIN_SECRET, TENANT_SECRET, refused, spawn_app};

#[tokio::test]
async fn every_refusal_has_the_same_shape() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    refused(app.get(&token, "/v1/nothing").await, StatusCode::NOT_FOUND, "not_found").await;
    refused(app.get(&token, "/").await, StatusCode::NOT_FOUND, "not_found").await;
    let response = app.get(&token, "/v1/estimate").await;
    assert_eq!(response.headers()["allow"], "POST");
    refused(response, StatusCode::METHOD_NOT_ALLOWED, "invalid_request").await;
    let response = app.get(&token, "/v1/credits/entries?limit=many").await;
    refused(response, StatusCode::BAD_REQUEST, "invalid_request").await;
}

#[tokio::test]
async fn a_wrong_body_is_told_the_field() {
    let app = spawn_app().await;
    for (body, param) in [
        ("{", json!(null)),
        ("{}", json!("user")),
        ("[]", json!(null)),
        ("{\"user\": 5}", json!("user")),
        ("{\"user\": \"a\"} x", json!("")),
        (
            "{\"user\": \"a\", \"expires_after\": {\"anchor\": \"created_at\"}}",
            json!("expires_after.seconds"),
        ),
    ] {
        let request = app.request(Method::POST, "/v1/sessions").bearer_auth(TENANT_SECRET).body(body);
        let response = request.header("content-type", "application/json").send().await.unwrap();
        let error = refused(response, StatusCode::BAD_REQUEST, "invalid_request").await;
        assert_eq!(error["param"], param, "{body}: {error}");
    }
    let form = app.request(Method::POST, "/v1/sessions").bearer_auth(TENANT_SECRET).body("user=ann");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    refused(form.send().await.unwrap(), StatusCode::BAD_REQUEST, "invalid_request").await;
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let body = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "x".repeat(1 << 20)}]});
    let response = app.post(&token, "/v1/estimate", &body).await;
    refused(response, StatusCode::PAYLOAD_TOO_LARGE, "too_large").await;
}

#[tokio::test]
async fn health_and_metrics_answer() {
    let app = spawn_app().await;
    let health = app.request(Method::GET, "/healthz").send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    app.user_with("ann", 1).await;
    let invented = Method::from_bytes(b"BREW").unwrap();
    app.request(invented, "/v1/models").send().await.unwrap();
    let metrics = app
        .request(Method::GET, "/metrics")
        .bearer_auth(ADMIN_SECRET)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for expected in [
        "triptych_http_requests_total{method=\"POST\",route=\"/v1/sessions\",status=\"200\"}",
        "triptych_ledger_operations_total{kind=\"grant\"}",
        "triptych_http_request_seconds_bucket",
        "triptych_jobs{of=\"queued\"}",
        "triptych_streams_open 0",
        "triptych_http_requests_total{method=\"other\",route=\"/v1/models\",status=\"405\"}",
    ] {
        assert!(metrics.contains(expected), "{expected} in {metrics}");
    }
    // Anybody can invent one more.
    assert!(!metrics.contains("BREW"), "{metrics}");
}
