//! The operator's rules: what may be asked for and what may be shown.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::HeaderMap;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use triptych_gateway::webhook;

use crate::app::{Options, POLICY_SECRET, TestApp, ok, refused, spawn_app_with};
use crate::audio::wav;
use crate::support::{chat, events, scripted, streamed};

/// What the judge was asked.
type Asked = Arc<Mutex<Vec<Value>>>;

/// A judge that refuses texts which hold `forbidden`, and all pictures of users called `prude`.
async fn judge() -> (String, Asked) {
    let asked = Asked::default();
    let seen = asked.clone();
    let answer = axum::routing::post(move |headers: HeaderMap, body: Bytes| {
        let seen = seen.clone();
        async move {
            let secret = webhook::Secret::parse(POLICY_SECRET).unwrap();
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            webhook::verify(&[secret], &headers, &body, now.as_secs() as i64).unwrap();
            let question: Value = serde_json::from_slice(&body).unwrap();
            let texts = question["texts"].to_string();
            let prude = question["about"]["user"] == "prude" && question["pictures"] != json!([]);
            seen.lock().unwrap().push(question);
            let allow = !texts.contains("forbidden") && !prude;
            axum::Json(
                json!({"allow": allow, "reason": if allow { Value::Null } else { "house\nrules".into() }}),
            )
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, asked)
}

fn hook(url: &str, more: &str) -> Options {
    let tables = format!("[policy]\nurl = \"{url}\"\nsecret_env = \"POLICY_SECRET\"\n{more}");
    Options { tables, ..Options::default() }
}

async fn refusal(app: &TestApp, response: Response) -> String {
    let error = refused(response, StatusCode::BAD_REQUEST, "content_refused").await;
    app.assert_sound().await;
    error["message"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_word_on_the_list_is_refused_in_every_kind_of_call_and_costs_nothing() {
    let options = Options {
        tables: "[policy]\nwords = \"words.txt\"".into(),
        files: vec![("words.txt", b"# ours\nforbidden fruit\n".to_vec())],
        ..Options::default()
    };
    let app = spawn_app_with(options).await;
    let token = app.user_with("ann", 100).await;
    let before = app.balance(&token).await;
    let text = "give me FORBIDDEN\u{200b} - fruit";
    let video = json!({"model": "sora-2", "prompt": text, "seconds": "4", "size": "1280x720"});
    for (path, body) in [
        ("/v1/chat/completions", chat(text)),
        ("/v1/chat/completions", streamed(text)),
        ("/v1/images/generations", json!({"model": "gpt-image-1.5", "prompt": text})),
        ("/v1/videos", video.clone()),
    ] {
        let message = refusal(&app, app.post(&token, path, &body).await).await;
        assert!(message.starts_with("This request was refused") && !message.contains("fruit"), "{message}");
    }
    let form =
        video.as_object().unwrap().iter().fold(reqwest::multipart::Form::new(), |form, (name, value)| {
            form.text(name.clone(), value.as_str().unwrap().to_owned())
        });
    let request = app.request(reqwest::Method::POST, "/v1/videos").bearer_auth(&token).multipart(form);
    refusal(&app, request.send().await.unwrap()).await;
    assert_eq!(app.balance(&token).await, before);
    assert!(app.simulator.bill().items.is_empty());
    ok(app.post(&token, "/v1/chat/completions", &chat("a forbidden, fruity thing")).await).await;
}

#[tokio::test]
async fn the_judge_hears_who_asks_what_and_its_reason_reaches_the_user() {
    let (url, asked) = judge().await;
    let app = spawn_app_with(hook(&url, "")).await;
    let token = app.user_with("ann", 100).await;
    let message = refusal(&app, app.post(&token, "/v1/chat/completions", &chat("forbidden")).await).await;
    assert_eq!(message, "This request was refused: house rules. Nothing was charged.");
    let about = json!({"tenant": "acme", "user": "ann", "model": "gpt-5.4", "kind": "chat"});
    assert_eq!(
        asked.lock().unwrap().as_slice(),
        [json!({"stage": "before", "about": about, "texts": ["forbidden"], "pictures": []})]
    );
    ok(app.post(&token, "/v1/chat/completions", &chat("hello")).await).await;
    assert_eq!(asked.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn a_picture_or_an_answer_that_is_refused_is_not_shown_and_not_paid() {
    let (url, _) = judge().await;
    let answer = json!({"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "forbidden"}, "finish_reason": "stop"}]});
    let mut options = hook(&url, "");
    options.upstream = Some(scripted("application/json", answer.to_string().into_bytes()).await);
    let app = spawn_app_with(options).await;
    let token = app.user_with("ann", 100).await;
    let message = refusal(&app, app.post(&token, "/v1/chat/completions", &chat("hello")).await).await;
    assert!(message.starts_with("The answer was refused: house rules"), "{message}");
    assert_eq!(app.balance(&token).await, (100_000_000, 0));
    assert!(app.assert_sound().await["loss_total"].as_i64().unwrap() > 0);

    let app = spawn_app_with(hook(&url, "")).await;
    let token = app.user_with("prude", 100).await;
    let body = json!({"model": "gpt-image-1.5", "prompt": "a statue"});
    refusal(&app, app.post(&token, "/v1/images/generations", &body).await).await;
    assert_eq!(app.balance(&token).await, (100_000_000, 0));
    assert_eq!(std::fs::read_dir(app.folder.join("media")).unwrap().count(), 0);
    let estimate = ok(app.post(&token, "/v1/estimate", &body).await).await;
    assert_eq!(app.assert_sound().await["loss_total"], estimate["amount"]);

    // What it looks like on the way is not shown either.
    let body = json!({"model": "gpt-image-1.5", "prompt": "a statue", "stream": true, "partial_images": 2});
    let answer = app.post(&token, "/v1/images/generations", &body).await;
    let text = answer.text().await.unwrap();
    assert!(text.contains("content_refused") && !text.contains("b64_json"), "{text}");
    assert_eq!(app.balance(&token).await, (100_000_000, 0));
    let losses = app.assert_sound().await["loss_total"].as_i64().unwrap();
    assert_eq!(losses, 2 * estimate["amount"].as_i64().unwrap());
}

#[tokio::test]
async fn what_is_to_be_spoken_and_what_was_heard_are_judged_too() {
    let (url, asked) = judge().await;
    let mut options = hook(&url, "");
    options.upstream = Some(scripted("application/json", b"{\"text\": \"a forbidden word\"}".to_vec()).await);
    let app = spawn_app_with(options).await;
    let token = app.user_with("ann", 100).await;
    let speech = json!({"model": "gpt-4o-mini-tts", "input": "forbidden", "voice": "alloy"});
    let message = refusal(&app, app.post(&token, "/v1/audio/speech", &speech).await).await;
    assert!(message.starts_with("This request was refused"), "{message}");
    for (prompt, what) in [("a forbidden name", "This request"), ("a name", "The answer")] {
        let file = reqwest::multipart::Part::bytes(wav()).file_name("a.wav");
        let form = reqwest::multipart::Form::new().text("model", "gpt-transcribe").text("prompt", prompt);
        let request = app.request(reqwest::Method::POST, "/v1/audio/transcriptions").bearer_auth(&token);
        let message = refusal(&app, request.multipart(form.part("file", file)).send().await.unwrap()).await;
        assert!(message.starts_with(&format!("{what} was refused: house rules")), "{message}");
    }
    assert_eq!(app.balance(&token).await, (100_000_000, 0));
    let kinds: Vec<_> = asked
        .lock()
        .unwrap()
        .iter()
        .map(|asked| (asked["stage"].clone(), asked["about"]["kind"].clone()))
        .collect();
    let expected = [
        ("before", "speech"),
        ("before", "transcription"),
        ("before", "transcription"),
        ("after", "transcription"),
    ];
    assert_eq!(kinds, expected.map(|(stage, kind)| (json!(stage), json!(kind))));
}

#[tokio::test]
async fn a_stream_is_cut_before_the_window_that_is_refused_and_costs_nothing() {
    let (url, asked) = judge().await;
    let mut text = String::new();
    let long = "All is well here. ".repeat(20);
    for content in [&long, "Now something ", "forbidden comes. ", &long] {
        let chunk = json!({"id": "x", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": content}}]});
        text.push_str(&format!("data: {chunk}\n\n"));
    }
    text.push_str(
        "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    let mut options = hook(&url, "after = \"stream\"");
    options.upstream = Some(scripted("text/event-stream", text.into_bytes()).await);
    let app = spawn_app_with(options).await;
    let token = app.user_with("ann", 100).await;
    let answer = app.post(&token, "/v1/chat/completions", &streamed("hello")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let text = answer.text().await.unwrap();
    let events = events(&text);
    let last: Value = serde_json::from_str(&events[events.len() - 2]).unwrap();
    assert_eq!(last["error"]["code"], "content_refused", "{text}");
    assert!(last["error"]["message"].as_str().unwrap().contains("house rules"));
    assert_eq!(last["triptych"]["cost"]["charged"], 0);
    assert_eq!(text.matches("All is well").count(), 20, "{text}");
    assert_eq!(app.balance(&token).await, (100_000_000, 0));
    let stages: Vec<_> = asked.lock().unwrap().iter().map(|question| question["stage"].clone()).collect();
    assert_eq!(stages, ["before", "after", "after"]);
    assert!(app.assert_sound().await["loss_total"].as_i64().unwrap() > 0);
}

#[tokio::test]
async fn a_judge_that_does_not_answer_stops_the_sale_unless_told_otherwise() {
    // Nobody listens on the port of a listener that is gone.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let nonsense = scripted("application/json", b"{\"allow\": \"yes\"}".to_vec()).await;
    for url in [format!("http://{gone}"), nonsense] {
        let app = spawn_app_with(hook(&url, "")).await;
        let token = app.user_with("ann", 100).await;
        let answer = app.post(&token, "/v1/chat/completions", &chat("hello")).await;
        refused(answer, StatusCode::SERVICE_UNAVAILABLE, "unavailable").await;
        assert!(app.simulator.bill().items.is_empty());
        assert_eq!(app.balance(&token).await, (100_000_000, 0));
        let app = spawn_app_with(hook(&url, "on_failure = \"allow\"")).await;
        let token = app.user_with("ann", 100).await;
        ok(app.post(&token, "/v1/chat/completions", &chat("hello")).await).await;
    }
}
