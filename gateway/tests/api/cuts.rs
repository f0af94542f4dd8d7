//! Streams that end before the model meant them to: caps, holds, readers that have gone, clocks that have run out.

use axum::body::Body;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::Options;
use crate::support::{GRANT, Gateway, chunks, eventually, scripted, streamed, text_of};

const WORD: &str =
    "data: {\"id\":\"up\",\"choices\":[{\"delta\":{\"content\":\"a word and another one \"}}]}\n\n";
const END: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

/// A provider whose stream begins like this and then neither goes on nor ends.
pub(crate) async fn hanging(begin: String) -> String {
    let answer = axum::routing::any(move || {
        let begin = stream::iter([Ok::<_, std::io::Error>(begin.clone())]);
        async move {
            let body = Body::from_stream(begin.chain(stream::pending()));
            ([(axum::http::header::CONTENT_TYPE, "text/event-stream")], body)
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    url
}

/// Tells when it is dropped.
struct Left(Option<tokio::sync::oneshot::Sender<()>>);

impl Drop for Left {
    fn drop(&mut self) {
        if let Some(sender) = self.0.take() {
            sender.send(()).ok();
        }
    }
}

/// As [`hanging`], for one call; also tells when the gateway has left it.
async fn watched(begin: String) -> (String, tokio::sync::oneshot::Receiver<()>) {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sender = std::sync::Arc::new(std::sync::Mutex::new(Some(sender)));
    let answer = axum::routing::any(move || {
        let left = Left(sender.lock().unwrap().take());
        let begin = stream::iter([Ok::<_, std::io::Error>(begin.clone())]);
        async move {
            let rest = stream::poll_fn(move |_| {
                let _ = &left;
                std::task::Poll::Pending
            });
            ([(axum::http::header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(begin.chain(rest)))
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (url, receiver)
}

async fn gateway(upstream: String, streams: &str, provider: &str) -> Gateway {
    Gateway::with(Options {
        upstream: Some(upstream),
        provider: provider.into(),
        tables: format!("[streams]\n{streams}\n"),
        ..Options::default()
    })
    .await
}

async fn answer(gateway: &Gateway, body: Value) -> Vec<Value> {
    let user = gateway.user("ada").await;
    let text = gateway.post(&user, "/v1/chat/completions", body).await.text().await.unwrap();
    chunks(&text)
}

#[tokio::test]
async fn an_answer_that_uses_up_its_hold_is_cut_off_and_says_so() {
    let gateway = Gateway::before(scripted("text/event-stream", WORD.repeat(500).into()).await).await;
    let mut body = streamed("Hello.");
    body["max_completion_tokens"] = json!(10);
    let parts = answer(&gateway, body.clone()).await;
    let [.., finish, last] = parts.as_slice() else { panic!("{parts:?}") };
    assert_eq!(finish["choices"][0]["finish_reason"], "length");
    assert_eq!(last["triptych"]["cut"], "hold_used_up");
    assert!((10..50).contains(&parts.len()), "{}", parts.len());
    let cost = &last["triptych"]["cost"];
    assert!(cost["charged"].as_i64().unwrap() <= cost["held"].as_i64().unwrap(), "{cost}");
    // Who did not ask for usage learns it as well.
    body["stream_options"] = Value::Null;
    let parts = answer(&gateway, body).await;
    let last = parts.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "length");
    assert_eq!(last["triptych"]["cut"], "hold_used_up");
}

#[tokio::test]
async fn an_answer_in_few_large_pieces_is_cut_off_as_well() {
    let word = WORD.replace("a word", &"word ".repeat(1000));
    let gateway = Gateway::before(scripted("text/event-stream", word.repeat(50).into()).await).await;
    let mut body = streamed("Hello.");
    body["max_completion_tokens"] = json!(10);
    let parts = answer(&gateway, body).await;
    assert_eq!(parts.last().unwrap()["triptych"]["cut"], "hold_used_up");
    assert_eq!(parts.len(), 3);
}

#[tokio::test]
async fn usage_in_mid_stream_that_is_beyond_the_cap_ends_the_answer() {
    let told = WORD.replace("}]}", "}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":11}}");
    let wire = format!("{WORD}{told}{}", WORD.repeat(3));
    let gateway = Gateway::before(scripted("text/event-stream", wire.into()).await).await;
    let mut body = streamed("Hello.");
    body["max_completion_tokens"] = json!(10);
    let parts = answer(&gateway, body).await;
    let last = parts.last().unwrap();
    assert_eq!(last["triptych"]["cut"], "hold_used_up");
    assert_eq!(last["usage"]["completion_tokens"], 11);
    assert_eq!(last["triptych"]["cost"]["estimated"], false);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up_and_charged_by_estimate() {
    for limit in ["drain_seconds = 0", "drain_tokens = 2"] {
        let upstream = if limit.contains("tokens") {
            scripted("text/event-stream", WORD.repeat(400).into()).await
        } else {
            hanging(WORD.repeat(4)).await
        };
        let gateway = gateway(upstream, limit, "").await;
        let user = gateway.user("ada").await;
        drop(gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await);
        let left = gateway.settled(&user).await;
        assert!(left < GRANT, "{limit}");
        let charge = gateway.app.charges().await.remove(0);
        assert_eq!(charge["state"], "committed", "{charge}");
        assert_eq!(charge["estimated"], true, "{charge}");
        gateway.app.assert_sound().await;
    }
}

#[tokio::test]
async fn a_provider_is_left_when_its_answer_is_stopped_or_nobody_reads_it() {
    for stop in [true, false] {
        let (upstream, left) = watched(WORD.repeat(4)).await;
        let gateway = gateway(upstream, "drain_seconds = 0", "").await;
        let user = gateway.user("ada").await;
        let answer = gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await;
        if stop {
            let stop = format!("/v1/streams/{}/stop", answer.headers()["x-stream-id"].to_str().unwrap());
            assert_eq!(gateway.call(&user, Method::POST, &stop).send().await.unwrap().status(), 200);
            answer.text().await.unwrap();
        } else {
            drop(answer);
        }
        tokio::time::timeout(std::time::Duration::from_secs(20), left)
            .await
            .expect("it is not left")
            .unwrap();
        assert!(gateway.settled(&user).await < GRANT);
        gateway.app.assert_sound().await;
    }
}

#[tokio::test]
async fn a_provider_that_falls_silent_is_an_error_and_costs_what_came() {
    let limits = [("", "idle_timeout_ms = 50"), ("longest_seconds = 1", "")];
    for (streams, provider) in limits {
        let gateway = gateway(hanging(WORD.repeat(4)).await, streams, provider).await;
        let parts = answer(&gateway, streamed("Hello.")).await;
        let last = parts.last().unwrap();
        assert_eq!(last["error"]["code"], "upstream_timeout", "{last}");
        assert_eq!(last["triptych"]["cost"]["estimated"], true);
        assert!(last["triptych"]["cost"]["charged"].as_i64().unwrap() >= 4 * 750);
    }
}

#[tokio::test]
async fn what_happens_to_the_connection_after_the_end_is_no_failure() {
    let usage = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1}}\n\n";
    for wire in [format!("{WORD}{END}{usage}data: [DONE]\n\n"), format!("{WORD}{END}{usage}")] {
        let gateway = gateway(hanging(wire).await, "", "idle_timeout_ms = 50").await;
        let parts = answer(&gateway, streamed("Hello.")).await;
        let last = parts.last().unwrap();
        assert!(last.get("error").is_none(), "{last}");
        assert_eq!(last["usage"]["completion_tokens"], 1);
        assert_eq!(last["triptych"]["cost"]["estimated"], false);
    }
}

#[tokio::test]
async fn of_two_answers_both_must_end() {
    let other = WORD.replace("{\"delta\"", "{\"index\":1,\"delta\"");
    for (wire, code) in [
        (format!("{WORD}{other}{END}"), json!("upstream_failed")),
        (format!("{WORD}{END}data: [DONE]\n\n"), Value::Null),
        (format!("{WORD}{other}{END}{}", END.replace("{\"delta\"", "{\"index\":1,\"delta\"")), Value::Null),
    ] {
        let gateway = Gateway::before(scripted("text/event-stream", wire.into()).await).await;
        let mut body = streamed("Hello.");
        body["n"] = json!(2);
        let parts = answer(&gateway, body).await;
        assert_eq!(parts.last().unwrap()["error"]["code"], code);
    }
}

#[tokio::test]
async fn a_stop_ends_each_answer_and_a_second_one_changes_nothing() {
    let gateway = Gateway::before(hanging(WORD.repeat(3)).await).await;
    let user = gateway.user("ada").await;
    let mut body = streamed("Hello.");
    body["n"] = json!(2);
    let response = gateway.post(&user, "/v1/chat/completions", body).await;
    let stop = format!("/v1/streams/{}/stop", response.headers()["x-stream-id"].to_str().unwrap());
    let ask = || gateway.call(&user, Method::POST, &stop).send();
    assert_eq!(ask().await.unwrap().status(), 200);
    assert_eq!(ask().await.unwrap().status(), 200);
    let parts = chunks(&response.text().await.unwrap());
    let [.., finish, last] = parts.as_slice() else { panic!("{parts:?}") };
    let ends: Vec<_> = finish["choices"].as_array().unwrap().iter().map(|choice| &choice["index"]).collect();
    assert_eq!(ends, [0, 1]);
    assert_eq!(last["triptych"]["cut"], "stopped");
    gateway.settled(&user).await;
    assert_eq!(ask().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_reader_that_comes_back_too_late_for_what_is_kept_is_told() {
    let wire = format!("{}{END}data: [DONE]\n\n", WORD.repeat(100));
    let gateway =
        gateway(scripted("text/event-stream", wire.into()).await, "bytes_per_stream = 2000", "").await;
    let user = gateway.user("ada").await;
    let response = gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await;
    let path = format!("/v1/streams/{}", response.headers()["x-stream-id"].to_str().unwrap());
    drop(response);
    gateway.settled(&user).await;
    let kept = eventually("it has ended", async || {
        let text = gateway.get(&user, &path).await.text().await.unwrap();
        text.ends_with("data: [DONE]\n\n").then_some(text)
    })
    .await;
    let first = kept.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let (epoch, number) = first.split_once('.').unwrap();
    assert!(number.parse::<u64>().unwrap() > 50, "{first}");
    assert!(!text_of(&chunks(&kept)).is_empty());
    let late = gateway.call(&user, Method::GET, &path).header("last-event-id", format!("{epoch}.3"));
    crate::app::refused(late.send().await.unwrap(), reqwest::StatusCode::GONE, "events_gone").await;
}

#[tokio::test]
async fn streams_are_timed_and_counted() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await.text().await.unwrap();
    gateway.settled(&user).await;
    let metrics = gateway.app.get(crate::app::ADMIN_SECRET, "/metrics").await.text().await.unwrap();
    for name in [
        "triptych_stream_first_token_seconds_bucket{model=\"gpt-5.4\",le=\"0.001\"}",
        "triptych_stream_token_gap_seconds_sum{model=\"gpt-5.4\"}",
        "triptych_streams_open",
        "triptych_stream_log_bytes",
        "triptych_streams_total{end=\"complete\"}",
    ] {
        assert!(metrics.contains(name), "{name}:\n{metrics}");
    }
}
