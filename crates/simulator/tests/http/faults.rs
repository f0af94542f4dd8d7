use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value, json};
use triptych_simulator::Config;

use crate::provider::{Provider, chat_body, events, values};

const A_MOMENT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn every_status_comes_with_an_error_and_costs_nothing() {
    let provider = Provider::start(Config::instant()).await;
    for status in [400, 401, 402, 403, 404, 408, 409, 410, 422, 429, 500, 502, 503, 504] {
        let marked = format!("tides [[fault:{status}]]");
        let speech = json!({"model": "gpt-4o-mini-tts", "voice": "alloy", "input": marked});
        let image = json!({"model": "gpt-image-1.5", "prompt": marked, "size": "16x16"});
        for (path, body) in [
            ("/v1/chat/completions", chat_body(&marked, true)),
            ("/v1/responses", json!({"model": "gpt-5.4", "input": marked})),
            ("/v1/images/generations", image),
            ("/v1/audio/speech", speech),
            ("/v1/videos", json!({"prompt": marked})),
            ("/v1/video/generations", json!({"prompt": marked})),
        ] {
            let response = provider.post(path, body).await.unwrap();
            assert_eq!(response.status().as_u16(), status, "{path}");
            assert!(response.json::<Value>().await.unwrap()["error"]["message"].is_string());
        }
        let atlas = json!({"model": "a/b/c", "prompt": marked});
        let response = provider.post("/api/v1/model/generateVideo", atlas).await.unwrap();
        assert!(!response.headers().contains_key("retry-after"));
        assert_eq!(response.json::<Value>().await.unwrap()["code"], status);
    }
    assert!(provider.running.bill().items.is_empty());
    let busy = provider.video("tides [[fault:429-concurrency]]").await.unwrap();
    assert_eq!(busy.json::<Value>().await.unwrap()["error"]["code"], "concurrency_limit_error");
    let later = provider.video("tides [[fault:429=17]]").await.unwrap();
    assert_eq!(later.headers()["retry-after"], "17");
}

#[tokio::test]
async fn work_that_was_done_is_billed_however_its_answer_is_lost() {
    let provider = Provider::start(Config::instant()).await;
    for (count, fault) in ["lost-create", "reset-in-body", "malformed-json", "html"].into_iter().enumerate() {
        let answer = provider.video(&format!("tides [[fault:{fault}]]")).await;
        let whole = match answer {
            Ok(response) => response.bytes().await.ok(),
            Err(_) => None,
        };
        let readable = whole.is_some_and(|whole| serde_json::from_slice::<Value>(&whole).is_ok());
        assert!(!readable, "{fault}");
        let bill = provider.running.bill();
        assert_eq!(bill.items.iter().filter(|item| item.billed).count(), count + 1, "{fault}");
    }
    let nothing = provider.video("tides [[fault:reset]]").await;
    assert!(nothing.is_err() || nothing.unwrap().bytes().await.is_err());
    assert_eq!(provider.running.bill().items.len(), 4);
    let begun = Instant::now();
    provider.video("tides [[fault:slow-create=300]]").await.unwrap();
    assert!(begun.elapsed() >= A_MOMENT);
}

#[tokio::test]
async fn usage_can_be_missing_null_zero_huge_or_cached() {
    let provider = Provider::start(Config::instant()).await;
    let usage = async |fault: &str| {
        let prompt = format!("tides [[fault:{fault}]]");
        let whole: Value = provider.chat(&prompt, false).await.unwrap().json().await.unwrap();
        let text = provider.chat(&prompt, true).await.unwrap().text().await.unwrap();
        let streamed = values(&text).pop().unwrap();
        assert_eq!(whole.get("usage").is_some(), streamed["choices"] == json!([]), "{fault}");
        whole.get("usage").cloned()
    };
    assert_eq!(usage("usage-missing").await, None);
    assert_eq!(usage("usage-null").await, Some(Value::Null));
    let zero = usage("usage-zero").await.unwrap();
    assert_eq!((&zero["prompt_tokens"], &zero["total_tokens"]), (&json!(0), &json!(0)));
    assert_eq!(usage("usage-huge=77").await.unwrap()["completion_tokens"], 77);
    let cached = usage("usage-cached=3").await.unwrap();
    assert_eq!(cached["prompt_tokens_details"]["cached_tokens"], 3);
    // The bill knows the truth.
    assert!(provider.running.bill().items.iter().all(|item| item.completion_tokens > 20));
    for path in ["/v1/responses", "/v1/images/generations"] {
        let body = json!({
            "model": if path == "/v1/responses" { "gpt-5.4" } else { "gpt-image-1.5" }, "size": "16x16",
            "input": "tides [[fault:usage-missing]]", "prompt": "tides [[fault:usage-missing]]",
        });
        assert!(provider.post_json(path, body).await.get("usage").is_none());
    }
}

