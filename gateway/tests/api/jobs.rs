//! Video jobs on the provider's side: failures, restarts, turns.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{Options, ok, refused};
use crate::support::{GRANT, Gateway, eventually, scripted};
use crate::videos::{clip, ended, job, order, price, reaches};

#[tokio::test]
async fn a_failed_job_gives_its_hold_back_and_says_why() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for fault in ["job-failed", "done-with-error"] {
        gateway.fault(FaultRoute::Video, &[fault]);
        let created = order(&gateway, &user, clip("Waves")).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "failed", "{fault}: {done}");
        assert_eq!(done["cost"]["charged"], 0);
        assert!(!done["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(gateway.settled(&user).await, GRANT);
        let content = format!("/v1/videos/{}/content", created["id"].as_str().unwrap());
        refused(gateway.get(&user, &content).await, StatusCode::CONFLICT, "conflict").await;
    }
    gateway.check_books().await;
}

#[tokio::test]
async fn a_busy_provider_is_asked_again_and_the_user_notices_nothing() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["429"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn polls_that_fail_do_not_fail_the_job() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::VideoPoll, &["500", "reset", "500"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_lost_submission_is_never_sent_twice_and_keeps_its_hold() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["lost-create"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    eventually("the submission was lost", async || {
        (gateway.app.simulator.bill().items.len() == 1).then_some(())
    })
    .await;
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    // Others are served in the meantime, so the worker has had its turn.
    let other = order(&gateway, &user, clip("Hills")).await;
    ended(&gateway, &user, &other["id"]).await;
    assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
    assert_eq!(gateway.app.simulator.bill().items.len(), 2);
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_provider_that_fails_at_an_order_may_have_taken_it_so_it_is_not_sent_again() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["500"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    // Others are served in the meantime, so the worker has had its turn.
    let other = order(&gateway, &user, clip("Hills")).await;
    assert_eq!(ended(&gateway, &user, &other["id"]).await["status"], "completed");
    assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_lost_submission_is_given_up_at_its_deadline() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["lost-create"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    let mut database = database(&gateway).await;
    in_state(&gateway, "indeterminate").await;
    // An hour later.
    sqlx::query("UPDATE job SET deadline_at = 1, due_at = 1").execute(&mut database).await.unwrap();
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_lost")));
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert_eq!(gateway.app.simulator.bill().items.len(), 1);
}

#[tokio::test]
async fn a_job_that_takes_too_long_is_asked_for_once_more_before_it_is_given_up() {
    for (speed, status) in [(1.0, "failed"), (1e6, "completed")] {
        let sim = triptych_simulator::Config { video_speed: speed, ..triptych_simulator::Config::instant() };
        // The first poll comes after the restart.
        let jobs = Some("poll_min_ms = 100000\npoll_max_ms = 100000".to_owned());
        let mut gateway = Gateway::with(Options { simulator: Some(sim), jobs, ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        let mut database = database(&gateway).await;
        in_state(&gateway, "running").await;
        sqlx::query("UPDATE job SET deadline_at = 1, due_at = 1").execute(&mut database).await.unwrap();
        gateway.app.restart().await;
        let user = gateway.user("ada").await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], status, "{done}");
        let cost = if status == "completed" { price(&done) } else { 0 };
        assert_eq!(gateway.settled(&user).await, GRANT - cost);
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_job_loses_and_charges_nothing_twice() {
    let mut gateway = Gateway::at_pace(|sim| sim.video_speed = 40.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    eventually("the provider has the job", async || {
        (!gateway.billed(BillKind::Video).is_empty()).then_some(())
    })
    .await;
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    gateway.check_books().await;
}

#[tokio::test]
async fn two_workers_over_one_store_end_a_job_once() {
    let mut gateway = Gateway::at_pace(|sim| sim.video_speed = 60.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    in_state(&gateway, "running").await;
    // The old worker goes on beside the new one.
    gateway.app.crash().await;
    let user = gateway.user("ada").await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn no_more_jobs_are_with_the_provider_than_it_may_have() {
    let mut sim = triptych_simulator::Config::instant();
    (sim.video_speed, sim.max_concurrent_videos) = (60.0, 2);
    let provider = "max_video_jobs = 2".to_owned();
    let gateway = Gateway::with(Options { simulator: Some(sim), provider, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let mut jobs = Vec::new();
    for number in 0..5 {
        jobs.push(order(&gateway, &user, clip(&format!("Clip {number}"))).await);
    }
    let waiting = job(&gateway, &user, &jobs[4]["id"]).await;
    assert_eq!(waiting["status"], "queued");
    assert!(waiting["queue_position"].as_u64().unwrap() >= 2, "{waiting}");
    let mut most = 0;
    for created in &jobs {
        eventually("the job has ended", async || {
            let list = ok(gateway.get(&user, "/v1/videos?limit=100").await).await;
            let count = |status: &str| {
                list["data"].as_array().unwrap().iter().filter(|job| job["status"] == status).count()
            };
            most = most.max(count("in_progress"));
            let job = list["data"]
                .as_array()
                .unwrap()
                .iter()
                .find(|job| job["id"] == created["id"])
                .unwrap()
                .clone();
            (job["status"] == "completed").then_some(())
        })
        .await;
    }
    // A clip that is being stored has left the provider already.
    assert!((2..=4).contains(&most), "{most} at once");
    // The simulator answers 429 to a third; none of the jobs had to hear of it.
    assert_eq!(gateway.billed(BillKind::Video).len(), 5);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_queued_job_can_be_taken_back_and_a_running_one_cannot() {
    let sim = triptych_simulator::Config { video_speed: 20.0, ..triptych_simulator::Config::instant() };
    let provider = "max_video_jobs = 1".to_owned();
    let gateway = Gateway::with(Options { simulator: Some(sim), provider, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let first = order(&gateway, &user, clip("One")).await;
    reaches(&gateway, &user, &first["id"], "in_progress").await;
    let second = order(&gateway, &user, clip("Two")).await;
    let delete = |job: &Value| {
        gateway.call(&user, Method::DELETE, &format!("/v1/videos/{}", job["id"].as_str().unwrap())).send()
    };
    refused(delete(&first).await.unwrap(), StatusCode::CONFLICT, "conflict").await;
    let third = order(&gateway, &user, clip("Three")).await;
    let cancel = |job: &Value| {
        let path = format!("/v1/videos/{}/cancel", job["id"].as_str().unwrap());
        gateway.call(&user, Method::POST, &path).send()
    };
    refused(cancel(&first).await.unwrap(), StatusCode::CONFLICT, "conflict").await;
    assert_eq!(ok(cancel(&third).await.unwrap()).await["status"], "cancelled");
    refused(cancel(&third).await.unwrap(), StatusCode::CONFLICT, "conflict").await;
    ok(delete(&third).await.unwrap()).await;
    let deleted = ok(delete(&second).await.unwrap()).await;
    assert_eq!(deleted, json!({"id": second["id"], "object": "video.deleted", "deleted": true}));
    assert_eq!(job(&gateway, &user, &second["id"]).await["status"], "cancelled");
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&first));
    ok(delete(&second).await.unwrap()).await;
    assert_eq!(ok(gateway.get(&user, "/v1/videos").await).await["data"].as_array().unwrap().len(), 1);
    ended(&gateway, &user, &first["id"]).await;
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_file_that_is_no_clip_is_neither_kept_nor_charged() {
    let body = json!({"id": "up_1", "status": "completed"}).to_string();
    let gateway = Gateway::before(scripted("application/json", body.into()).await).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_failed")));
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert_eq!(gateway.app.assert_sound().await["loss_total"], price(&created));
}

#[tokio::test]
async fn an_unknown_status_does_not_keep_a_job_for_ever() {
    let body = json!({"id": "up_1", "status": "marinating"}).to_string();
    let jobs = Some("poll_min_ms = 2\npoll_max_ms = 4".to_owned());
    let upstream = Some(scripted("application/json", body.into()).await);
    let gateway = Gateway::with(Options { upstream, jobs, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done =
        tokio::time::timeout(Duration::from_secs(20), ended(&gateway, &user, &created["id"])).await.unwrap();
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_lost")));
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_clip_on_another_server_is_not_fetched() {
    let body =
        json!({"job_id": "up_1", "status": "completed", "video_url": "http://169.254.169.254/clip.mp4"});
    let upstream = Some(scripted("application/json", body.to_string().into()).await);
    let gateway = Gateway::with(Options { kind: "generations".into(), upstream, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_failed")));
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_user_with_many_jobs_does_not_keep_another_waiting() {
    let sim = triptych_simulator::Config { video_speed: 100.0, ..triptych_simulator::Config::instant() };
    let provider = "max_video_jobs = 1".to_owned();
    let gateway = Gateway::with(Options { simulator: Some(sim), provider, ..Options::default() }).await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let mut jobs = Vec::new();
    for number in 0..3 {
        jobs.push((&ada, order(&gateway, &ada, clip(&format!("Ada's {number}"))).await));
    }
    reaches(&gateway, &ada, &jobs[0].1["id"], "in_progress").await;
    jobs.push((&bob, order(&gateway, &bob, clip("Bob's")).await));
    for (user, job) in &jobs {
        assert_eq!(ended(&gateway, user, &job["id"]).await["status"], "completed");
    }
    let turns: Vec<_> =
        gateway.billed(BillKind::Video).into_iter().filter_map(|item| item.client_ref).collect();
    let bobs = turns.iter().position(|id| jobs[3].1["id"] == *id.as_str()).unwrap();
    // Ada's first is with the provider or being stored when Bob comes; her last must not be before his.
    assert!(bobs < 3, "{turns:?}");
    gateway.check_books().await;
}

#[tokio::test]
async fn one_user_may_have_only_so_many_jobs() {
    let jobs = Some("poll_min_ms = 20\npoll_max_ms = 100\nmax_queued_per_user = 2".to_owned());
    let sim = triptych_simulator::Config { video_speed: 1.0, ..triptych_simulator::Config::instant() };
    let gateway = Gateway::with(Options { simulator: Some(sim), jobs, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let held =
        price(&order(&gateway, &user, clip("One")).await) + price(&order(&gateway, &user, clip("Two")).await);
    let third = gateway.post(&user, "/v1/videos", clip("Three")).await;
    assert!(third.headers().contains_key("retry-after"));
    refused(third, StatusCode::TOO_MANY_REQUESTS, "rate_limited").await;
    assert_eq!(gateway.balance(&user).await.held.micro(), held);
}

/// Waits until some job is in that state of the gateway's own.
pub(crate) async fn in_state(gateway: &Gateway, state: &str) {
    let mut database = database(gateway).await;
    eventually(state, async || {
        let query = sqlx::query("SELECT 1 FROM job WHERE state = $1").bind(state);
        query.fetch_optional(&mut database).await.unwrap().map(|_| ())
    })
    .await;
}

/// The gateway's own database, to move its clock.
pub(crate) async fn database(gateway: &Gateway) -> sqlx::AnyConnection {
    sqlx::any::install_default_drivers();
    <sqlx::AnyConnection as sqlx::Connection>::connect(&gateway.app.database).await.unwrap()
}
