use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use triptych_simulator::{Config, DEFAULT_WEBHOOK_SECRET};

use crate::provider::Provider;

/// A request as it came over the wire.
struct Event {
    head: String,
    body: String,
}

impl Event {
    fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.expect("the header")
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    fn is_signed(&self) -> bool {
        let key = STANDARD.decode(DEFAULT_WEBHOOK_SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        let (id, time) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        mac.update(format!("{id}.{time}.{}", self.body).as_bytes());
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.header("webhook-signature") == expected
    }

    fn age(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        now - self.header("webhook-timestamp").parse::<u64>().unwrap()
    }
}

/// Answers the first requests with these statuses and all others with 200.
async fn listen(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<Event>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook?x=1", listener.local_addr().unwrap());
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 0.. {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut text = String::new();
            while !text.contains("\r\n\r\n") || !text.ends_with('}') {
                let mut buffer = [0; 4096];
                let length = connection.read(&mut buffer).await.unwrap();
                text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
            }
            let status = statuses.get(number).copied().unwrap_or(200);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            tell.send(Event { head: head.to_owned(), body: body.to_owned() }).ok();
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n");
            connection.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, told)
}

async fn order(provider: &Provider, url: &str, prompt: &str) -> Value {
    let body = json!({"model": "sora-2", "prompt": prompt, "duration": 4, "callback_url": url});
    provider.post_json("/v1/video/generations", body).await
}

async fn next(told: &mut mpsc::UnboundedReceiver<Event>) -> Event {
    tokio::time::timeout(Duration::from_secs(20), told.recv()).await.expect("in time").expect("an event")
}

#[tokio::test]
async fn the_end_of_a_job_is_told_and_signed_until_somebody_listens() {
    let provider = Provider::start(Config::instant()).await;
    let (url, mut told) = listen(&[503]).await;
    let job = order(&provider, &url, "waves").await;
    let (refused, taken) = (next(&mut told).await, next(&mut told).await);
    assert!(taken.head.starts_with("POST /hook?x=1 HTTP/1.1"));
    assert_eq!(refused.header("webhook-id"), taken.header("webhook-id"));
    assert!(taken.is_signed() && taken.age() < 60);
    let event = taken.value();
    assert_eq!((&event["type"], &event["object"]), (&json!("video.completed"), &json!("event")));
    assert_eq!(event["data"], json!({"id": job["job_id"]}));

    order(&provider, &url, "waves [[fault:job-failed]]").await;
    assert_eq!(next(&mut told).await.value()["type"], "video.failed");
    while provider.running.simulator().stats().webhooks.sent < 3 {
        tokio::task::yield_now().await;
    }
    let webhooks = provider.running.simulator().stats().webhooks;
    assert_eq!((webhooks.accepted, webhooks.failed), (2, 1));
}

#[tokio::test]
async fn webhooks_go_wrong_as_asked() {
    let provider = Provider::start(Config::instant()).await;
    let (url, mut told) = listen(&[]).await;
    order(&provider, &url, "waves [[fault:webhook-twice]]").await;
    let (first, second) = (next(&mut told).await, next(&mut told).await);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    order(&provider, &url, "waves [[fault:webhook-forged]]").await;
    assert!(!next(&mut told).await.is_signed());
    order(&provider, &url, "waves [[fault:webhook-old]]").await;
    let old = next(&mut told).await;
    assert!(old.is_signed() && old.age() >= 3600);
    order(&provider, &url, "waves [[fault:webhook-lost]]").await;
    order(&provider, &url, "waves [[fault:webhook-early]]").await;
    // The listener knew before the create call had answered, and never heard of the lost one.
    assert!(told.try_recv().unwrap().is_signed());
}

#[tokio::test]
async fn jobs_without_an_address_of_their_own_are_told_to_the_accounts() {
    let (url, mut told) = listen(&[]).await;
    let provider = Provider::start(Config { webhook_url: Some(url), ..Config::instant() }).await;
    let video = provider.post_json("/v1/videos", json!({"prompt": "waves", "seconds": "4"})).await;
    assert_eq!(next(&mut told).await.value()["data"]["id"], video["id"]);
}
