//! Taking jobs back in each of their states.

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{Options, ok, refused};
use crate::jobs::in_state;
use crate::support::{GRANT, Gateway, User};
use crate::videos::{clip, ended, order, price, reaches};

/// In front of a provider that can take clips back.
async fn gateway(speed: f64) -> Gateway {
    let sim = triptych_simulator::Config { video_speed: speed, ..triptych_simulator::Config::instant() };
    Gateway::with(Options { kind: "generations".into(), simulator: Some(sim), ..Options::default() }).await
}

async fn cancel(gateway: &Gateway, user: &User, job: &Value) -> Response {
    let path = format!("/v1/videos/{}/cancel", job["id"].as_str().unwrap());
    gateway.call(user, Method::POST, &path).send().await.unwrap()
}

#[tokio::test]
async fn a_running_job_is_taken_back_at_the_provider_and_costs_nothing() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    in_state(&gateway, "running").await;
    let answer = ok(cancel(&gateway, &user, &created).await).await;
    assert!(matches!(answer["status"].as_str().unwrap(), "in_progress" | "cancelled"), "{answer}");
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["cost"]["charged"]), (&"cancelled".into(), &0.into()));
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert!(gateway.billed(BillKind::Video).is_empty());
    refused(cancel(&gateway, &user, &created).await, StatusCode::CONFLICT, "conflict").await;
    gateway.check_books().await;
}

#[tokio::test]
async fn a_job_that_is_being_ordered_is_taken_back_once_the_answer_is_there() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["slow-create=1000"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    in_state(&gateway, "submitting").await;
    assert_eq!(ok(cancel(&gateway, &user, &created).await).await["status"], "in_progress");
    // Asking twice is asking once.
    assert_eq!(ok(cancel(&gateway, &user, &created).await).await["status"], "in_progress");
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled");
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert!(gateway.billed(BillKind::Video).is_empty());
    gateway.check_books().await;
}

#[tokio::test]
async fn a_job_that_is_refused_for_now_while_its_owner_takes_it_back_ends_there() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:delay=800]] [[fault-once:429=1]] Waves")).await;
    in_state(&gateway, "submitting").await;
    ok(cancel(&gateway, &user, &created).await).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled");
    assert_eq!(gateway.settled(&user).await, GRANT);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_job_that_is_taken_back_too_late_is_delivered_and_charged() {
    let gateway = gateway(20.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:cancel-too-late]] Waves")).await;
    in_state(&gateway, "running").await;
    refused(cancel(&gateway, &user, &created).await, StatusCode::CONFLICT, "conflict").await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_wish_that_the_provider_did_not_hear_is_told_again() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    in_state(&gateway, "running").await;
    gateway.fault(FaultRoute::VideoCancel, &["500", "reset", "429"]);
    assert_eq!(ok(cancel(&gateway, &user, &created).await).await["status"], "in_progress");
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled");
    assert_eq!(gateway.settled(&user).await, GRANT);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_deleted_job_that_runs_is_taken_back_and_stays_in_the_list_until_it_has_ended() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    let path = format!("/v1/videos/{}", created["id"].as_str().unwrap());
    ok(gateway.call(&user, Method::DELETE, &path).send().await.unwrap()).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled");
    gateway.check_books().await;
}

#[tokio::test]
async fn a_job_that_waits_for_its_next_attempt_is_taken_back_here_and_nowhere_else() {
    let gateway = gateway(60.0).await;
    let user = gateway.user("ada").await;
    let first = order(&gateway, &user, clip("Waves")).await;
    let first = ended(&gateway, &user, &first["id"]).await;
    assert_eq!(first["status"], "completed");
    gateway.fault(FaultRoute::Video, &["429=60"]);
    let second = order(&gateway, &user, clip("Hills")).await;
    let mut database = crate::jobs::database(&gateway).await;
    crate::support::eventually("it was refused for now", async || {
        let query = sqlx::query("SELECT 1 FROM job WHERE state = 'queued' AND misses = 1");
        query.fetch_optional(&mut database).await.unwrap().map(|_| ())
    })
    .await;
    assert_eq!(ok(cancel(&gateway, &user, &second).await).await["status"], "cancelled");
    let asked = gateway.app.simulator.simulator().stats().requests;
    assert_eq!(asked.get(&FaultRoute::VideoCancel), None);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&first));
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_that_is_billed_although_it_was_taken_back_is_the_platforms_loss_once() {
    let gateway = gateway(1.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:cancel-billed]] Waves")).await;
    in_state(&gateway, "running").await;
    ok(cancel(&gateway, &user, &created).await).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled");
    let free = order(&gateway, &user, clip("Hills")).await;
    in_state(&gateway, "running").await;
    ok(cancel(&gateway, &user, &free).await).await;
    ended(&gateway, &user, &free["id"]).await;
    assert_eq!(gateway.settled(&user).await, GRANT);
    let items = gateway.app.simulator.bill().items;
    let lines =
        items.iter().map(|item| serde_json::json!({"id": item.id, "billed": item.billed}).to_string());
    let bill = lines.collect::<Vec<_>>().join("\n");
    let audit = async |query: &str| {
        let path = format!("/admin/v1/audit{query}");
        let call = gateway.app.request(Method::POST, &path).bearer_auth(crate::app::ADMIN_SECRET);
        ok(call.body(bill.clone()).send().await.unwrap()).await
    };
    assert_eq!(audit("").await["loss_total"], 0);
    for _ in 0..2 {
        let report = audit("?losses=book").await;
        assert_eq!((&report["ok"], &report["loss_total"]), (&Value::Bool(true), &price(&created).into()));
        assert_eq!(report["bill"]["uncharged_count"], 1);
    }
}
