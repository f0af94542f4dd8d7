use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, Config};

use crate::provider::{Provider, chat_body, values};

/// The smallest thing that begins like a PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn a_response_is_the_same_in_events_and_in_one_piece() {
    let provider = Provider::start(Config::instant()).await;
    let mut body = json!({"model": "gpt-5.4", "input": "Explain tides", "instructions": "Be kind."});
    let whole = provider.post_json("/v1/responses", body.clone()).await;
    assert_eq!((&whole["object"], &whole["status"]), (&json!("response"), &json!("completed")));
    body["stream"] = json!(true);
    let text = provider.post("/v1/responses", body).await.unwrap().text().await.unwrap();
    assert!(text.starts_with("event: response.created\n"));
    let events = values(&text);
    let numbers: Vec<u64> = events.iter().map(|event| event["sequence_number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..events.len() as u64).collect::<Vec<_>>());
    assert_eq!(
        kinds(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    assert_eq!(whole["output"][0]["content"][0]["text"], said);
    let end = &events.last().unwrap()["response"];
    assert_eq!(end["usage"], whole["usage"]);
    let bill = provider.running.bill();
    assert_eq!(bill.items[1].shape, "responses");
    assert_eq!(end["usage"]["output_tokens"], bill.items[1].completion_tokens);
    let count = json!({"model": "gpt-5.4", "input": "Explain tides", "instructions": "Be kind."});
    let count = provider.post_json("/v1/responses/input_tokens", count).await;
    assert_eq!(count["input_tokens"], whole["usage"]["input_tokens"]);
}

#[tokio::test]
async fn reasoning_is_counted_and_uses_up_the_limit() {
    let provider = Provider::start(Config::instant()).await;
    let mut body = chat_body("Explain tides", false);
    body["reasoning_effort"] = json!("low");
    let answer = provider.post_json("/v1/chat/completions", body.clone()).await;
    let usage = &answer["usage"];
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 32);
    assert!(usage["completion_tokens"].as_u64().unwrap() > 32);
    body["max_completion_tokens"] = json!(20);
    let answer = provider.post_json("/v1/chat/completions", body).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "");
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 20);

    let body = json!({
        "model": "gpt-5.4", "input": [{"role": "user", "content": [{"type": "input_text", "text": "Tides?"}]}],
        "reasoning": {"effort": "high"}, "max_output_tokens": 130, "stream": true,
    });
    let events = values(&provider.post("/v1/responses", body).await.unwrap().text().await.unwrap());
    let end = &events.last().unwrap();
    assert_eq!(end["type"], "response.incomplete");
    assert_eq!(end["response"]["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(end["response"]["output"][0]["type"], "reasoning");
    assert_eq!(end["response"]["usage"]["output_tokens"], 130);
    let totals = provider.running.bill().totals;
    assert_eq!(totals.reasoning_tokens, 32 + 20 + 128);
}

#[tokio::test]
async fn a_long_beginning_is_cached_the_second_time() {
    let provider = Provider::start(Config::instant()).await;
    let long = "The tides are long. ".repeat(300);
    let body = json!({"model": "gpt-5.4", "messages": [
        {"role": "system", "content": long}, {"role": "user", "content": "In one word?"},
    ]});
    for cached in [0, 1408] {
        let answer = provider.post_json("/v1/chat/completions", body.clone()).await;
        assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], cached);
    }
    assert_eq!(provider.running.bill().totals.cached_tokens, 1408);
}

#[tokio::test]
async fn a_streamed_image_comes_in_parts_and_then_whole() {
    let provider = Provider::start(Config::instant()).await;
    let body = json!({
        "model": "gpt-image-1.5", "prompt": "a red kite", "size": "64x64", "stream": true, "partial_images": 2,
    });
    let text = provider.post("/v1/images/generations", body.clone()).await.unwrap().text().await.unwrap();
    let events = values(&text);
    assert_eq!(kinds(&events), ["image_generation.partial_image", "image_generation.completed"]);
    assert_eq!((events.len(), &events[1]["partial_image_index"]), (3, &json!(1)));
    assert_ne!(events[0]["b64_json"], events[1]["b64_json"]);
    assert_eq!(events[2]["usage"]["output_tokens"], 4 + 200);
    assert!(events[0].get("usage").is_none());
    let item = &provider.running.bill().items[0];
    assert_eq!((item.kind, item.images, item.completion_tokens), (BillKind::Image, 1, 204));

    let whole = json!({"model": "gpt-image-1.5", "prompt": "a red kite", "size": "64x64"});
    let whole = provider.post_json("/v1/images/generations", whole).await;
    assert_eq!(whole["data"][0]["b64_json"], events[2]["b64_json"]);
}

#[tokio::test]
async fn an_edit_takes_up_to_sixteen_pictures_and_a_mask() {
    let provider = Provider::start(Config::instant()).await;
    let send = async |images: usize, more: &[(&'static str, &'static str)], content: &'static [u8]| {
        let mut form =
            Form::new().text("model", "gpt-image-1.5").text("prompt", "a hat").text("size", "64x64");
        for _ in 0..images {
            form = form.part("image[]", Part::bytes(content).file_name("a.png"));
        }
        for (name, value) in more {
            form = form.text(*name, *value);
        }
        form = form.part("mask", Part::bytes(PNG).file_name("mask.png"));
        provider.client.post(provider.url("/v1/images/edits")).multipart(form).send().await.unwrap()
    };
    let answer: Value = send(2, &[], PNG).await.json().await.unwrap();
    assert_eq!(answer["usage"]["input_tokens_details"]["image_tokens"], 600);
    let text = send(1, &[("stream", "true"), ("partial_images", "1")], PNG).await.text().await.unwrap();
    assert_eq!(kinds(&values(&text)), ["image_edit.partial_image", "image_edit.completed"]);
    for (images, content) in [(0, PNG), (17, PNG), (1, b"<svg>".as_slice())] {
        assert_eq!(send(images, &[], content).await.status(), StatusCode::BAD_REQUEST);
    }
    let bill = provider.running.bill();
    assert_eq!((bill.items[0].shape.as_str(), bill.items[0].input_images), ("image-edits", 2));
    assert_eq!(bill.items.len(), 2);
}

