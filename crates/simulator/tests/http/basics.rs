use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use triptych_simulator::{BillKind, Config};

use crate::provider::{Provider, chat_body, content, events};

#[tokio::test]
async fn a_streamed_answer_ends_with_usage_that_equals_the_bill() {
    let provider = Provider::start(Config::instant()).await;
    let response = provider.chat("How do I brew tea?", true).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    let (events, clean) = events(response).await;
    assert!(clean);
    let parsed = |at: usize| serde_json::from_str::<Value>(&events[at]).unwrap();
    assert_eq!(parsed(0)["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(parsed(events.len() - 3)["choices"][0]["finish_reason"], "stop");
    let usage = parsed(events.len() - 2);
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(events.last().unwrap(), "[DONE]");
    let item = &provider.running.bill().items[0];
    assert_eq!(usage["usage"]["completion_tokens"], item.completion_tokens);
    assert_eq!(usage["usage"]["prompt_tokens"], item.prompt_tokens);
    assert_eq!(content(&events).len() as u64, item.completion_tokens);
    assert_eq!(item.prompt_tokens, 2 + 4 + 5 + 4);

    let whole: Value = provider.chat("How do I brew tea?", false).await.unwrap().json().await.unwrap();
    assert_eq!(whole["choices"][0]["message"]["content"], content(&events).concat());
}

#[tokio::test]
async fn a_token_limit_cuts_the_answer_and_says_so() {
    let provider = Provider::start(Config::instant()).await;
    let mut body = chat_body("How do I brew tea?", false);
    body["max_completion_tokens"] = json!(7);
    let answer: Value = provider.post("/v1/chat/completions", body).await.unwrap().json().await.unwrap();
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 7);
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_answer_and_pays_for_what_was_sent() {
    let config = Config { tokens_per_second: 50.0, ..Config::instant() };
    let provider = Provider::start(config).await;
    let mut response = provider.chat("A long essay about tides", true).await.unwrap();
    response.chunk().await.unwrap();
    drop(response);
    let simulator = provider.running.simulator().clone();
    drop(provider.client);
    // It would have gone on for half a minute.
    let stopped = tokio::time::timeout(Duration::from_secs(10), provider.running.shutdown()).await;
    stopped.expect("the answer has stopped").unwrap();
    assert!(simulator.bill().items[0].completion_tokens < 500);
}

#[tokio::test]
async fn images_have_the_size_asked_for_and_differ() {
    let provider = Provider::start(Config::instant()).await;
    let body = json!({"model": "gpt-image-1.5", "prompt": "a red kite", "n": 2, "size": "320x200"});
    let answer: Value = provider.post("/v1/images/generations", body).await.unwrap().json().await.unwrap();
    assert_eq!(answer["output_format"], "png");
    assert_ne!(answer["data"][0]["b64_json"], answer["data"][1]["b64_json"]);
    use base64::Engine;
    let file = base64::engine::general_purpose::STANDARD;
    let file = file.decode(answer["data"][0]["b64_json"].as_str().unwrap()).unwrap();
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (320, 200));
    let item = &provider.running.bill().items[0];
    assert_eq!((item.kind, item.images, item.size.as_deref()), (BillKind::Image, 2, Some("320x200")));

    let body = json!({"model": "gpt-image-1.5", "prompt": "a red kite", "size": "9000x1"});
    let refused = provider.post("/v1/images/generations", body).await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["param"], "size");
}

#[tokio::test]
async fn a_job_of_the_short_shape_ends_with_an_address_of_its_clip() {
    let provider = Provider::start(Config::instant()).await;
    let body = json!({
        "model": "sora-2-pro", "prompt": "waves", "duration": 20, "resolution": "1080p", "aspect_ratio": "9:16",
    });
    let job: Value = provider.post("/v1/video/generations", body).await.unwrap().json().await.unwrap();
    let done = provider.get_json(&format!("/v1/video/generations/{}", job["job_id"].as_str().unwrap())).await;
    assert_eq!((&done["status"], &done["progress"]), (&json!("completed"), &json!(100)));
    let url = done["video_url"].as_str().unwrap();
    let response = provider.client.get(url).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "video/mp4");
    let file = response.bytes().await.unwrap();
    let (timescale, duration, width, height) = measure(&file);
    assert_eq!(duration, timescale * 20);
    assert_eq!(width * 16, height * 9);
    let item = &provider.running.bill().items[0];
    assert_eq!((item.seconds, item.resolution.as_deref(), item.billed), (20, Some("1080p"), true));
}

#[tokio::test]
async fn the_openai_shape_takes_forms_and_serves_ranges() {
    let provider = Provider::start(Config::instant()).await;
    let form = reqwest::multipart::Form::new()
        .text("model", "sora-2")
        .text("prompt", "waves")
        .text("seconds", "8")
        .text("size", "1280x720");
    let sent =
        provider.client.post(provider.url("/v1/videos")).header("idempotency-key", "once").multipart(form);
    let video: Value = sent.send().await.unwrap().json().await.unwrap();
    assert_eq!((&video["object"], &video["seconds"]), (&json!("video"), &json!("8")));
    assert_eq!(provider.running.bill().items[0].client_ref.as_deref(), Some("once"));
    let path = format!("/v1/videos/{}", video["id"].as_str().unwrap());
    assert_eq!(provider.get_json(&path).await["status"], "completed");

    let whole = provider.get(&format!("{path}/content")).await.bytes().await.unwrap();
    let part = provider.client.get(provider.url(&format!("{path}/content"))).header("range", "bytes=4-7");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.headers()["content-range"], format!("bytes 4-7/{}", whole.len()));
    assert_eq!(&part.bytes().await.unwrap()[..], b"ftyp");

    assert_eq!(provider.get_json("/v1/videos").await["data"][0]["id"], video["id"]);
    let deleted: Value =
        provider.client.delete(provider.url(&path)).send().await.unwrap().json().await.unwrap();
    assert_eq!(deleted["deleted"], true);
    assert_eq!(provider.get(&path).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_job_too_many_is_told_when_to_come_back() {
    let config = Config { max_concurrent_videos: 1, ..Config::default() };
    let provider = Provider::start(config).await;
    assert_eq!(provider.video("one").await.unwrap().status(), StatusCode::OK);
    let refused = provider.video("two").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=45).contains(&wait));
    assert_eq!(provider.running.bill().items.len(), 1);
}

