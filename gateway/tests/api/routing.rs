//! Which provider a call goes to, and when it goes on to the next one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use tokio::net::TcpListener;
use triptych_simulator::BillKind;

use crate::app::{Options, ok};
use crate::support::{GRANT, Gateway, chat, streamed};
use crate::videos::{clip, ended, order, price};

/// A provider that answers each POST with a status and counts them.
async fn failing(status: u16, body: &'static str) -> (String, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let answer = axum::routing::any(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        async move { (StatusCode::from_u16(status).unwrap(), body).into_response() }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (url, count)
}

/// An address that nobody listens at.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// A gateway with a first provider in front of the simulator, which is the second.
async fn behind(first: String, routes: &str, provider: &str) -> (Gateway, triptych_simulator::Running) {
    let second = triptych_simulator::spawn(triptych_simulator::Config::instant()).await.unwrap();
    let tables = format!(
        "[[providers]]\nid = \"second\"\nkind = \"openai\"\nbase_url = \"{}\"\n{routes}",
        second.base_url()
    );
    let options = Options { upstream: Some(first), tables, provider: provider.into(), ..Options::default() };
    (Gateway::with(options).await, second)
}

const BOTH: &str = "[[routes]]\nmodel = \"gpt-*\"\nproviders = [\"simulator\", \"second\"]\n";

fn chats(simulator: &triptych_simulator::Running) -> usize {
    simulator.bill().items.iter().filter(|item| item.kind == BillKind::Chat && item.billed).count()
}

#[tokio::test]
async fn a_call_goes_on_to_the_next_provider_where_one_has_certainly_done_nothing() {
    for (status, body) in [(429, "{}"), (503, "busy"), (401, "{\"error\":\"key\"}"), (403, "")] {
        let (first, asked) = failing(status, body).await;
        let (gateway, second) = behind(first, BOTH, "").await;
        let user = gateway.user("ada").await;
        ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
        let stream = gateway.post(&user, "/v1/chat/completions", streamed("Hello")).await;
        assert!(stream.text().await.unwrap().ends_with("data: [DONE]\n\n"));
        assert_eq!((asked.load(Ordering::Relaxed), chats(&second)), (2, 2), "{status}");
        assert!(gateway.settled(&user).await < GRANT);
        gateway.app.assert_sound().await;
    }
    let (gateway, second) = behind(nobody().await, BOTH, "").await;
    let user = gateway.user("ada").await;
    ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
    assert_eq!(chats(&second), 1);
}

const CLIPS: &str = "[[routes]]\nmodel = \"sora-*\"\nproviders = [\"simulator\", \"second\"]\n";

