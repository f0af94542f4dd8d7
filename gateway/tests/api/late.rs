//! What ends otherwise than it should: clips that come too late or cannot be had, providers that are gone.

use serde_json::json;
use triptych_simulator::BillKind;

use crate::app::Options;
use crate::jobs::{database, in_state};
use crate::support::{GRANT, Gateway, eventually};
use crate::videos::{clip, ended, order, price};

#[tokio::test]
async fn a_clip_that_was_made_after_it_was_given_up_is_the_platforms_loss_once() {
    let sim = triptych_simulator::Config { video_speed: 6.0, ..triptych_simulator::Config::instant() };
    let mut gateway = Gateway::with(Options { simulator: Some(sim), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let mut database = database(&gateway).await;
    in_state(&gateway, "running").await;
    // An hour later.
    let done = eventually("the job is given up", async || {
        sqlx::query("UPDATE job SET deadline_at = 1 WHERE state = 'running'")
            .execute(&mut database)
            .await
            .unwrap();
        let job = crate::videos::job(&gateway, &user, &created["id"]).await;
        (job["status"] == "failed").then_some(job)
    })
    .await;
    assert_eq!(done["error"]["code"], "expired");
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert_eq!(gateway.app.assert_sound().await["loss_total"], 0);
    eventually("the provider has made it", async || {
        (gateway.app.simulator.simulator().stats().videos.running == 0).then_some(())
    })
    .await;
    for _ in 0..2 {
        sqlx::query("UPDATE job SET due_at = 1").execute(&mut database).await.unwrap();
        gateway.app.restart().await;
        eventually("the loss is noted", async || {
            let audit = gateway.app.assert_sound().await;
            (audit["loss_total"] == price(&created)).then_some(())
        })
        .await;
    }
    let user = gateway.user("ada").await;
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_clip_whose_address_has_died_is_given_back_and_is_the_platforms_loss() {
    let gateway = Gateway::with(Options { kind: "generations".into(), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:expired-url]] Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_failed")));
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert_eq!(gateway.app.assert_sound().await["loss_total"], price(&created));
}

#[tokio::test]
async fn a_file_that_breaks_off_is_fetched_again() {
    for fault in ["content-500", "content-truncated", "content-reset", "content-403"] {
        let gateway = Gateway::with(Options { kind: "generations".into(), ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip(&format!("[[fault-once:{fault}]] Waves"))).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "completed", "{fault}: {done}");
        assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn statuses_that_come_out_of_order_or_make_no_sense_for_once_do_no_harm() {
    for fault in ["[[fault:out-of-order]]", "[[fault-once:unknown-status]]", "[[fault-once:poll-404]]"] {
        let gateway = Gateway::start().await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip(&format!("{fault} Waves"))).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "completed", "{fault}: {done}");
        assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
        assert_eq!(gateway.billed(BillKind::Video).len(), 1);
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn a_job_whose_provider_is_no_longer_configured_waits_and_then_expires() {
    let sim = triptych_simulator::Config { video_speed: 1.0, ..triptych_simulator::Config::instant() };
    let provider = "max_video_jobs = 1".to_owned();
    let mut gateway = Gateway::with(Options { simulator: Some(sim), provider, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let running = order(&gateway, &user, clip("Waves")).await;
    let queued = order(&gateway, &user, clip("Hills")).await;
    in_state(&gateway, "running").await;
    gateway.app.restart_with("id = \"simulator\"", "id = \"another\"").await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&running) + price(&queued));
    let mut database = database(&gateway).await;
    sqlx::query("UPDATE job SET deadline_at = 1, due_at = 1").execute(&mut database).await.unwrap();
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    for created in [&running, &queued] {
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("expired")));
        assert!(done["error"]["message"].as_str().unwrap().contains("provider"), "{done}");
    }
    assert_eq!(gateway.settled(&user).await, GRANT);
    gateway.app.assert_sound().await;
}
