use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, Config, Creates, Dialect};

use crate::provider::Provider;

const ATLAS: &str = "bytedance/seedance-2.0/text-to-video";

#[tokio::test]
async fn both_vocabularies_of_the_short_shape_are_spoken() {
    for (dialect, begun, done) in
        [(Dialect::NewApi, "queued", "completed"), (Dialect::NewApiOlder, "processing", "succeeded")]
    {
        let provider = Provider::start(Config { dialect, video_speed: 0.01, ..Config::default() }).await;
        assert_eq!(provider.clip("waves").await["status"], begun);
        let provider = Provider::start(Config { dialect, ..Config::instant() }).await;
        let job = provider.clip("waves").await;
        assert!(job.get("job_id").is_none());
        let end = provider.poll(&job).await;
        assert_eq!((&end["status"], &end["format"]), (&json!(done), &json!("mp4")));
        assert_eq!(end["metadata"]["duration"], 5);
        let file = provider.client.get(end["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(file.headers()["content-type"], "video/mp4");
    }
}

#[tokio::test]
async fn atlas_answers_in_its_envelope_and_links_to_another_origin() {
    let config = Config { files_addr: Some("127.0.0.1:0".parse().unwrap()), ..Config::instant() };
    let provider = Provider::start(config).await;
    let upload = Form::new().part("file", Part::bytes(b"\x89PNG".as_slice()).file_name("a.png"));
    let upload = provider.client.post(provider.url("/api/v1/model/uploadMedia")).multipart(upload);
    let upload: Value = upload.send().await.unwrap().json().await.unwrap();
    let origin = format!("http://{}/", provider.running.files_addr.unwrap());
    let image = upload["data"]["download_url"].as_str().unwrap();
    assert!(image.starts_with(&origin), "{image}");
    let image_file = provider.client.get(image).send().await.unwrap();
    assert_eq!(image_file.headers()["content-type"], "image/png");

    let body =
        json!({"model": ATLAS, "prompt": "waves", "duration": 5, "resolution": "480p", "image": image});
    let job = provider.post_json("/api/v1/model/generateVideo", body).await;
    assert_eq!(job["code"], 200);
    let path = format!("/api/v1/model/prediction/{}", job["data"]["id"].as_str().unwrap());
    let end = provider.get_json(&path).await;
    assert_eq!(end["data"]["status"], "completed");
    let url = end["data"]["outputs"][0].as_str().unwrap();
    assert!(url.starts_with(&origin), "{url}");
    let file = provider.client.get(url).send().await.unwrap();
    assert_eq!(file.headers()["content-type"], "video/mp4");
    let api = format!("{origin}v1/models");
    assert_eq!(provider.client.get(api).send().await.unwrap().status(), StatusCode::NOT_FOUND);

    let body = json!({
        "model": "openai/gpt-image-2/text-to-image", "prompt": "a kite", "size": "128*64", "n": 2,
    });
    let job = provider.post_json("/api/v1/model/generateImage", body).await;
    let path = format!("/api/v1/model/prediction/{}", job["data"]["id"].as_str().unwrap());
    let end = provider.get_json(&path).await;
    let file = provider.client.get(end["data"]["outputs"][1].as_str().unwrap()).send().await.unwrap();
    assert!(file.bytes().await.unwrap().starts_with(b"\x89PNG"));
    let bill = provider.running.bill();
    let kinds: Vec<(BillKind, &str)> =
        bill.items.iter().map(|item| (item.kind, item.shape.as_str())).collect();
    assert_eq!(kinds, [(BillKind::Video, "atlas"), (BillKind::Image, "atlas")]);

    let gone = provider.get("/api/v1/model/prediction/none").await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(gone.json::<Value>().await.unwrap()["code"], 404);
    let models = provider.get_json("/api/v1/models").await;
    assert_eq!(models["data"][0]["model"], ATLAS);
}

#[tokio::test]
async fn a_job_is_found_again_by_the_clients_own_reference() {
    let provider = Provider::start(Config::instant()).await;
    let body = |client_ref: &str| json!({"model": "sora-2", "prompt": "waves", "external_task_id": client_ref, "duration": 4});
    let job = provider.post_json("/v1/video/generations", body("a-1")).await;
    provider.post_json("/v1/video/generations", body("a-2")).await;
    let found = provider.get_json("/v1/video/generations?external_task_id=a-1").await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["data"][0]["job_id"], job["job_id"]);
    let found = provider.get_json("/api/v1/model/predictions?external_task_id=a-1").await;
    assert_eq!(found["data"][0]["id"], job["job_id"]);
    let none = provider.get_json("/v1/video/generations?external_task_id=a-3").await;
    assert_eq!(none["data"], json!([]));

    let mut refused = body("a-1");
    refused["seconds"] = json!(99);
    let refused = provider.post("/v1/video/generations", refused).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let creates = provider.running.bill().creates;
    assert_eq!(creates["a-1"], Creates { received: 2, accepted: 1, billed: 1 });
}

#[tokio::test]
async fn the_bill_names_the_caller_the_key_and_the_attempt() {
    let provider = Provider::start(Config::instant()).await;
    let call = provider.client.post(provider.url("/v1/videos")).header("x-client-ref", "job-7");
    let call = call.header("idempotency-key", "key-7").header("x-stainless-retry-count", "1");
    let form = Form::new().text("prompt", "waves").text("seconds", "4").text("size", "1280x720");
    call.multipart(form).send().await.unwrap();
    let item = provider.running.bill().items.remove(0);
    assert_eq!(item.client_ref.as_deref(), Some("job-7"));
    assert_eq!(item.idempotency_key.as_deref(), Some("key-7"));
    assert_eq!(item.attempt.as_deref(), Some("1"));
    // A header is for the bill; nothing can be found by it.
    let found = provider.get_json("/v1/video/generations?external_task_id=job-7").await;
    assert_eq!(found["data"], json!([]));
}

#[tokio::test]
async fn a_cancelled_job_costs_nothing_unless_it_is_done() {
    let provider = Provider::start(Config { video_speed: 0.01, ..Config::default() }).await;
    let cancel = async |job: &Value| {
        let path = format!("/v1/video/generations/{}/cancel", job["job_id"].as_str().unwrap());
        provider.post(&path, json!({})).await.unwrap()
    };
    let job = provider.clip("waves").await;
    let answer: Value = cancel(&job).await.json().await.unwrap();
    assert_eq!(answer["status"], "cancelled");
    assert_eq!(provider.poll(&job).await["status"], "cancelled");
    assert_eq!(cancel(&job).await.status(), StatusCode::CONFLICT);

    let stays = provider.clip("waves [[fault:cancel-too-late]]").await;
    assert_eq!(cancel(&stays).await.status(), StatusCode::CONFLICT);
    let path = format!("/v1/videos/{}", stays["job_id"].as_str().unwrap());
    let kept = provider.client.delete(provider.url(&path)).send().await.unwrap();
    assert_eq!(kept.status(), StatusCode::CONFLICT);
    assert_eq!(provider.poll(&stays).await["status"], "queued");
    let dear = provider.clip("waves [[fault:cancel-billed]]").await;
    assert_eq!(cancel(&dear).await.status(), StatusCode::OK);
    let billed: Vec<bool> = provider.running.bill().items.iter().map(|item| item.billed).collect();
    assert_eq!(billed, [false, true, true]);
}

#[tokio::test]
async fn a_remix_and_a_thumbnail_are_made_of_a_finished_video() {
    let provider = Provider::start(Config::instant()).await;
    let video = provider.post_json("/v1/videos", json!({"prompt": "waves", "seconds": "8"})).await;
    let path = format!("/v1/videos/{}", video["id"].as_str().unwrap());
    let response = provider.get(&path).await;
    assert!(response.headers()["openai-poll-after-ms"].to_str().unwrap().parse::<u64>().unwrap() >= 500);
    let thumbnail = provider.get(&format!("{path}/content?variant=thumbnail")).await;
    assert_eq!(thumbnail.headers()["content-type"], "image/png");
    let remix = provider.post_json(&format!("{path}/remix"), json!({"prompt": "more waves"})).await;
    assert_eq!((&remix["remixed_from_video_id"], &remix["seconds"]), (&video["id"], &json!("8")));
    let list = provider.get_json("/v1/videos?order=asc&limit=1").await;
    assert_eq!((&list["data"][0]["id"], &list["has_more"]), (&video["id"], &json!(true)));
}

#[tokio::test]
async fn the_most_jobs_at_once_are_remembered() {
    let provider =
        Provider::start(Config { max_concurrent_videos: 3, video_speed: 0.01, ..Config::default() }).await;
    for _ in 0..5 {
        provider.video("waves").await.unwrap();
    }
    let videos = provider.running.simulator().stats().videos;
    assert_eq!((videos.running, videos.high_water, videos.accepted, videos.refused), (3, 3, 3, 2));
    assert_eq!(provider.get_json("/sim/stats").await["requests"]["video"], 5);
    provider.client.delete(provider.url("/sim/stats")).send().await.unwrap();
    let videos = provider.running.simulator().stats().videos;
    assert_eq!((videos.high_water, videos.accepted), (3, 0));
}