#[tokio::test]
async fn a_stream_can_go_on_after_something_strange() {
    let provider = Provider::start(Config::instant()).await;
    let stream = async |fault: &str| {
        let prompt = format!("Explain tides [[fault:{fault}]]");
        events(provider.chat(&prompt, true).await.unwrap()).await.0
    };
    let odd = stream("non-json=2").await;
    assert!(odd.iter().filter(|event| serde_json::from_str::<Value>(event).is_err()).count() == 2);
    assert_eq!(odd.last().unwrap(), "[DONE]");
    let halves = stream("surrogates=2").await;
    assert!(halves[3].contains(r#""content":"\ud83c""#) && halves[4].contains(r#""content":"\udfac""#));
    assert_eq!(halves.last().unwrap(), "[DONE]");
    let begun = Instant::now();
    assert_eq!(stream("pause=300").await.last().unwrap(), "[DONE]");
    assert!(begun.elapsed() >= A_MOMENT);
    let prompt = "Explain tides [[fault:pings]]";
    let text = provider.chat(prompt, true).await.unwrap().text().await.unwrap();
    assert!(text.contains("\n\n: ping\n\ndata: "));
}

#[tokio::test]
async fn a_stream_can_stall_or_never_end() {
    let provider = Provider::start(Config::instant()).await;
    let mut stalled = provider.chat("Explain tides [[fault:stall=2]]", true).await.unwrap();
    let silent = async { while stalled.chunk().await.unwrap().is_some() {} };
    assert!(tokio::time::timeout(A_MOMENT, silent).await.is_err());
    assert_eq!(provider.running.bill().items[0].completion_tokens, 2);
    let mut endless = provider.chat("In one word? [[fault:endless]]", true).await.unwrap();
    let mut bytes = 0;
    while bytes < 1_000_000 {
        bytes += endless.chunk().await.unwrap().expect("no end").len();
    }
}

#[tokio::test]
async fn a_response_can_fail_in_two_ways_in_mid_stream() {
    let provider = Provider::start(Config::instant()).await;
    for (fault, kind) in [("error-mid-stream=3", "error"), ("response-failed=3", "response.failed")] {
        let input = format!("Explain tides [[fault:{fault}]]");
        let body = json!({"model": "gpt-5.4", "input": input, "stream": true});
        let text = provider.post("/v1/responses", body).await.unwrap().text().await.unwrap();
        let events = values(&text);
        assert_eq!(events.iter().filter(|event| event["delta"].is_string()).count(), 3);
        assert_eq!(events.last().unwrap()["type"], kind);
    }
}

#[tokio::test]
async fn a_jobs_polls_break_as_its_prompt_says() {
    let provider = Provider::start(Config::instant()).await;
    let job = provider.clip("tides [[fault-once:poll-404]]").await;
    let path = format!("/v1/video/generations/{}", job["job_id"].as_str().unwrap());
    let seen: Vec<u16> = [provider.get(&path).await, provider.get(&path).await]
        .map(|response| response.status().as_u16())
        .to_vec();
    assert_eq!(seen, [404, 200]);

    let job = provider.clip("tides [[fault:unknown-status]]").await;
    assert_eq!(provider.poll(&job).await["status"], "marinating");
    let job = provider.clip("tides [[fault:out-of-order]]").await;
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(provider.poll(&job).await["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(statuses, ["in_progress", "queued", "completed", "in_progress", "completed"]);
    let job = provider.clip("tides [[fault:no-url]]").await;
    let end = provider.poll(&job).await;
    assert!(end["status"] == "completed" && end.get("video_url").is_none() && end.get("error").is_none());

    let begun = Instant::now();
    let job = provider.clip("tides [[fault:slow-poll=300]]").await;
    provider.poll(&job).await;
    assert!(begun.elapsed() >= A_MOMENT);
    let job = provider.clip("tides [[fault:poll-hang]]").await;
    assert!(tokio::time::timeout(A_MOMENT, provider.poll(&job)).await.is_err());
    let job = provider.clip("tides [[fault:poll-malformed-json]]").await;
    let path = format!("/v1/videos/{}", job["job_id"].as_str().unwrap());
    assert!(provider.get(&path).await.json::<Value>().await.is_err());
}

#[tokio::test]
async fn atlas_can_be_done_with_an_error_inside() {
    let provider = Provider::start(Config::instant()).await;
    for (fault, status) in [("job-failed", "failed"), ("done-with-error", "completed")] {
        let body = json!({"model": "a/b/c", "prompt": format!("tides [[fault:{fault}]]")});
        let job = provider.post_json("/api/v1/model/generateVideo", body).await;
        let path = format!("/api/v1/model/prediction/{}", job["data"]["id"].as_str().unwrap());
        let end = provider.get_json(&path).await;
        assert_eq!((&end["data"]["status"], &end["data"]["outputs"]), (&json!(status), &json!([])));
        assert_ne!(end["data"]["error"], "");
    }
}

#[tokio::test]
async fn a_jobs_files_break_as_its_prompt_says() {
    let provider = Provider::start(Config::instant()).await;
    let file = async |fault: &str| {
        let prompt = format!("tides [[fault:{fault}]]");
        let job = json!({"prompt": prompt, "duration": 1, "resolution": "240p"});
        let job = provider.post_json("/v1/video/generations", job).await;
        let end = provider.poll(&job).await;
        provider.client.get(end["video_url"].as_str().unwrap()).send().await.unwrap()
    };
    assert_eq!(file("expired-url").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(file("expired-url=410").await.status(), StatusCode::GONE);
    assert_eq!(file("content-404").await.status(), StatusCode::NOT_FOUND);
    let page = file("content-html").await;
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert!(page.text().await.unwrap().starts_with("<!doctype"));
    let wrong = file("content-type").await;
    assert!(wrong.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert_eq!(&wrong.bytes().await.unwrap()[4..8], b"ftyp");
    let large = file("content-oversize=99000000000").await;
    assert_eq!(large.headers()["content-length"], "99000000000");
    assert!(large.bytes().await.is_err());
    for fault in ["content-truncated", "content-reset-in-body"] {
        assert!(file(fault).await.bytes().await.is_err(), "{fault}");
    }
    let stalled = file("content-stall").await;
    assert!(tokio::time::timeout(A_MOMENT, stalled.bytes()).await.is_err());
}

#[tokio::test]
async fn standing_faults_stay_until_they_are_taken_away() {
    let provider = Provider::start(Config::instant()).await;
    let always =
        json!({"always": [{"route": "lookup", "fault": "500"}, {"route": "video_poll", "fault": "no-url"}]});
    provider.put_faults(always).await;
    let job = provider.clip("tides").await;
    for _ in 0..2 {
        assert_eq!(provider.get("/v1/video/generations").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(provider.poll(&job).await.get("video_url").is_none());
    }
    provider.put_faults(json!({"next": [{"route": "video_content", "fault": "403"}], "always": []})).await;
    let url = provider.poll(&job).await["video_url"].as_str().unwrap().to_owned();
    assert_eq!(provider.client.get(&url).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(provider.client.get(&url).send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(provider.get("/v1/video/generations").await.status(), StatusCode::OK);
    let wrong = json!({"always": [{"route": "chat", "fault": "sulk"}]});
    let refused = provider.client.put(provider.url("/sim/faults")).json(&wrong).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}