#[tokio::test]
async fn a_key_is_required_once_it_is_set() {
    let config = Config { api_key: Some("right".into()), ..Config::instant() };
    let provider = Provider::start(config).await;
    let refused = provider.get("/v1/models").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.headers().contains_key("x-request-id"));
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "invalid_api_key");
    let let_in = provider.client.get(provider.url("/v1/models")).bearer_auth("right").send().await.unwrap();
    let models: Value = let_in.json().await.unwrap();
    let ids: Vec<&str> =
        models["data"].as_array().unwrap().iter().filter_map(|model| model["id"].as_str()).collect();
    assert_eq!(
        ids[..6],
        ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio", "gpt-image-1.5", "sora-2", "sora-2-pro"]
    );
}

#[tokio::test]
async fn refusals_come_by_header_marker_and_queue_and_cost_nothing() {
    let provider = Provider::start(Config::instant()).await;
    let call = provider.client.post(provider.url("/v1/chat/completions")).header("x-sim-fault", "429");
    let refused = call.json(&chat_body("hello there", true)).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers()["retry-after"], "1");

    let prompt = "Explain tides [[fault-once:500]]";
    assert_eq!(provider.chat(prompt, true).await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(provider.running.bill().items.is_empty());
    let (after, _) = events(provider.chat(prompt, true).await.unwrap()).await;
    assert!(!content(&after).concat().contains("fault"));

    let queue = json!({"next": [{"route": "video", "fault": "500"}, {"route": "chat", "fault": "429"}]});
    provider.client.put(provider.url("/sim/faults")).json(&queue).send().await.unwrap();
    assert_eq!(provider.chat("tides", false).await.unwrap().status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(provider.chat("tides", false).await.unwrap().status(), StatusCode::OK);
    assert_eq!(provider.video("tides").await.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(provider.get_json("/sim/faults").await, json!({"next": [], "always": []}));
}

#[tokio::test]
async fn a_stream_can_break_in_three_ways_after_so_many_tokens() {
    let provider = Provider::start(Config::instant()).await;
    let broken = async |fault: &str| {
        let prompt = format!("Explain tides [[fault:{fault}]]");
        events(provider.chat(&prompt, true).await.unwrap()).await
    };
    let (reset, clean) = broken("reset=3").await;
    assert!(!clean);
    assert_eq!(content(&reset).len(), 3);

    let (error, clean) = broken("error-mid-stream=4").await;
    assert!(clean);
    assert_eq!(content(&error).len(), 4);
    let last: Value = serde_json::from_str(error.last().unwrap()).unwrap();
    assert_eq!(last["error"]["type"], "server_error");

    let (truncated, clean) = broken("truncate=2").await;
    assert!(clean);
    assert_eq!(content(&truncated).len(), 2);
    assert!(!truncated.iter().any(|event| event.contains("stop") || event == "[DONE]"));

    let sent: Vec<u64> = provider.running.bill().items.iter().map(|item| item.completion_tokens).collect();
    assert_eq!(sent, [3, 4, 2]);
}

#[tokio::test]
async fn a_lost_create_has_made_and_billed_the_job() {
    let provider = Provider::start(Config::instant()).await;
    let lost = match provider.video("tides [[fault:lost-create]]").await {
        Ok(response) => response.bytes().await.is_err(),
        Err(_) => true,
    };
    assert!(lost);
    let item = provider.running.bill().items[0].clone();
    assert!(item.billed);
    assert_eq!(provider.get_json("/v1/videos").await["data"][0]["id"], item.id.as_str());
}

#[tokio::test]
async fn a_failed_job_says_why_and_is_not_billed() {
    let provider = Provider::start(Config::instant()).await;
    for (fault, status) in [("job-failed", "failed"), ("done-with-error", "completed")] {
        let job: Value =
            provider.video(&format!("tides [[fault:{fault}]]")).await.unwrap().json().await.unwrap();
        let id = job["job_id"].as_str().unwrap();
        let end = provider.get_json(&format!("/v1/video/generations/{id}")).await;
        assert_eq!(end["status"], status);
        assert_eq!(end["error"]["code"], "generation_failed");
        assert!(end.get("video_url").is_none());
        assert_eq!(provider.get(&format!("/v1/videos/{id}/content")).await.status(), StatusCode::NOT_FOUND);
    }
    let bill = provider.get_json("/sim/bill").await;
    assert_eq!(bill["items"][0]["billed"], false);
    assert_eq!(bill["totals"]["videos"], 0);
    provider.client.delete(provider.url("/sim/bill")).send().await.unwrap();
    assert!(provider.running.bill().items.is_empty());
}

/// Time units a second, duration in them, width and height, read from an MP4's own index.
fn measure(file: &[u8]) -> (u32, u32, u32, u32) {
    let word = |at: usize| u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    let find = |name: &[u8; 4]| file.windows(4).position(|window| window == name).unwrap();
    let (mvhd, tkhd) = (find(b"mvhd"), find(b"tkhd"));
    (word(mvhd + 16), word(mvhd + 20), word(tkhd + 80) >> 16, word(tkhd + 84) >> 16)
}
