use reqwest::StatusCode;
use serde_json::json;

use crate::app::{ADMIN_SECRET, TENANT_SECRET, ok, refused, spawn_app};

#[tokio::test]
async fn a_grant_is_given_once_a_key() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    for _ in 0..3 {
        let balance = app.grant("ann", 7_500_000, "first").await;
        assert_eq!(balance["available"], 7_500_000);
    }
    let other = json!({"tenant": "acme", "user": "ann", "amount": 1, "key": "first", "reason": "r"});
    refused(app.post(ADMIN_SECRET, "/admin/v1/grants", &other).await, StatusCode::CONFLICT, "conflict").await;
    app.grant("ann", 500_000, "second").await;
    assert_eq!(app.balance(&token).await, (8_000_000, 0));
    let entries = ok(app.get(&token, "/v1/credits/entries?limit=1").await).await;
    assert_eq!(entries["data"][0]["kind"], "grant");
    assert_eq!(entries["data"][0]["available"], 500_000);
    assert_eq!(entries["has_more"], true);
    let audit = app.assert_sound().await;
    assert_eq!((&audit["transactions"], &audit["issued_total"]), (&json!(2), &json!(8_000_000)));
}

#[tokio::test]
async fn the_balance_says_what_the_host_configured() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 3).await;
    let balance = ok(app.get(&token, "/v1/credits").await).await;
    let expected = json!({
        "available": 3_000_000, "held": 0, "currency": "credits", "low_at": 5_000_000,
        "top_up_url": "https://acme.example/buy",
    });
    assert_eq!(balance, expected);
    let admin = ok(app.get(ADMIN_SECRET, "/admin/v1/balance?tenant=acme&user=ann").await).await;
    assert_eq!(admin, expected);
}

#[tokio::test]
async fn a_user_never_sees_the_entries_of_another() {
    let app = spawn_app().await;
    let ann = app.user_with("ann", 3).await;
    let bob = app.user_with("bob", 4).await;
    let entries = ok(app.get(&ann, "/v1/credits/entries").await).await;
    let id = entries["data"][0]["id"].as_str().unwrap();
    let theirs = app.get(&bob, &format!("/v1/credits/entries?after={id}")).await;
    refused(theirs, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn only_the_admin_secret_opens_the_admin_calls() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    for secret in [TENANT_SECRET, &token, "x"] {
        for path in ["/admin/v1/audit", "/admin/v1/charges", "/admin/v1/balance?tenant=acme&user=ann"] {
            refused(app.get(secret, path).await, StatusCode::UNAUTHORIZED, "invalid_token").await;
        }
        let grant = json!({"tenant": "acme", "user": "ann", "amount": 1, "key": "k", "reason": "r"});
        let response = app.post(secret, "/admin/v1/grants", &grant).await;
        refused(response, StatusCode::UNAUTHORIZED, "invalid_token").await;
    }
    assert_eq!(app.balance(&token).await, (0, 0));
}

#[tokio::test]
async fn a_wrong_grant_is_refused() {
    let app = spawn_app().await;
    for (field, value, status, code) in [
        ("amount", json!(0), 400, "invalid_request"),
        ("amount", json!(-5), 400, "invalid_request"),
        ("amount", json!(1.5), 400, "invalid_request"),
        ("amount", json!(i64::MAX), 400, "invalid_request"),
        ("tenant", json!("nobody"), 404, "not_found"),
        ("user", json!(""), 400, "invalid_request"),
        ("key", json!(""), 400, "invalid_request"),
    ] {
        let mut grant = json!({"tenant": "acme", "user": "ann", "amount": 1, "key": "k", "reason": "r"});
        grant[field] = value;
        let response = app.post(ADMIN_SECRET, "/admin/v1/grants", &grant).await;
        let error = refused(response, StatusCode::from_u16(status).unwrap(), code).await;
        assert_eq!(error["param"], field);
    }
}

#[tokio::test]
async fn credits_outlive_a_restart() {
    let mut app = spawn_app().await;
    let token = app.user_with("ann", 3).await;
    app.restart().await;
    assert_eq!(app.balance(&token).await, (3_000_000, 0));
    app.assert_sound().await;
}

#[tokio::test]
async fn a_call_that_the_balance_does_not_cover_is_refused_with_the_numbers() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 1).await;
    for (path, body, needed) in [
        ("/v1/images/generations", json!({"model": "gpt-image-1.5", "prompt": "a fox"}), 2_000_000),
        ("/v1/videos", json!({"model": "sora-2", "prompt": "a fox", "seconds": "10"}), 40_000_000),
        ("/v1/video/generations", json!({"model": "sora-2", "prompt": "a fox"}), 20_000_000),
    ] {
        let response = app.post(&token, path, &body).await;
        assert_eq!(response.headers()["x-should-retry"], "false");
        let error = refused(response, StatusCode::PAYMENT_REQUIRED, "insufficient_credits").await;
        assert_eq!((&error["needed"], &error["available"]), (&json!(needed), &json!(1_000_000)), "{path}");
        assert_eq!(error["top_up_url"], "https://acme.example/buy");
    }
    assert_eq!(app.balance(&token).await, (1_000_000, 0));
    assert!(app.simulator.bill().items.is_empty());
    app.assert_sound().await;
}
