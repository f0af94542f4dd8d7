//! What users do meanwhile: each call has a user of its own, one key, and goes on until it has its answer.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::dice::Dice;
use crate::gateway::{BETWEEN_TRIES, Gateway};
use crate::judge;

/// Longest that a call is tried for.
const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Chat,
    Stream,
    Image,
    Video,
    /// A video that its user takes back as soon as it is ordered.
    Cancelled,
}

/// One call that a user makes.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) user: String,
    pub(crate) kind: Kind,
    pub(crate) prompt: String,
}

/// What the user was told in the end.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// It is done and this is its receipt's `charged`, in micro-credits.
    Done(i64),
    /// It was done before and its answer is gone.
    DoneBefore,
    /// The video with this id was taken on.
    Job(String),
    /// It failed, and nothing is to be charged.
    Failed(#[expect(dead_code, reason = "it is shown where a run breaks a rule")] String),
    /// Nobody knows how it ended, and its hold was given back.
    Unknown,
}

/// Orders as the seed has them.
pub(crate) fn orders(dice: &mut Dice) -> Vec<Order> {
    let count = 5 + dice.below(6);
    (0..count).map(|number| order(dice, number)).collect()
}

fn order(dice: &mut Dice, number: u64) -> Order {
    let kind = *dice.pick(&[
        Kind::Chat,
        Kind::Stream,
        Kind::Stream,
        Kind::Image,
        Kind::Video,
        Kind::Video,
        Kind::Cancelled,
    ]);
    let faults: &[&str] = match kind {
        Kind::Chat | Kind::Stream => {
            &["", "", "", "[[fault-once:500]]", "[[fault-once:reset]]", "[[fault:no-usage]]"]
        }
        Kind::Image => &["", "", "[[fault-once:500]]", "[[fault-once:lost-create]]"],
        Kind::Video | Kind::Cancelled => {
            &["", "", "", judge::WITHHELD, "[[fault-once:lost-create]]", "[[fault-once:429]]"]
        }
    };
    let fault = dice.pick(faults);
    Order { user: format!("user-{number}"), kind, prompt: format!("Picture number {number} {fault}") }
}

/// Makes a call against one of the gateways, and makes it again with its key until it is answered. The gateways come
/// and go meanwhile.
pub(crate) async fn carry_out(client: Client, gateways: Vec<String>, order: Order) -> Told {
    let started = Instant::now();
    let mut turn = order.user.len();
    loop {
        assert!(started.elapsed() < PATIENCE, "no answer to {order:?}");
        turn += 1;
        let gateway = &gateways[turn % gateways.len()];
        if let Some(told) = attempt(&client, gateway, &order).await {
            return told;
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

/// The outcome of one attempt; `None` where it must be made again.
async fn attempt(client: &Client, gateway: &str, order: &Order) -> Option<Told> {
    let token = session(client, gateway, &order.user).await?;
    let (path, body) = match order.kind {
        Kind::Chat | Kind::Stream => (
            "/v1/chat/completions",
            json!({
                "model": "gpt-5.4", "max_completion_tokens": 24, "stream": order.kind == Kind::Stream,
                "stream_options": {"include_usage": true},
                "messages": [{"role": "user", "content": order.prompt}],
            }),
        ),
        Kind::Image => ("/v1/images/generations", json!({"model": "gpt-image-1.5", "prompt": order.prompt})),
        Kind::Video | Kind::Cancelled => {
            ("/v1/videos", json!({"model": "sora-2", "prompt": order.prompt, "seconds": "5"}))
        }
    };
    let mut body = body;
    if order.kind == Kind::Chat {
        body.as_object_mut()?.remove("stream_options");
    }
    let request = client.post(format!("{gateway}{path}")).bearer_auth(&token).json(&body);
    let answer = request.header("idempotency-key", format!("key-{}", order.user)).send().await.ok()?;
    let told = understand(answer, order.kind).await?;
    if let (Kind::Cancelled, Told::Job(id)) = (order.kind, &told) {
        // Whether it is in time is the gateway's to say; that it is answered at all is not promised.
        client.post(format!("{gateway}/v1/videos/{id}/cancel")).bearer_auth(&token).send().await.ok();
    }
    Some(told)
}

async fn session(client: &Client, gateway: &str, user: &str) -> Option<String> {
    let request = client.post(format!("{gateway}/v1/sessions")).bearer_auth(Gateway::secret("ACME_SECRET"));
    let answer = request.json(&json!({ "user": user })).send().await.ok()?;
    if answer.status() == StatusCode::SERVICE_UNAVAILABLE {
        return None;
    }
    let status = answer.status();
    let session: Value = answer.json().await.ok()?;
    assert!(status.is_success(), "{session}");
    Some(session["client_secret"].as_str()?.to_owned())
}

async fn understand(answer: Response, kind: Kind) -> Option<Told> {
    let status = answer.status();
    if status.is_success() && kind == Kind::Stream {
        return read_stream(answer).await;
    }
    let body: Value = answer.json().await.ok()?;
    if status.is_success() {
        return Some(match kind {
            Kind::Video | Kind::Cancelled => Told::Job(body["id"].as_str()?.to_owned()),
            _ => Told::Done(charged(&body)?),
        });
    }
    let error = &body["error"];
    let (code, message) = (error["code"].as_str()?, error["message"].as_str().unwrap_or_default());
    match code {
        "in_flight" | "unavailable" | "rate_limited" => None,
        "conflict" if message.contains("unknown") => Some(Told::Unknown),
        "conflict" | "already_charged" => Some(Told::DoneBefore),
        _ => Some(Told::Failed(format!("{status} {code}: {message}"))),
    }
}

/// Reads to the end, and takes the receipt from the last event that has one.
async fn read_stream(answer: Response) -> Option<Told> {
    let mut text = String::new();
    let mut bytes = answer.bytes_stream();
    while let Some(part) = bytes.next().await {
        text.push_str(&String::from_utf8_lossy(&part.ok()?));
    }
    let mut told = None;
    for data in text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim) {
        if data == "[DONE]" {
            return told;
        }
        let event: Value = serde_json::from_str(data).unwrap();
        if let Some(error) = event.get("error") {
            let paid = charged(&event).unwrap_or_default();
            let lost = error["code"].as_str().is_some_and(|code| code.contains("lost"));
            told = match paid {
                _ if lost => Some(Told::Unknown),
                0 => Some(Told::Failed(error["message"].to_string())),
                paid => Some(Told::Done(paid)),
            };
        } else if let Some(paid) = charged(&event) {
            told = Some(Told::Done(paid));
        }
    }
    // The stream broke off.
    None
}

fn charged(body: &Value) -> Option<i64> {
    body["triptych"]["cost"]["charged"].as_i64()
}
