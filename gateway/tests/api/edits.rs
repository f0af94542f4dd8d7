//! Pictures made from others, and pictures that come bit by bit.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{Options, ok, refused};
use crate::support::{CREDIT, GRANT, Gateway, User, events};

/// A PNG of one point.
pub(crate) const POINT: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

async fn picture(gateway: &Gateway, user: &User) -> Vec<u8> {
    let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "response_format": "url"});
    let answer = ok(gateway.post(user, "/v1/images/generations", body).await).await;
    let link = answer["data"][0]["url"].as_str().unwrap().to_owned();
    gateway.app.client.get(link).send().await.unwrap().bytes().await.unwrap().to_vec()
}

fn form(pictures: &[&[u8]]) -> Form {
    let form = Form::new().text("model", "gpt-image-1.5").text("prompt", "At night");
    let name = if pictures.len() == 1 { "image" } else { "image[]" };
    pictures.iter().fold(form, |form, bytes| {
        form.part(name.to_owned(), Part::bytes(bytes.to_vec()).file_name("cat.png"))
    })
}

async fn edit(gateway: &Gateway, user: &User, form: Form) -> Response {
    gateway.call(user, Method::POST, "/v1/images/edits").multipart(form).send().await.unwrap()
}

fn typed(text: &str) -> Vec<Value> {
    events(text).iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

#[tokio::test]
async fn a_picture_is_made_from_others_and_kept() {
    for kind in ["openai", "atlas"] {
        let gateway = Gateway::with(Options { kind: kind.into(), ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let source = picture(&gateway, &user).await;
        let before = gateway.settled(&user).await;
        let answer = ok(edit(&gateway, &user, form(&[&source, &source])).await).await;
        assert!(answer["data"][0]["b64_json"].is_string() && answer["data"][0]["asset"].is_string());
        let charged = answer["triptych"]["cost"]["charged"].as_i64().unwrap();
        assert!(charged >= 2 * CREDIT, "{kind}");
        assert_eq!(gateway.settled(&user).await, before - charged);
        assert_eq!(gateway.billed(BillKind::Image).len(), 2);
        gateway.app.assert_sound().await;
    }
}

#[tokio::test]
async fn what_is_no_picture_is_refused_before_anybody_is_asked() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let none = form(&[]);
    let page = form(&[b"<svg onload=alert(1)>"]);
    for form in [none, page] {
        let error =
            refused(edit(&gateway, &user, form).await, StatusCode::BAD_REQUEST, "invalid_request").await;
        assert_eq!(error["param"], "image");
    }
    assert!(gateway.billed(BillKind::Image).is_empty());
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_repeated_form_with_the_same_key_draws_nothing_new() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let source = picture(&gateway, &user).await;
    let send = || {
        let call = gateway.call(&user, Method::POST, "/v1/images/edits").header("idempotency-key", "click");
        call.multipart(form(&[&source])).send()
    };
    let first = send().await.unwrap().text().await.unwrap();
    assert_eq!(send().await.unwrap().text().await.unwrap(), first);
    assert_eq!(gateway.billed(BillKind::Image).len(), 2);
}

#[tokio::test]
async fn partial_pictures_come_ahead_and_the_last_event_carries_the_receipt() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let body =
        json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "stream": true, "partial_images": 2});
    let answer = gateway.post(&user, "/v1/images/generations", body).await;
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
    let text = answer.text().await.unwrap();
    assert!(text.contains("event: image_generation.partial_image\n"), "{}", &text[..200]);
    let events = typed(&text);
    let last = events.last().unwrap();
    assert_eq!(last["type"], "image_generation.completed");
    assert!(last["asset"].is_string() && last["b64_json"].is_string());
    let charged = last["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    assert_eq!(gateway.billed(BillKind::Image).len(), 1);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn a_provider_without_partial_pictures_streams_the_finished_one() {
    let gateway = Gateway::with(Options { kind: "atlas".into(), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "stream": true, "n": 2});
    let text = gateway.post(&user, "/v1/images/generations", body).await.text().await.unwrap();
    let events = typed(&text);
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["type"] == "image_generation.completed"));
    let charged = events[1]["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
}

#[tokio::test]
async fn a_stream_that_fails_before_a_picture_costs_nothing() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let body =
        json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "stream": true, "partial_images": 2});
    for fault in ["error-mid-stream=1", "truncate=1", "reset=1"] {
        gateway.fault(FaultRoute::Image, &[fault]);
        let text = gateway.post(&user, "/v1/images/generations", body.clone()).await.text().await.unwrap();
        let events = typed(&text);
        assert_eq!(events.last().unwrap()["error"]["code"], "upstream_failed", "{fault}");
        assert_eq!(gateway.settled(&user).await, GRANT, "{fault}");
    }
    for fault in ["500", "429"] {
        gateway.fault(FaultRoute::Image, &[fault]);
        assert!(!gateway.post(&user, "/v1/images/generations", body.clone()).await.status().is_success());
        assert_eq!(gateway.settled(&user).await, GRANT, "{fault}");
    }
    gateway.app.assert_sound().await;
}
