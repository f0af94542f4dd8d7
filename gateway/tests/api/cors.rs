use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::app::{ORIGIN, TestApp, ok, spawn_app};

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Response {
    app.request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "Authorization, content-type, x-stainless-lang, x-evil")
        .send()
        .await
        .unwrap()
}

fn allowed(response: &Response) -> Option<&str> {
    response.headers().get("access-control-allow-origin").map(|value| value.to_str().unwrap())
}

fn varies(response: &Response) -> bool {
    response.headers().get_all("vary").iter().any(|value| value.to_str().unwrap().contains("origin"))
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_token() {
    let app = spawn_app().await;
    for path in ["/v1/chat/completions", "/v1/credits", "/v1/nothing"] {
        let response = preflight(&app, path, ORIGIN).await;
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(allowed(&response), Some(ORIGIN));
        assert!(varies(&response));
        let headers = response.headers()["access-control-allow-headers"].to_str().unwrap();
        assert_eq!(headers, "authorization, content-type, x-stainless-lang");
        assert!(!response.headers().contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_foreign_origin_gets_no_leave() {
    let app = spawn_app().await;
    for origin in ["https://evil.example", "null", "http://acme.example", "https://acme.example:444"] {
        let response = preflight(&app, "/v1/credits", origin).await;
        assert_eq!(allowed(&response), None);
        assert!(varies(&response));
    }
    assert_eq!(allowed(&preflight(&app, "/admin/v1/audit", ORIGIN).await), None);
}

#[tokio::test]
async fn errors_can_be_read_by_the_page() {
    let app = spawn_app().await;
    let call = |path: &str| app.request(Method::POST, path).header("origin", ORIGIN).json(&json!({}));
    for path in ["/v1/estimate", "/v1/nothing", "/v1/credits"] {
        let response = call(path).send().await.unwrap();
        assert!(response.status().is_client_error());
        assert_eq!(allowed(&response), Some(ORIGIN), "{path}");
        let exposed = response.headers()["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("x-request-id") && exposed.contains("retry-after"));
    }
}

#[tokio::test]
async fn a_stream_can_be_read_by_the_page() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 100).await;
    let body = json!({"model": "gpt-5.4", "stream": true, "messages": [{"role": "user", "content": "hi"}]});
    let call = app.request(Method::POST, "/v1/chat/completions").bearer_auth(&token).header("origin", ORIGIN);
    let response = call.json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(allowed(&response), Some(ORIGIN));
    assert!(response.headers()["access-control-expose-headers"].to_str().unwrap().contains("x-stream-id"));
    assert!(response.text().await.unwrap().ends_with("data: [DONE]\n\n"));
    let balance = app.request(Method::GET, "/v1/credits").bearer_auth(&token).header("origin", ORIGIN);
    ok(balance.send().await.unwrap()).await;
}
