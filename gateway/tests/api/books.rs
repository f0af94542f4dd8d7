//! What operators do with the books.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{ADMIN_SECRET, Options, TestApp, ok, refused, spawn_app, spawn_app_with};
use crate::support::{GRANT, Gateway, chat, streamed};
use crate::videos::clip;

async fn admin(app: &TestApp, path: &str, body: Value) -> reqwest::Response {
    app.post(ADMIN_SECRET, path, &body).await
}

#[tokio::test]
async fn a_charge_is_refunded_no_further_than_it_went() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 100).await;
    ok(app.post(&token, "/v1/chat/completions", &chat("hello")).await).await;
    let charge = app.charges().await.remove(0);
    let charged = charge["charged"].as_i64().unwrap();
    let refund = |number: u32, amount: i64| json!({"reservation": charge["reservation"], "number": number, "amount": amount, "reason": "sorry"});
    for _ in 0..2 {
        let answer = admin(&app, "/admin/v1/refunds", refund(1, charged - 1)).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    }
    refused(admin(&app, "/admin/v1/refunds", refund(2, 2)).await, StatusCode::CONFLICT, "conflict").await;
    assert_eq!(app.balance(&token).await, (100_000_000 - 1, 0));
    app.assert_sound().await;
}

#[tokio::test]
async fn an_account_is_set_right_with_a_reason_and_once_a_key() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 10).await;
    let body =
        json!({"tenant": "acme", "user": "ann", "amount": -4_000_000, "key": "a", "reason": "mistake"});
    for _ in 0..2 {
        assert_eq!(
            ok(admin(&app, "/admin/v1/adjustments", body.clone()).await).await["available"],
            6_000_000
        );
    }
    let body =
        json!({"tenant": "acme", "user": "ann", "amount": -7_000_000, "key": "b", "reason": "mistake"});
    let answer = admin(&app, "/admin/v1/adjustments", body).await;
    refused(answer, StatusCode::PAYMENT_REQUIRED, "insufficient_credits").await;
    assert_eq!(app.balance(&token).await, (6_000_000, 0));
    app.assert_sound().await;
}

#[tokio::test]
async fn a_monthly_bundle_starts_with_the_first_token_or_when_an_operator_says_so() {
    let tenant = "monthly_credits = 1000".to_owned();
    let app = spawn_app_with(Options { tenant, ..Options::default() }).await;
    let token = app.token("ann").await;
    app.token("ann").await;
    assert_eq!(app.balance(&token).await, (1_000_000_000, 0));
    let body = json!({"tenant": "acme", "user": "ann", "amount": 5_000_000, "key": "extra"});
    assert_eq!(ok(admin(&app, "/admin/v1/bundles", body).await).await["available"], 1_005_000_000);
    let end = app.request(Method::DELETE, "/admin/v1/bundles/extra").bearer_auth(ADMIN_SECRET);
    assert_eq!(end.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    let end = app.request(Method::DELETE, "/admin/v1/bundles/none").bearer_auth(ADMIN_SECRET);
    refused(end.send().await.unwrap(), StatusCode::NOT_FOUND, "not_found").await;
    app.assert_sound().await;
}

#[tokio::test]
async fn usage_is_exported_as_csv_and_as_json_lines() {
    let app = spawn_app().await;
    let token = app.user_with("=ann", 100).await;
    for prompt in ["one", "two"] {
        ok(app.post(&token, "/v1/chat/completions", &chat(prompt)).await).await;
    }
    let text = async |path: &str| app.get(ADMIN_SECRET, path).await.text().await.unwrap();
    let csv = text("/admin/v1/usage").await;
    let lines: Vec<_> = csv.lines().collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[0].starts_with("reservation,tenant,user,model,"), "{csv}");
    assert!(lines[1].contains("\"'=ann\""), "a name must not become a formula: {csv}");
    let jsonl = text("/admin/v1/usage?format=jsonl").await;
    let first: Value = serde_json::from_str(jsonl.lines().next().unwrap()).unwrap();
    assert_eq!((&first["user"], &first["state"]), (&json!("=ann"), &json!("committed")));
    assert_eq!(text("/admin/v1/usage?format=jsonl&to=1").await, "");
    refused(app.get(&token, "/admin/v1/usage").await, StatusCode::UNAUTHORIZED, "invalid_token").await;
}

#[tokio::test]
async fn the_export_holds_every_kind_of_call_and_adds_up() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let picture = json!({"model": "gpt-image-1.5", "prompt": "A boat"});
    let speech = json!({"model": "gpt-4o-mini-tts", "input": "Hello", "voice": "alloy"});
    for (path, body) in [
        ("/v1/chat/completions", chat("Hello.")),
        ("/v1/chat/completions", streamed("Hello.")),
        ("/v1/responses", json!({"model": "gpt-5.4", "input": "Hello."})),
        ("/v1/images/generations", picture),
        ("/v1/audio/speech", speech),
        ("/v1/videos", clip("Waves")),
    ] {
        gateway.post(&user, path, body).await.bytes().await.unwrap();
    }
    let form = reqwest::multipart::Form::new().text("model", "gpt-transcribe");
    let form = form.part("file", reqwest::multipart::Part::bytes(crate::audio::wav()).file_name("a.wav"));
    ok(gateway.call(&user, Method::POST, "/v1/audio/transcriptions").multipart(form).send().await.unwrap())
        .await;
    let left = gateway.settled(&user).await;
    let text = async |path: &str| gateway.app.get(ADMIN_SECRET, path).await.text().await.unwrap();
    let lines = text("/admin/v1/usage?format=jsonl").await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut models: Vec<_> = lines.iter().map(|line| line["model"].as_str().unwrap()).collect();
    models.sort_unstable();
    let expected =
        ["gpt-4o-mini-tts", "gpt-5.4", "gpt-5.4", "gpt-5.4", "gpt-image-1.5", "gpt-transcribe", "sora-2"];
    assert_eq!(models, expected);
    assert!(
        lines.iter().all(|line| line["charged"].as_i64().is_some_and(|charged| charged > 0)),
        "{lines:?}"
    );
    let sum: i64 = lines.iter().map(|line| line["charged"].as_i64().unwrap()).sum();
    assert_eq!(sum, GRANT - left);
    assert_eq!(text("/admin/v1/usage").await.lines().count(), 8);
}

#[tokio::test]
async fn a_providers_bill_is_laid_beside_the_ledger() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 100).await;
    ok(app.post(&token, "/v1/chat/completions", &chat("hello")).await).await;
    let own = app.charges().await[0]["upstream_id"].as_str().unwrap().to_owned();
    let compare = async |bill: String| {
        let request = app.request(Method::POST, "/admin/v1/audit").bearer_auth(ADMIN_SECRET);
        ok(request.body(bill).send().await.unwrap()).await["bill"].clone()
    };
    let same = compare(format!("{{\"id\": \"{own}\", \"billed\": true}}\n")).await;
    assert_eq!((&same["uncharged_count"], &same["unbilled_count"]), (&json!(0), &json!(0)));
    let other = compare("{\"id\": \"strange\"}\n{\"id\": \"free\", \"billed\": false}".to_owned()).await;
    assert_eq!((&other["uncharged"], &other["unbilled"]), (&json!(["strange"]), &json!([own])));
}