#[tokio::test]
async fn a_clip_is_ordered_elsewhere_only_where_a_provider_has_certainly_not_taken_it() {
    let mut firsts = vec![(nobody().await, None)];
    for status in [429, 401, 403] {
        let (first, asked) = failing(status, "{}").await;
        firsts.push((first, Some(asked)));
    }
    for (first, asked) in firsts {
        let (gateway, second) = behind(first, CLIPS, "").await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "completed", "{done}");
        assert_eq!(asked.map_or(1, |asked| asked.load(Ordering::Relaxed)), 1);
        let items = second.bill().items;
        assert_eq!((items.len(), items[0].client_ref.as_deref()), (1, done["id"].as_str()));
        assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
        gateway.app.assert_sound().await;
    }
    // It may have been taken, so it is looked for and ordered nowhere else.
    for status in [500, 502, 503] {
        let (first, asked) = failing(status, "{}").await;
        let (gateway, second) = behind(first, CLIPS, "").await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        crate::jobs::in_state(&gateway, "indeterminate").await;
        assert_eq!((asked.load(Ordering::Relaxed), second.bill().items.len()), (1, 0), "{status}");
        assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    }
    // What the provider has against the order the next one would have as well.
    let (first, asked) = failing(400, "{\"error\":{\"message\":\"no\"}}").await;
    let (gateway, second) = behind(first, CLIPS, "").await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "failed");
    assert_eq!((asked.load(Ordering::Relaxed), second.bill().items.len()), (1, 0));
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_clip_that_nobody_takes_goes_round_until_somebody_does() {
    let (gateway, second) = behind(nobody().await, CLIPS, "").await;
    let queued = |fault: &str| triptych_simulator::QueuedFault {
        route: triptych_simulator::FaultRoute::Video,
        fault: fault.into(),
    };
    second.simulator().set_faults([queued("429-concurrency"), queued("429-concurrency")]);
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    assert_eq!(second.bill().items.len(), 1);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn a_call_stays_where_the_outcome_is_unknown_or_the_call_itself_is_refused() {
    for (status, body, answer) in
        [(500, "{}", 502), (502, "", 502), (400, "{\"error\":{\"message\":\"no\",\"code\":400}}", 400)]
    {
        let (first, asked) = failing(status, body).await;
        let (gateway, second) = behind(first, BOTH, "").await;
        let user = gateway.user("ada").await;
        let refused = gateway.post(&user, "/v1/chat/completions", chat("Hello")).await;
        assert_eq!(refused.status(), answer, "{status}");
        assert_eq!((asked.load(Ordering::Relaxed), chats(&second)), (1, 0), "{status}");
        assert_eq!(gateway.settled(&user).await, GRANT);
    }
}

#[tokio::test]
async fn without_a_route_only_the_first_provider_is_asked() {
    let (gateway, second) = behind(nobody().await, "", "").await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await.status(), 502);
    assert_eq!(chats(&second), 0);
}

#[tokio::test]
async fn a_provider_can_be_the_one_for_some_models() {
    let (gateway, second) = behind(nobody().await, "models = [\"gpt-5*\"]", "").await;
    let user = gateway.user("ada").await;
    ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
    assert_eq!(chats(&second), 1);
    // The picture model is nobody's in particular.
    let picture = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse"});
    assert_eq!(gateway.post(&user, "/v1/images/generations", picture).await.status(), 502);
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_for_a_while() {
    let (first, asked) = failing(503, "").await;
    let (gateway, second) = behind(first, BOTH, "breaker_failures = 2\nbreaker_seconds = 3600").await;
    let user = gateway.user("ada").await;
    for _ in 0..4 {
        ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
    }
    assert_eq!((asked.load(Ordering::Relaxed), chats(&second)), (2, 4));
    // Pictures have no other provider, so their callers are told at once.
    let routed = "[[routes]]\nmodel = \"*\"\nproviders = [\"simulator\"]\n";
    let (first, asked) = failing(503, "").await;
    let (gateway, _second) = behind(first, routed, "breaker_failures = 1\nbreaker_seconds = 3600").await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await.status(), 502);
    let refused = gateway.post(&user, "/v1/chat/completions", chat("Hello")).await;
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_link_to_a_host_of_the_list_is_fetched_without_the_providers_key() {
    use base64::Engine;
    let png = base64::engine::general_purpose::STANDARD
        .decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")
        .unwrap();
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let keys = seen.clone();
    let files = axum::routing::get(move |headers: axum::http::HeaderMap| {
        keys.lock().unwrap().push(headers.get("authorization").cloned());
        async move { png }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = format!("http://localhost:{}/a.png", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(files)).await });
    let answer = json!({"data": [{"url": link}]}).to_string();
    for (hosts, status) in [("", 502), ("file_hosts = [\"localhost\"]", 200)] {
        let upstream = crate::support::scripted("application/json", answer.clone().into()).await;
        let provider = format!("key_env = \"ACME_SECRET\"\n{hosts}");
        let options = Options { upstream: Some(upstream), provider, ..Options::default() };
        let gateway = Gateway::with(options).await;
        let user = gateway.user("ada").await;
        let picture = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse"});
        let answer = gateway.post(&user, "/v1/images/generations", picture).await;
        assert_eq!(answer.status(), status);
        let text = answer.text().await.unwrap();
        assert!(!text.contains("localhost"), "{text}");
    }
    assert_eq!(*seen.lock().unwrap(), [None]);
}
