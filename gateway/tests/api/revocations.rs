use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{ADMIN_SECRET, OTHER_SECRET, TENANT_SECRET, TOKEN_KEY, ok, refused, spawn_app};

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;

#[tokio::test]
async fn a_session_that_was_cancelled_opens_nothing_more_and_the_next_one_does() {
    let app = spawn_app().await;
    let ask = async |method: Method, path: &str, secret: &str| {
        app.request(method, path).bearer_auth(secret).send().await.unwrap()
    };
    for (method, end) in [(Method::POST, "/cancel"), (Method::DELETE, "")] {
        let session = ok(app.session(&json!({"user": "ann"})).await).await;
        let token = session["client_secret"].as_str().unwrap();
        let path = format!("/v1/sessions/{}{end}", session["id"].as_str().unwrap());
        // Another tenant cancels nothing, and nobody without a secret does.
        ok(ask(method.clone(), &path, OTHER_SECRET).await).await;
        refused(ask(method.clone(), &path, token).await, UNAUTHORIZED, "invalid_token").await;
        assert_eq!(app.get(token, "/v1/credits").await.status(), StatusCode::OK);
        let cancelled = ok(ask(method.clone(), &path, TENANT_SECRET).await).await;
        assert_eq!(cancelled["status"], "cancelled");
        ok(ask(method, &path, TENANT_SECRET).await).await;
        refused(app.get(token, "/v1/credits").await, UNAUTHORIZED, "invalid_token").await;
        app.balance(&app.token("ann").await).await;
    }
    let strange = ask(Method::DELETE, "/v1/sessions/nonsense", TENANT_SECRET).await;
    refused(strange, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn all_tokens_of_a_user_can_be_taken_back_at_once() {
    let app = spawn_app().await;
    let (one, other, bob) = (app.token("ann").await, app.token("ann").await, app.token("bob").await);
    let revoke = async |body: &Value| app.post(ADMIN_SECRET, "/admin/v1/revocations", body).await;
    ok(revoke(&json!({"tenant": "acme", "user": "ann"})).await).await;
    for token in [one, other] {
        refused(app.get(&token, "/v1/credits").await, UNAUTHORIZED, "invalid_token").await;
    }
    app.balance(&bob).await;
    app.balance(&app.token("ann").await).await;
    let nobody = revoke(&json!({"tenant": "acme", "user": "nobody"})).await;
    refused(nobody, StatusCode::NOT_FOUND, "not_found").await;
    let both = revoke(&json!({"tenant": "acme"})).await;
    refused(both, StatusCode::BAD_REQUEST, "invalid_request").await;
}

#[tokio::test]
async fn tokens_and_links_outlive_a_change_of_the_key() {
    let mut app = spawn_app().await;
    let token = app.user_with("ann", 100).await;
    let body = json!({"model": "gpt-image-1.5", "prompt": "A boat", "response_format": "url"});
    let pictures = ok(app.post(&token, "/v1/images/generations", &body).await).await;
    let link = pictures["data"][0]["url"].as_str().unwrap();
    let link = link[link.find("/v1/assets/").unwrap()..].to_owned();
    let read = async |url: &str| app.client.get(url).send().await.unwrap().status();
    assert_eq!(read(&format!("{}{link}", app.url)).await, StatusCode::OK);

    let new = "another-key-0123456789-0123456789-0123456789";
    app.restart_in(&[("TRIPTYCH_TOKEN_KEY", new), ("TRIPTYCH_TOKEN_KEYS_OLD", TOKEN_KEY)]).await;
    app.balance(&token).await;
    let read = async |url: &str| app.client.get(url).send().await.unwrap().status();
    assert_eq!(read(&format!("{}{link}", app.url)).await, StatusCode::OK);
    let later = app.token("ann").await;
    assert_ne!(header(&token)["kid"], header(&later)["kid"]);
    assert_eq!(header(&later)["alg"], "HS256");

    app.restart_in(&[("TRIPTYCH_TOKEN_KEY", new)]).await;
    app.balance(&later).await;
    refused(app.get(&token, "/v1/credits").await, UNAUTHORIZED, "invalid_token").await;
    let gone = app.client.get(format!("{}{link}", app.url)).send().await.unwrap();
    refused(gone, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn a_session_says_what_it_was_narrowed_to_and_refuses_what_is_no_limit() {
    let app = spawn_app().await;
    let body = json!({"user": "ann", "rate_limits": {"max_requests_per_1_minute": 3}, "max_cost": 5_000_000});
    let session = ok(app.session(&body).await).await;
    assert_eq!(session["rate_limits"]["max_requests_per_1_minute"], 3);
    assert_eq!(session["max_cost"], 5_000_000);
    for (field, value) in [("rate_limits", json!({"max_requests_per_1_minute": 0})), ("max_cost", json!(0))] {
        let mut body = json!({"user": "ann"});
        body[field] = value;
        refused(app.session(&body).await, StatusCode::BAD_REQUEST, "invalid_request").await;
    }
    let visitor = app.session(&json!({"user": "site:key/v1"})).await;
    let error = refused(visitor, StatusCode::BAD_REQUEST, "invalid_request").await;
    assert_eq!(error["param"], "user");
}

fn header(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').next().unwrap();
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    serde_json::from_slice(&text).unwrap()
}
