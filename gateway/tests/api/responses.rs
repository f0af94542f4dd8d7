//! The Responses API: text, whole and streamed, with nothing kept at the provider.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{ok, refused};
use crate::support::{GRANT, Gateway, chunks};

const PATH: &str = "/v1/responses";

fn ask(text: &str) -> Value {
    json!({"model": "gpt-5.4", "input": text})
}

fn streamed(text: &str) -> Value {
    json!({"model": "gpt-5.4", "input": text, "stream": true})
}

#[tokio::test]
async fn a_response_is_charged_by_the_providers_count_and_carries_our_names() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let answer = ok(gateway.post(&user, PATH, ask("Hello")).await).await;
    assert_eq!((&answer["object"], &answer["model"]), (&json!("response"), &json!("gpt-5.4")));
    let item = gateway.billed(BillKind::Chat).remove(0);
    assert_eq!(answer["usage"]["output_tokens"], item.completion_tokens);
    assert_ne!(answer["id"], item.id.as_str());
    let charged = answer["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert!(charged > 0);
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_stream_passes_its_events_on_and_ends_with_the_receipt() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let text = gateway.post(&user, PATH, streamed("Hello")).await.text().await.unwrap();
    let events = chunks(&text);
    assert_eq!(events[0]["type"], "response.created");
    let said: String = events.iter().filter_map(|event| event["delta"].as_str()).collect();
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], said.as_str());
    assert_eq!(last["response"]["id"], events[0]["response"]["id"]);
    let item = gateway.billed(BillKind::Chat).remove(0);
    assert!(!text.contains(&item.id), "the provider's id has leaked");
    let charged = last["response"]["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_stream_that_fails_says_so_and_charges_what_was_delivered() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for fault in ["response-failed=3", "error-mid-stream=3", "truncate=3", "reset=3"] {
        let before = gateway.settled(&user).await;
        gateway.fault(FaultRoute::Responses, &[fault]);
        let text = gateway.post(&user, PATH, streamed("Hello, tell me a story")).await.text().await.unwrap();
        let events = chunks(&text);
        let last = events.last().unwrap();
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!("upstream_failed")), "{fault}");
        let charged = last["triptych"]["cost"]["charged"].as_i64().unwrap();
        assert_eq!(gateway.settled(&user).await, before - charged, "{fault}");
    }
    for (fault, status) in [("500", 502), ("429", 429), ("401", 502)] {
        let before = gateway.settled(&user).await;
        gateway.fault(FaultRoute::Responses, &[fault, fault]);
        assert_eq!(gateway.post(&user, PATH, streamed("Hi")).await.status(), status, "{fault}");
        assert_eq!(gateway.post(&user, PATH, ask("Hi")).await.status(), status, "{fault}");
        assert_eq!(gateway.settled(&user).await, before);
    }
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn what_would_lie_at_the_provider_is_refused() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for (name, value) in [("background", json!(true)), ("previous_response_id", json!("resp_1"))] {
        let mut body = ask("Hi");
        body[name] = value;
        let error =
            refused(gateway.post(&user, PATH, body).await, StatusCode::BAD_REQUEST, "invalid_request").await;
        assert_eq!(error["param"], name);
    }
    let error = refused(
        gateway.post(&user, PATH, json!({"model": "gpt-5.4", "input": "Hi", "max_output_tokens": 0})).await,
        StatusCode::BAD_REQUEST,
        "invalid_request",
    )
    .await;
    assert_eq!(error["param"], "max_output_tokens");
    assert!(gateway.billed(BillKind::Chat).is_empty());
}

#[tokio::test]
async fn a_repeat_with_the_same_key_asks_nobody() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let call =
        || gateway.call(&user, Method::POST, PATH).header("idempotency-key", "click").json(&ask("Hi")).send();
    let first = call().await.unwrap().text().await.unwrap();
    assert_eq!(call().await.unwrap().text().await.unwrap(), first);
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
}

#[tokio::test]
async fn a_streamed_repeat_with_the_same_key_reads_the_first_stream() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let call = || {
        let call = gateway.call(&user, Method::POST, PATH).header("idempotency-key", "click");
        call.json(&streamed("Hi")).send()
    };
    let first = call().await.unwrap().text().await.unwrap();
    let again = call().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), first);
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
}
