//! Speech and transcriptions.

use reqwest::multipart::{Form, Part};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{ok, refused};
use crate::support::{CREDIT, GRANT, Gateway, User};

const SPEECH: &str = "/v1/audio/speech";
const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";

async fn gateway() -> Gateway {
    Gateway::start().await
}

fn say(text: &str) -> Value {
    json!({"model": "gpt-4o-mini-tts", "input": text, "voice": "alloy", "response_format": "wav"})
}

/// One second of silence.
pub(crate) fn wav() -> Vec<u8> {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    file.extend(8000_u32.to_le_bytes());
    file.extend(16000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(16000_u32.to_le_bytes());
    file.extend([0; 16_000]);
    file
}

fn recording(bytes: Vec<u8>, fields: &[(&str, &str)]) -> Form {
    let form =
        Form::new().text("model", "gpt-transcribe").part("file", Part::bytes(bytes).file_name("a.wav"));
    fields.iter().fold(form, |form, (name, text)| form.text((*name).to_owned(), (*text).to_owned()))
}

async fn transcribe(gateway: &Gateway, user: &User, form: Form) -> reqwest::Response {
    gateway.call(user, Method::POST, TRANSCRIPTIONS).multipart(form).send().await.unwrap()
}

#[tokio::test]
async fn speech_is_charged_by_its_characters_and_comes_as_sound() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    let answer = gateway.post(&user, SPEECH, say("Hello, reader")).await;
    assert_eq!(answer.headers()["content-type"], "audio/wav");
    assert!(answer.bytes().await.unwrap().starts_with(b"RIFF"));
    // 750 credits for a million characters.
    assert_eq!(gateway.settled(&user).await, GRANT - 13 * 750);
    assert_eq!(gateway.billed(BillKind::Speech).len(), 1);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn speech_that_is_asked_for_again_with_its_key_is_the_same_sound_and_is_paid_once() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    let ask = async |key: &str, text: &str| {
        let call = gateway.call(&user, Method::POST, SPEECH).header("idempotency-key", key);
        call.json(&say(text)).send().await.unwrap()
    };
    // The listener goes before the first word.
    drop(ask("a", "Hello, reader").await);
    let again = crate::support::eventually("it is spoken", async || {
        let again = ask("a", "Hello, reader").await;
        (again.status() != StatusCode::CONFLICT).then_some(again)
    })
    .await;
    assert_eq!(again.headers()["content-type"], "audio/wav");
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let sound = again.bytes().await.unwrap();
    assert!(sound.starts_with(b"RIFF"));
    assert_eq!(ask("a", "Hello, reader").await.bytes().await.unwrap(), sound);
    assert_eq!(gateway.settled(&user).await, GRANT - 13 * 750);
    assert_eq!(gateway.billed(BillKind::Speech).len(), 1);
    let other = ask("a", "Hello, writer").await;
    refused(other, StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch").await;
    // Another user's key is another one.
    let ben = gateway.user("ben").await;
    let call = gateway.call(&ben, Method::POST, SPEECH).header("idempotency-key", "a");
    let fresh = call.json(&say("Hello, reader")).send().await.unwrap();
    assert!(fresh.headers().get("idempotent-replayed").is_none());
    fresh.bytes().await.unwrap();
    assert_eq!(gateway.settled(&ben).await, GRANT - 13 * 750);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn speech_that_breaks_off_costs_nothing() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    for fault in ["500", "429", "reset", "reset-in-body", "html"] {
        gateway.fault(FaultRoute::Speech, &[fault]);
        let answer = gateway.post(&user, SPEECH, say("Hello, reader")).await;
        // Where the sound had begun its connection is cut: half of it must not pass for all.
        assert!(!answer.status().is_success() || answer.bytes().await.is_err(), "{fault}");
        assert_eq!(gateway.settled(&user).await, GRANT, "{fault}");
    }
    // One of them had begun to speak; the provider bills it, and the platform pays.
    crate::support::eventually("the loss is noted", async || {
        (gateway.app.assert_sound().await["loss_total"] == 13 * 750).then_some(())
    })
    .await;
}

#[tokio::test]
async fn text_that_is_too_long_is_refused_before_anybody_is_asked() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    let answer = gateway.post(&user, SPEECH, say(&"a".repeat(5000))).await;
    assert_eq!(refused(answer, StatusCode::BAD_REQUEST, "invalid_request").await["param"], "input");
    let other = gateway.post(&user, SPEECH, json!({"model": "gpt-5.4", "input": "Hi", "voice": "a"})).await;
    assert_eq!(other.status(), StatusCode::BAD_REQUEST);
    assert!(gateway.billed(BillKind::Speech).is_empty());
}

#[tokio::test]
async fn a_recording_is_charged_by_its_length() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    let answer = ok(transcribe(&gateway, &user, recording(wav(), &[])).await).await;
    assert!(!answer["text"].as_str().unwrap().is_empty());
    let charged = answer["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert!((1..=CREDIT / 5).contains(&charged), "{answer}");
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    let text = transcribe(&gateway, &user, recording(wav(), &[("response_format", "srt")])).await;
    assert!(text.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(text.text().await.unwrap().contains("-->"));
    assert_eq!(gateway.billed(BillKind::Transcription).len(), 2);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn what_is_no_recording_is_refused_and_what_fails_costs_nothing() {
    let gateway = gateway().await;
    let user = gateway.user("ada").await;
    for bytes in [b"<html><script>".to_vec(), Vec::new()] {
        let answer = transcribe(&gateway, &user, recording(bytes, &[])).await;
        assert_eq!(refused(answer, StatusCode::BAD_REQUEST, "invalid_request").await["param"], "file");
    }
    for fault in ["500", "429", "malformed-json", "html", "lost-create"] {
        gateway.fault(FaultRoute::Transcription, &[fault]);
        assert!(!transcribe(&gateway, &user, recording(wav(), &[])).await.status().is_success(), "{fault}");
        assert_eq!(gateway.settled(&user).await, GRANT, "{fault}");
    }
    gateway.app.assert_sound().await;
}