#[tokio::test]
async fn what_is_spoken_can_be_transcribed() {
    let provider = Provider::start(Config::instant()).await;
    let speak = async |format: &str| {
        let body = json!({
            "model": "gpt-4o-mini-tts", "voice": "alloy", "input": "The tide is out.",
            "response_format": format,
        });
        provider.post("/v1/audio/speech", body).await.unwrap()
    };
    for (format, kind, begins) in [
        ("mp3", "audio/mpeg", b"\xff\xfb".as_slice()),
        ("aac", "audio/aac", b"\xff\xf1"),
        ("pcm", "audio/pcm", b""),
    ] {
        let response = speak(format).await;
        assert_eq!(response.headers()["content-type"], kind);
        assert!(response.bytes().await.unwrap().starts_with(begins));
    }
    assert_eq!(speak("opus").await.status(), StatusCode::BAD_REQUEST);
    let wav = speak("wav").await.bytes().await.unwrap();
    let item = &provider.running.bill().items[3];
    assert_eq!((item.kind, item.characters, item.audio_ms), (BillKind::Speech, 16, 960));

    let hear = async |model: &'static str, more: &[(&'static str, &'static str)]| {
        let file = Part::bytes(wav.to_vec()).file_name("a.wav");
        let mut form = Form::new().text("model", model).part("file", file);
        for (name, value) in more {
            form = form.text(*name, *value);
        }
        let call = provider.client.post(provider.url("/v1/audio/transcriptions")).multipart(form);
        call.send().await.unwrap().text().await.unwrap()
    };
    let answer: Value = serde_json::from_str(&hear("gpt-transcribe", &[]).await).unwrap();
    assert_eq!(answer["text"], "The tide is out.");
    assert_eq!((&answer["usage"]["type"], &answer["usage"]["input_tokens"]), (&json!("tokens"), &json!(10)));
    let answer: Value =
        serde_json::from_str(&hear("whisper-1", &[("response_format", "verbose_json")]).await).unwrap();
    assert_eq!(answer["usage"], json!({"type": "duration", "seconds": 1}));
    assert_eq!(answer["duration"], 0.96);
    assert_eq!(hear("whisper-1", &[("response_format", "text")]).await, "The tide is out.\n");
    assert!(hear("whisper-1", &[("response_format", "vtt")]).await.contains("--> 00:00:00.960"));
    let events = values(&hear("gpt-transcribe", &[("stream", "true")]).await);
    assert_eq!(kinds(&events), ["transcript.text.delta", "transcript.text.done"]);
    assert_eq!(events.last().unwrap()["text"], "The tide is out.");
    assert_eq!(provider.running.bill().totals.transcribed_ms, 5 * 960);
}

#[tokio::test]
async fn speech_may_come_as_events() {
    let provider = Provider::start(Config::instant()).await;
    let body = json!({
        "model": "gpt-4o-audio", "voice": "alloy", "input": "The tide is out.", "response_format": "wav",
        "stream_format": "sse",
    });
    let text = provider.post("/v1/audio/speech", body).await.unwrap().text().await.unwrap();
    let events = values(&text);
    assert_eq!(kinds(&events), ["speech.audio.delta", "speech.audio.done"]);
    assert_eq!(events.last().unwrap()["usage"]["output_tokens"], 20);
}

#[tokio::test]
async fn thoughts_tools_and_sources_come_where_they_are_asked_for() {
    let provider = Provider::start(Config::instant()).await;
    let ask = "Explain tides [[with:reasoning]] [[with:tool]] [[with:citations]]";
    let text = provider.chat(ask, true).await.unwrap().text().await.unwrap();
    let events = values(&text);
    let deltas: Vec<&Value> = events.iter().map(|event| &event["choices"][0]["delta"]).collect();
    let join = |of: &dyn Fn(&Value) -> &Value| {
        deltas.iter().filter_map(|delta| of(delta).as_str()).collect::<String>()
    };
    assert!(join(&|delta| &delta["reasoning"]).starts_with("The question"));
    assert_eq!(
        join(&|delta| &delta["tool_calls"][0]["function"]["arguments"]),
        r#"{"city":"Oslo","days":3}"#
    );
    assert!(deltas.iter().any(|delta| delta["annotations"][0]["url_citation"]["url"].is_string()));
    assert!(!join(&|delta| &delta["content"]).contains("[["));
    assert!(events.iter().any(|event| event["choices"][0]["finish_reason"] == "tool_calls"));
    let usage = &events[events.len() - 1]["usage"];
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 14);
    assert_eq!(usage["completion_tokens"], provider.running.bill().items[0].completion_tokens);
    let refusal = provider.chat("Explain tides [[with:refusal]]", true).await.unwrap().text().await.unwrap();
    assert!(
        values(&refusal)
            .iter()
            .all(|event| event["choices"][0]["delta"]["content"].as_str().is_none_or(str::is_empty))
    );
}
