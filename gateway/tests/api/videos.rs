//! Video jobs as a client sees them, in both shapes.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::BillKind;

use crate::app::{Options, ok, refused};
use crate::support::{GRANT, Gateway, User, eventually};

pub(crate) fn clip(prompt: &str) -> Value {
    json!({"model": "sora-2", "prompt": prompt, "seconds": "5", "size": "1280x720"})
}

pub(crate) async fn order(gateway: &Gateway, user: &User, body: Value) -> Value {
    ok(gateway.post(user, "/v1/videos", body).await).await
}

pub(crate) async fn job(gateway: &Gateway, user: &User, id: &Value) -> Value {
    ok(gateway.get(user, &format!("/v1/videos/{}", id.as_str().unwrap())).await).await
}

pub(crate) async fn ended(gateway: &Gateway, user: &User, id: &Value) -> Value {
    eventually("the job has ended", async || {
        let job = job(gateway, user, id).await;
        (!matches!(job["status"].as_str().unwrap(), "queued" | "in_progress")).then_some(job)
    })
    .await
}

pub(crate) async fn reaches(gateway: &Gateway, user: &User, id: &Value, status: &str) -> Value {
    eventually(status, async || {
        let job = job(gateway, user, id).await;
        (job["status"] == status).then_some(job)
    })
    .await
}

pub(crate) fn price(job: &Value) -> i64 {
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
    let picture = reqwest::multipart::Part::bytes(vec![1; 2 << 20]).file_name("a.png");
    let call =
        gateway.call(&user, Method::POST, "/v1/videos").multipart(form().part("input_reference", picture));
    let error = refused(call.send().await.unwrap(), StatusCode::BAD_REQUEST, "invalid_request").await;
    assert_eq!(error["param"], "input_reference");
    let call =
        gateway.call(&user, Method::POST, "/v1/videos").multipart(form().text("size", "9".repeat(1 << 20)));
    refused(call.send().await.unwrap(), StatusCode::PAYLOAD_TOO_LARGE, "too_large").await;
    ended(&gateway, &user, &created["id"]).await;
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
async fn a_clip_that_its_owner_has_deleted_is_gone() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    let link = done["url"].as_str().unwrap();
    assert_eq!(gateway.app.client.get(link).send().await.unwrap().status(), 200);
    let path = format!("/v1/videos/{}", done["id"].as_str().unwrap());
    ok(gateway.call(&user, Method::DELETE, &path).send().await.unwrap()).await;
    refused(gateway.get(&user, &path).await, StatusCode::NOT_FOUND, "not_found").await;
    refused(gateway.app.client.get(link).send().await.unwrap(), StatusCode::NOT_FOUND, "not_found").await;
    gateway.check_books().await;
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
async fn a_clip_has_a_picture_where_its_provider_makes_one() {
    for (kind, status) in [("openai", 200), ("generations", 400)] {
        let gateway = Gateway::with(Options { kind: kind.into(), ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        ended(&gateway, &user, &created["id"]).await;
        let path = format!("/v1/videos/{}/content?variant=thumbnail", created["id"].as_str().unwrap());
        let picture = gateway.get(&user, &path).await;
        assert_eq!(picture.status(), status, "{kind}");
        if status == 200 {
            assert!(picture.headers()["content-type"].to_str().unwrap().starts_with("image/"));
        }
        let other = gateway.user("bob").await;
        assert_eq!(gateway.get(&other, &path).await.status(), 404);
    }
}

#[tokio::test]
async fn a_clip_that_came_out_shorter_costs_the_seconds_that_came() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("[[fault:short-clip=3]] Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(done["cost"], json!({"estimated": price(&created), "charged": price(&created) * 3 / 5}));
    assert_eq!(gateway.settled(&user).await, GRANT - price(&created) * 3 / 5);
    assert_eq!(gateway.app.charges().await[0]["seconds"], 3);
    // A provider that says that it made more than was ordered is not paid for it.
    let created = order(&gateway, &user, clip("[[fault:short-clip=9]] Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["cost"]["charged"], done["cost"]["estimated"]);
    gateway.settled(&user).await;
    gateway.check_books().await;
}
