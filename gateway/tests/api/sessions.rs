use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::{ORIGIN, OTHER_SECRET, Options, TENANT_SECRET, ok, refused, spawn_app, spawn_app_with};

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const BAD: StatusCode = StatusCode::BAD_REQUEST;

#[tokio::test]
async fn a_minted_token_opens_the_users_own_account() {
    let app = spawn_app().await;
    let response = app.session(&json!({"user": "ann"})).await;
    assert_eq!(response.headers()["cache-control"], "no-store");
    let session = ok(response).await;
    assert_eq!(session["object"], "triptych.session");
    assert_eq!(session["user"], "ann");
    assert_eq!(session["scopes"], json!(["chat", "image", "video", "credits:read"]));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
    assert!((1..=600).contains(&(session["expires_at"].as_i64().unwrap() - now)));
    assert_eq!(app.balance(session["client_secret"].as_str().unwrap()).await, (0, 0));
}

#[tokio::test]
async fn only_a_tenant_secret_mints() {
    let app = spawn_app().await;
    let body = json!({"user": "ann"});
    refused(app.post("wrong", "/v1/sessions", &body).await, UNAUTHORIZED, "invalid_token").await;
    let token = app.token("ann").await;
    refused(app.post(&token, "/v1/sessions", &body).await, UNAUTHORIZED, "invalid_token").await;
    let none = app.request(Method::POST, "/v1/sessions").json(&body).send().await.unwrap();
    refused(none, UNAUTHORIZED, "invalid_token").await;
    let page = app.request(Method::POST, "/v1/sessions").bearer_auth(TENANT_SECRET).header("origin", ORIGIN);
    refused(page.json(&body).send().await.unwrap(), FORBIDDEN, "scope_denied").await;
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_a_wrong_one() {
    let app = spawn_app().await;
    let token =
        app.token_with(json!({"user": "ann", "expires_after": {"anchor": "created_at", "seconds": 1}})).await;
    // Waits for the gateway's clock, which counts whole seconds.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    let mut response = app.get(&token, "/v1/credits").await;
    while response.status().is_success() && std::time::Instant::now() < deadline {
        response = app.get(&token, "/v1/credits").await;
    }
    assert_eq!(response.headers()["www-authenticate"], "Bearer");
    refused(response, UNAUTHORIZED, "token_expired").await;
    refused(app.get("nonsense", "/v1/credits").await, UNAUTHORIZED, "invalid_token").await;
}

#[tokio::test]
async fn a_token_that_was_signed_otherwise_is_refused() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let parts: Vec<&str> = token.split('.').collect();
    // {"alg":"none","typ":"JWT"}, and a signature of another token.
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", parts[1]);
    let other = app.token("bob").await;
    let swapped = format!("{}.{}.{}", parts[0], parts[1], other.rsplit('.').next().unwrap());
    for forged in [none, swapped] {
        refused(app.get(&forged, "/v1/credits").await, UNAUTHORIZED, "invalid_token").await;
    }
}

#[tokio::test]
async fn a_token_works_from_the_pages_it_is_for() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let from = async |origin: &str| {
        app.request(Method::GET, "/v1/credits")
            .bearer_auth(&token)
            .header("origin", origin)
            .send()
            .await
            .unwrap()
    };
    assert_eq!(from(ORIGIN).await.status(), StatusCode::OK);
    for origin in
        ["https://globex.example", "https://evil.example", "null", "https://acme.example.evil.example"]
    {
        refused(from(origin).await, FORBIDDEN, "scope_denied").await;
    }
}

#[tokio::test]
async fn a_token_can_be_narrowed_but_not_widened() {
    let app = spawn_app().await;
    let token = app.token_with(json!({"user": "ann", "scopes": ["chat"], "models": ["gpt-5.4"]})).await;
    refused(app.get(&token, "/v1/credits").await, FORBIDDEN, "scope_denied").await;
    let models = ok(app.get(&token, "/v1/models").await).await;
    assert_eq!(models["data"].as_array().unwrap().len(), 1);
    assert_eq!(models["data"][0]["id"], "gpt-5.4");
    let body = json!({"model": "gpt-5.4-turbo", "messages": [{"role": "user", "content": "x"}]});
    let error = refused(app.post(&token, "/v1/estimate", &body).await, FORBIDDEN, "scope_denied").await;
    assert_eq!(error["param"], "model");
    refused(app.get(&token, "/v1/models/sora-2").await, StatusCode::NOT_FOUND, "not_found").await;
    for (body, param) in [
        (json!({"user": "ann", "origins": ["https://evil.example"]}), "origins[0]"),
        (json!({"user": "ann", "scopes": ["root"]}), "scopes[0]"),
        (json!({"user": ""}), "user"),
        (json!({"user": "a\nb"}), "user"),
        (
            json!({"user": "ann", "expires_after": {"anchor": "created_at", "seconds": 601}}),
            "expires_after.seconds",
        ),
        (json!({"user": "ann", "expires_after": {"anchor": "now", "seconds": 6}}), "expires_after.anchor"),
    ] {
        let error = refused(app.session(&body).await, BAD, "invalid_request").await;
        assert_eq!(error["param"], param);
    }
    let error = refused(
        app.session(&json!({"user": "ann", "models": ["nope"]})).await,
        StatusCode::NOT_FOUND,
        "not_found",
    );
    assert_eq!(error.await["param"], "models[0]");
}

#[tokio::test]
async fn the_same_user_name_of_two_tenants_is_two_users() {
    let app = spawn_app().await;
    app.user_with("ann", 10).await;
    let session = ok(app.post(OTHER_SECRET, "/v1/sessions", &json!({"user": "ann"})).await).await;
    assert_eq!(app.balance(session["client_secret"].as_str().unwrap()).await, (0, 0));
}

#[tokio::test]
async fn a_first_session_brings_the_initial_grant_once() {
    let mut app = spawn_app_with(Options {
        tables: "[[tenants]]\nid = \"gift\"\nsecret_env = \"TRIPTYCH_ADMIN_SECRET\"\ninitial_grant = \"2.5\""
            .to_owned(),
        ..Options::default()
    })
    .await;
    for _ in 0..2 {
        for _ in 0..2 {
            let session =
                ok(app.post(crate::app::ADMIN_SECRET, "/v1/sessions", &json!({"user": "ann"})).await).await;
            assert_eq!(app.balance(session["client_secret"].as_str().unwrap()).await, (2_500_000, 0));
        }
        app.restart().await;
    }
    app.assert_sound().await;
}
