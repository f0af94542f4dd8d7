//! Video jobs in both shapes, to each of their ends, across restarts.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{Options, ok, refused};
use crate::support::{GRANT, Gateway, User, eventually};

fn clip(prompt: &str) -> Value {
    json!({"model": "sora-2", "prompt": prompt, "seconds": "5", "size": "1280x720"})
}

async fn order(gateway: &Gateway, user: &User, body: Value) -> Value {
    ok(gateway.post(user, "/v1/videos", body).await).await
}

async fn job(gateway: &Gateway, user: &User, id: &Value) -> Value {
    ok(gateway.get(user, &format!("/v1/videos/{}", id.as_str().unwrap())).await).await
}

async fn ended(gateway: &Gateway, user: &User, id: &Value) -> Value {
    eventually("the job has ended", async || {
        let job = job(gateway, user, id).await;
        (!matches!(job["status"].as_str().unwrap(), "queued" | "in_progress")).then_some(job)
    })
    .await
}

async fn reaches(gateway: &Gateway, user: &User, id: &Value, status: &str) -> Value {
    eventually(status, async || {
        let job = job(gateway, user, id).await;
        (job["status"] == status).then_some(job)
    })
    .await
}

fn price(job: &Value) -> i64 {
    job["cost"]["estimated"].as_i64().unwrap()
}

#[tokio::test]
async fn a_clip_is_made_in_openais_shape_and_costs_what_was_said() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let estimate = ok(gateway.post(&user, "/v1/estimate", clip("Waves")).await).await;
    let response = gateway.post(&user, "/v1/videos", clip("Waves")).await;
    assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    assert!(response.headers().contains_key("openai-poll-after-ms"));
    let created = ok(response).await;
    assert_eq!(created["status"], "queued");
    assert_eq!((&created["seconds"], &created["size"]), (&json!("5"), &json!("1280x720")));
    assert_eq!(created["cost"], json!({"estimated": estimate["amount"], "charged": null}));
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["progress"], 100);
    assert_eq!(done["cost"]["charged"], estimate["amount"]);
    assert!(done["queue_position"].is_null() && done["expires_at"].is_i64());
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    for url in [
        done["url"].as_str().unwrap(),
        &format!("{}/v1/videos/{}/content", gateway.app.url, done["id"].as_str().unwrap()),
    ] {
        let path = url.strip_prefix(&gateway.app.url).unwrap();
        let file = gateway.get(&user, path).await;
        assert_eq!(file.headers()["content-type"], "video/mp4");
        assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp");
    }
    let item = gateway.billed(BillKind::Video).remove(0);
    assert_eq!(item.client_ref.as_deref(), done["id"].as_str());
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_is_made_in_the_shape_of_a_job_queue() {
    for kind in ["openai", "generations"] {
        let gateway = Gateway::with(Options { kind: kind.into(), ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let body = json!({"model": "sora-2", "prompt": "Waves", "duration": 5, "resolution": "480p"});
        let created = ok(gateway.post(&user, "/v1/video/generations", body).await).await;
        assert_eq!(created["job_id"], created["id"]);
        let path = format!("/v1/video/generations/{}", created["job_id"].as_str().unwrap());
        let done = eventually("the job has ended", async || {
            let job = ok(gateway.get(&user, &path).await).await;
            (job["status"] == "completed").then_some(job)
        })
        .await;
        let file = gateway.app.client.get(done["video_url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(&file.bytes().await.unwrap()[4..8], b"ftyp");
        assert_eq!(done["cost"]["charged"], done["cost"]["estimated"]);
        // Both shapes show the same job.
        assert_eq!(job(&gateway, &user, &created["id"]).await["resolution"], "480p");
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn the_form_that_openais_sdks_send_is_understood() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let form = || {
        reqwest::multipart::Form::new().text("model", "sora-2").text("prompt", "Waves").text("seconds", "5")
    };
    let call = gateway.call(&user, Method::POST, "/v1/videos").multipart(form().text("size", "1280x720"));
    let created = ok(call.send().await.unwrap()).await;
    assert_eq!(created["resolution"], "720p");
    let picture = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("a.png");
    let call =
        gateway.call(&user, Method::POST, "/v1/videos").multipart(form().part("input_reference", picture));
    let error = refused(call.send().await.unwrap(), StatusCode::BAD_REQUEST, "invalid_request").await;
    assert_eq!(error["param"], "input_reference");
    ended(&gateway, &user, &created["id"]).await;
}

#[tokio::test]
async fn a_failed_job_gives_its_hold_back_and_says_why() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for fault in ["job-failed", "done-with-error", "500"] {
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
async fn a_lost_submission_is_given_up_at_its_deadline() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Video, &["lost-create"]);
    let created = order(&gateway, &user, clip("Waves")).await;
    let mut database = database(&gateway).await;
    eventually("the submission was lost", async || {
        let row = sqlx::query("SELECT 1 FROM job WHERE state = 'indeterminate'")
            .fetch_optional(&mut database)
            .await;
        row.unwrap().map(|_| ())
    })
    .await;
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
        eventually("the provider has the job", async || {
            let row =
                sqlx::query("SELECT 1 FROM job WHERE state = 'running'").fetch_optional(&mut database).await;
            row.unwrap().map(|_| ())
        })
        .await;
        sqlx::query("UPDATE job SET deadline_at = 1, due_at = 1").execute(&mut database).await.unwrap();
        gateway.app.restart().await;
        let user = gateway.user("ada").await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], status, "{done}");
        let cost = if status == "completed" { price(&done) } else { 0 };
        assert_eq!(gateway.settled(&user).await, GRANT - cost);
    }
}

/// The gateway's own file, to move its clock.
async fn database(gateway: &Gateway) -> sqlx::SqliteConnection {
    let file = gateway.app.folder.join("triptych.db");
    <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("sqlite:{}", file.display()))
        .await
        .unwrap()
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
    let mut database = database(&gateway).await;
    eventually("the provider has the job", async || {
        let row =
            sqlx::query("SELECT 1 FROM job WHERE state = 'running'").fetch_optional(&mut database).await;
        row.unwrap().map(|_| ())
    })
    .await;
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
async fn a_job_is_nobody_elses() {
    let gateway = Gateway::start().await;
    let (user, stranger) = (gateway.user("ada").await, gateway.user("eve").await);
    let created = order(&gateway, &user, clip("Waves")).await;
    let id = created["id"].as_str().unwrap();
    ended(&gateway, &user, &created["id"]).await;
    for path in [
        format!("/v1/videos/{id}"),
        format!("/v1/videos/{id}/content"),
        format!("/v1/video/generations/{id}"),
    ] {
        refused(gateway.get(&stranger, &path).await, StatusCode::NOT_FOUND, "not_found").await;
    }
    let delete = gateway.call(&stranger, Method::DELETE, &format!("/v1/videos/{id}")).send().await.unwrap();
    refused(delete, StatusCode::NOT_FOUND, "not_found").await;
    assert_eq!(ok(gateway.get(&stranger, "/v1/videos").await).await["data"], json!([]));
    assert_eq!(ok(gateway.get(&user, "/v1/videos").await).await["data"][0]["id"], created["id"]);
}

#[tokio::test]
async fn jobs_are_listed_newest_first_in_pages() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.insert(0, order(&gateway, &user, clip(&format!("Clip {number}"))).await["id"].clone());
    }
    let first = ok(gateway.get(&user, "/v1/videos?limit=2").await).await;
    assert_eq!(first["has_more"], true);
    let page = |list: &Value| {
        list["data"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(page(&first), ids[..2]);
    let after = format!("/v1/videos?limit=2&after={}", ids[1].as_str().unwrap());
    let rest = ok(gateway.get(&user, &after).await).await;
    assert_eq!((page(&rest), &rest["has_more"]), (ids[2..].to_vec(), &json!(false)));
}

#[tokio::test]
async fn a_repeated_order_is_the_same_job() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let call = || {
        let call = gateway.call(&user, Method::POST, "/v1/videos").header("idempotency-key", "click");
        call.json(&clip("Waves")).send()
    };
    let (one, two) = tokio::join!(call(), call());
    let (one, two) = (ok(one.unwrap()).await, ok(two.unwrap()).await);
    assert_eq!(one["id"], two["id"]);
    let done = ended(&gateway, &user, &one["id"]).await;
    assert_eq!(ok(call().await.unwrap()).await["id"], one["id"]);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
}

