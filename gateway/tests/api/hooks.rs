//! Webhooks of providers: believed in nothing but that there is something to look at.

use reqwest::{Method, StatusCode};
use serde_json::json;
use triptych_gateway::webhook::{Secret, sign};
use triptych_simulator::{BillKind, DEFAULT_WEBHOOK_SECRET};

use crate::app::{Options, refused};
use crate::support::{GRANT, Gateway, eventually};
use crate::videos::{clip, ended, job, order, price};

/// One that does not poll by itself for as long as a test runs.
async fn gateway() -> Gateway {
    let sim = triptych_simulator::Config { video_speed: 60.0, ..triptych_simulator::Config::instant() };
    Gateway::with(Options {
        kind: "generations".into(),
        provider: "webhook_secret_env = \"WEBHOOK_SECRET\"".into(),
        jobs: Some("poll_min_ms = 100000\npoll_max_ms = 100000".into()),
        simulator: Some(sim),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn a_webhook_makes_the_gateway_look_and_a_repeated_one_changes_nothing() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:webhook-twice]] Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    eventually("both deliveries were taken", async || {
        (gateway.app.simulator.simulator().stats().webhooks.accepted == 2).then_some(())
    })
    .await;
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_webhook_that_is_forged_or_old_is_refused_and_changes_nothing() {
    for fault in ["webhook-forged", "webhook-old"] {
        let gateway = gateway().await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip(&format!("[[fault:{fault}]] Waves"))).await;
        eventually("a delivery was refused", async || {
            let webhooks = gateway.app.simulator.simulator().stats().webhooks;
            assert_eq!(webhooks.accepted, 0);
            (webhooks.failed > 0).then_some(())
        })
        .await;
        assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
        assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    }
}

#[tokio::test]
async fn a_genuine_webhook_about_nothing_we_know_is_taken_and_a_stranger_learns_nothing() {
    let gateway = gateway().await;
    let send = async |path: &str, id: &str, body: String, signature: Option<&str>| {
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64;
        let secret = Secret::parse(DEFAULT_WEBHOOK_SECRET).unwrap();
        let good = sign(&secret, id, now, body.as_bytes());
        let call = gateway.app.request(Method::POST, path).header("webhook-id", id);
        let call =
            call.header("webhook-timestamp", now).header("webhook-signature", signature.unwrap_or(&good));
        call.body(body).send().await.unwrap()
    };
    let path = "/v1/webhooks/simulator";
    let about = |id: &str| json!({"type": "video.completed", "data": {"id": id}}).to_string();
    assert_eq!(send(path, "evt_1", about("video_nobody"), None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(send(path, "evt_1", about("video_nobody"), None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(send(path, "evt_2", "no JSON".into(), None).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(send(path, "evt_3", json!({"type": "billing"}).to_string(), None).await.status(), 204);
    let forged = send(path, "evt_4", about("video_nobody"), Some("v1,AAAA")).await;
    refused(forged, StatusCode::UNAUTHORIZED, "invalid_token").await;
    let unsigned = gateway.app.request(Method::POST, path).body(about("video_nobody")).send().await.unwrap();
    refused(unsigned, StatusCode::UNAUTHORIZED, "invalid_token").await;
    let elsewhere = send("/v1/webhooks/nobody", "evt_5", about("video_nobody"), None).await;
    refused(elsewhere, StatusCode::NOT_FOUND, "not_found").await;
    let long = send(path, "evt_6", "x".repeat(100_000), None).await;
    refused(long, StatusCode::PAYLOAD_TOO_LARGE, "too_large").await;
}

#[tokio::test]
async fn a_webhook_that_comes_before_the_answer_to_the_order_is_no_trouble() {
    let gateway = Gateway::with(Options {
        kind: "generations".into(),
        provider: "webhook_secret_env = \"WEBHOOK_SECRET\"".into(),
        ..Options::default()
    })
    .await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:webhook-early]] Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    gateway.check_books().await;
}
