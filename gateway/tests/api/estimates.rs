use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{ok, refused, spawn_app};

#[tokio::test]
async fn the_catalogue_is_served_with_what_forms_and_prices_need() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let models = ok(app.get(&token, "/v1/models").await).await;
    let list: triptych_protocol::ModelList = serde_json::from_value(models.clone()).unwrap();
    let ids: Vec<&str> = list.data.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(
        ids[..6],
        ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio", "gpt-image-1.5", "sora-2", "sora-2-pro"]
    );
    let sora = &list.data[4].triptych;
    assert!(["resolution", "aspect_ratio", "duration"].iter().all(|name| sora.parameter(name).is_some()));
    assert_eq!(ok(app.get(&token, "/v1/models/sora-2").await).await, models["data"][4]);
    refused(app.get(&token, "/v1/models/sora-9").await, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn an_estimate_needs_no_credits_and_holds_none() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let estimate = async |body: Value| ok(app.post(&token, "/v1/estimate", &body).await).await;
    let clip = json!({"model": "sora-2", "prompt": "x", "duration": 10, "resolution": "1080p"});
    assert_eq!(estimate(clip).await, json!({"amount": 75_000_000, "bound": "exact", "price_version": 1}));
    let picture = json!({"model": "gpt-image-1.5", "prompt": "x", "n": 2});
    assert_eq!(estimate(picture).await["amount"], 4_000_000);
    let chat = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(estimate(chat).await["bound"], "at_most");
    let wrong = json!({"model": "sora-2", "prompt": "x", "duration": 1000});
    let error =
        refused(app.post(&token, "/v1/estimate", &wrong).await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_eq!(error.await["param"], "duration");
    assert_eq!(app.balance(&token).await, (0, 0));
    assert!(app.charges().await.is_empty());
}

#[tokio::test]
async fn every_kind_of_call_can_be_estimated() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    for (body, amount, bound) in [
        (json!({"model": "gpt-4o-mini-tts", "input": "Hello.", "voice": "alloy"}), 4_500, "exact"),
        (json!({"model": "gpt-transcribe", "seconds": 90}), 450_000, "at_most"),
        (json!({"model": "gpt-transcribe", "bytes": 60_000, "format": "mp3"}), 300_000, "at_most"),
        (json!({"model": "gpt-image-1.5", "prompt": "x", "input_images": 2}), 2_000_000, "exact"),
        (
            json!({"model": "sora-2-pro", "prompt": "x", "seconds": "4", "size": "1280x720"}),
            60_000_000,
            "exact",
        ),
    ] {
        let estimate = ok(app.post(&token, "/v1/estimate", &body).await).await;
        assert_eq!((&estimate["amount"], &estimate["bound"]), (&json!(amount), &json!(bound)), "{body}");
    }
}

#[tokio::test]
async fn a_long_prompt_is_estimated_by_its_tokens() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let text = " word".repeat(20_000);
    let body = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": text}], "max_tokens": 1});
    let estimate = ok(app.post(&token, "/v1/estimate", &body).await).await;
    assert_eq!((&estimate["prompt_tokens"], &estimate["max_completion_tokens"]), (&json!(20_072), &json!(1)));
    assert_eq!(estimate["amount"], 20_072 * 500 + 750);
}

#[tokio::test]
async fn a_small_balance_gets_a_shorter_answer_and_the_estimate_says_so() {
    let app = spawn_app().await;
    let token = app.user_with("ann", 1).await;
    let mut body =
        json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "Tell me a long story."}]});
    let estimate = ok(app.post(&token, "/v1/estimate", &body).await).await;
    assert!(estimate["amount"].as_i64().unwrap() > 1_000_000);
    let reduced = &estimate["reduced"];
    assert!(
        reduced["amount"].as_i64().unwrap() <= 1_000_000
            && reduced["max_completion_tokens"].as_i64() > Some(1_000)
    );
    let answer = ok(app.post(&token, "/v1/chat/completions", &body).await).await;
    assert_eq!(answer["triptych"]["cost"]["held"], reduced["amount"]);
    // Somebody to whom a shorter answer is of no use says so.
    body["triptych"] = json!({"min_completion_tokens": 2048});
    let response = app.post(&token, "/v1/chat/completions", &body).await;
    refused(response, StatusCode::PAYMENT_REQUIRED, "insufficient_credits").await;
    app.assert_sound().await;
}