#[tokio::test]
async fn a_clip_that_the_balance_does_not_cover_is_not_ordered() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut held = 0;
    loop {
        let body = json!({"model": "sora-2-pro", "prompt": "Long", "duration": 10, "resolution": "1080p"});
        let response = gateway.post(&user, "/v1/videos", body).await;
        if response.status() != 200 {
            let error = refused(response, StatusCode::PAYMENT_REQUIRED, "insufficient_credits").await;
            assert!(error["needed"].as_i64().unwrap() > GRANT - held);
            break;
        }
        held += price(&ok(response).await);
        assert!(held <= GRANT);
    }
    assert_eq!(gateway.settled(&user).await, GRANT - held);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_file_that_is_no_clip_is_neither_kept_nor_charged() {
    let body = json!({"id": "up_1", "status": "completed"}).to_string();
    let gateway = Gateway::before(crate::support::scripted("application/json", body.into()).await).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_failed")));
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn an_unknown_status_does_not_keep_a_job_for_ever() {
    let body = json!({"id": "up_1", "status": "marinating"}).to_string();
    let jobs = Some("poll_min_ms = 2\npoll_max_ms = 4".to_owned());
    let upstream = Some(crate::support::scripted("application/json", body.into()).await);
    let gateway = Gateway::with(Options { upstream, jobs, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done =
        tokio::time::timeout(Duration::from_secs(20), ended(&gateway, &user, &created["id"])).await.unwrap();
    assert_eq!((&done["status"], &done["error"]["code"]), (&json!("failed"), &json!("upstream_lost")));
    assert_eq!(gateway.settled(&user).await, GRANT);
}
