//! A gateway in front of a simulated provider, and the questions that every test of a priced call asks.

use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use triptych_protocol::Balance;
use triptych_simulator::{BillItem, BillKind, FaultRoute, QueuedFault};

use crate::app::{ADMIN_SECRET, Options, TestApp, ok, spawn_app_with};

/// Micro-credits in a credit.
pub(crate) const CREDIT: i64 = 1_000_000;
/// What every user begins with.
pub(crate) const GRANT: i64 = 1_000 * CREDIT;
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway whose users have a thousand credits each.
pub(crate) struct Gateway {
    pub(crate) app: TestApp,
}

/// A user's token.
#[derive(Clone)]
pub(crate) struct User {
    name: String,
    token: String,
}

impl User {
    pub(crate) fn token(&self) -> &str {
        &self.token
    }
}

impl Gateway {
    pub(crate) async fn start() -> Gateway {
        Gateway::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Gateway {
        Gateway { app: spawn_app_with(options).await }
    }

    /// One with a simulator of that pace.
    pub(crate) async fn at_pace(pace: impl FnOnce(&mut triptych_simulator::Config)) -> Gateway {
        let mut config = triptych_simulator::Config::instant();
        pace(&mut config);
        Gateway::with(Options { simulator: Some(config), ..Options::default() }).await
    }

    /// One in front of a provider that always answers the same.
    pub(crate) async fn before(upstream: String) -> Gateway {
        Gateway::with(Options { upstream: Some(upstream), ..Options::default() }).await
    }

    pub(crate) async fn user(&self, name: &str) -> User {
        User { name: name.into(), token: self.app.user_with(name, GRANT / CREDIT).await }
    }

    pub(crate) fn call(&self, user: &User, method: Method, path: &str) -> RequestBuilder {
        self.app.request(method, path).bearer_auth(&user.token)
    }

    pub(crate) async fn post(&self, user: &User, path: &str, body: Value) -> Response {
        self.app.post(&user.token, path, &body).await
    }

    pub(crate) async fn get(&self, user: &User, path: &str) -> Response {
        self.app.get(&user.token, path).await
    }

    pub(crate) async fn balance(&self, user: &User) -> Balance {
        let query = format!("/admin/v1/balance?tenant=acme&user={}", user.name);
        serde_json::from_value(ok(self.app.get(ADMIN_SECRET, &query).await).await).unwrap()
    }

    /// Waits until nothing of the user's is held, and tells what is left.
    pub(crate) async fn settled(&self, user: &User) -> i64 {
        eventually("everything is settled", async || {
            let balance = self.balance(user).await;
            (balance.held.micro() == 0).then_some(balance.available.micro())
        })
        .await
    }

    pub(crate) fn billed(&self, kind: BillKind) -> Vec<BillItem> {
        self.app.simulator.bill().items.into_iter().filter(|item| item.kind == kind && item.billed).collect()
    }

    pub(crate) fn fault(&self, route: FaultRoute, faults: &[&str]) {
        let queued = faults.iter().map(|fault| QueuedFault { route, fault: (*fault).into() });
        self.app.simulator.simulator().set_faults(queued);
    }

    /// The books are in order, and what was charged by the provider's own count is what the provider bills.
    pub(crate) async fn check_books(&self) {
        self.app.assert_sound().await;
        let bill = self.app.simulator.bill();
        for charge in self.app.charges().await.iter().filter(|charge| charge["state"] == "committed") {
            let Some(id) = charge["upstream_id"].as_str() else { continue };
            let item = bill
                .items
                .iter()
                .find(|item| item.id == id)
                .unwrap_or_else(|| panic!("no bill for {charge}"));
            assert!(item.billed, "{charge}");
            match item.kind {
                BillKind::Chat if charge["estimated"] == false => {
                    assert_eq!(charge["prompt_tokens"], item.prompt_tokens);
                    assert_eq!(charge["completion_tokens"], item.completion_tokens);
                }
                // Tokens that were sent and never read are the platform's loss, not the user's.
                BillKind::Chat => {
                    assert!(charge["completion_tokens"].as_u64().unwrap() <= item.completion_tokens)
                }
                BillKind::Image => assert_eq!(charge["images"], item.images),
                BillKind::Video => {
                    assert_eq!(charge["seconds"], item.seconds);
                    assert_eq!(charge["resolution"].as_str(), item.resolution.as_deref());
                }
                BillKind::Speech | BillKind::Transcription => {}
            }
        }
    }
}

/// Asks again and again until there is an answer.
pub(crate) async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The `data` of each event in the text of a stream.
pub(crate) fn events(text: &str) -> Vec<String> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let data = blocks.filter_map(|block| block.lines().find_map(|line| line.strip_prefix("data: ")));
    data.map(str::to_owned).collect()
}

/// The events of a stream as JSON; `[DONE]` must come last and is left out.
pub(crate) fn chunks(text: &str) -> Vec<Value> {
    let mut events = events(text);
    assert_eq!(events.pop().as_deref(), Some("[DONE]"), "{text}");
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// The text that the chunks add up to.
pub(crate) fn text_of(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str()).collect()
}

pub(crate) fn chat(prompt: &str) -> Value {
    json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": prompt}]})
}

pub(crate) fn streamed(prompt: &str) -> Value {
    let mut body = chat(prompt);
    body["stream"] = json!(true);
    body["stream_options"] = json!({"include_usage": true});
    body
}

/// A provider that answers every POST with the same bytes.
pub(crate) async fn scripted(kind: &'static str, body: Vec<u8>) -> String {
    let answer = axum::routing::any(move || {
        let body = body.clone();
        async move { ([(axum::http::header::CONTENT_TYPE, kind)], body) }
    });
    let app = axum::Router::new().fallback(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}
