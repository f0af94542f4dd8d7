//! Chat completions: what comes back, and what is charged for it.

use reqwest::Method;
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::Options;
use crate::support::{GRANT, Gateway, chat, chunks, events, scripted, streamed, text_of};

#[tokio::test]
async fn an_answer_in_one_piece_carries_its_receipt() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let response = gateway.post(&user, "/v1/chat/completions", chat("Why is the sky blue?")).await;
    assert_eq!(response.status(), 200);
    assert!(response.headers().contains_key("x-request-id"));
    let answer: Value = response.json().await.unwrap();
    assert_eq!(answer["model"], "gpt-5.4");
    assert!(!answer["choices"][0]["message"]["content"].as_str().unwrap().is_empty());
    let usage = &answer["usage"];
    // 500 and 750 credits per million tokens.
    let cost =
        usage["prompt_tokens"].as_i64().unwrap() * 500 + usage["completion_tokens"].as_i64().unwrap() * 750;
    assert_eq!(answer["triptych"]["cost"]["charged"], cost);
    assert_eq!(answer["triptych"]["credits"]["available"], GRANT - cost);
    assert_eq!(gateway.settled(&user).await, GRANT - cost);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_streamed_answer_ends_with_usage_and_receipt() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let response = gateway.post(&user, "/v1/chat/completions", streamed("Tell me about tides.")).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
    assert!(response.headers()["x-stream-id"].to_str().unwrap().starts_with("stream_"));
    let text = response.text().await.unwrap();
    let ids: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
    assert!(ids.iter().enumerate().all(|(at, id)| id.ends_with(&format!(".{}", at + 1))), "{ids:?}");
    let chunks = chunks(&text);
    assert!(text_of(&chunks).len() > 100);
    let (last, rest) = chunks.split_last().unwrap();
    assert!(rest.iter().all(|chunk| chunk.get("usage").is_none_or(Value::is_null)));
    assert_eq!(last["choices"], json!([]));
    let cost = last["usage"]["prompt_tokens"].as_i64().unwrap() * 500
        + last["usage"]["completion_tokens"].as_i64().unwrap() * 750;
    assert_eq!(last["triptych"]["cost"]["charged"], cost);
    assert_eq!(last["triptych"]["cost"]["estimated"], false);
    assert_eq!(gateway.settled(&user).await, GRANT - cost);
    gateway.check_books().await;
}

#[tokio::test]
async fn who_does_not_ask_for_usage_gets_none_and_is_charged_all_the_same() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut body = chat("Hello.");
    body["stream"] = json!(true);
    let text = gateway.post(&user, "/v1/chat/completions", body).await.text().await.unwrap();
    assert!(!text.contains("usage") && !text.contains("triptych"), "{text}");
    assert!(chunks(&text).iter().all(|chunk| chunk["choices"][0].is_object()));
    assert!(gateway.settled(&user).await < GRANT);
    gateway.check_books().await;
}

#[tokio::test]
async fn the_first_token_arrives_before_the_answer_ends() {
    let gateway = Gateway::at_pace(|sim| sim.tokens_per_second = 40.0).await;
    let user = gateway.user("ada").await;
    let mut body = streamed("Count to a hundred.");
    body["max_completion_tokens"] = json!(30);
    let mut response = gateway.post(&user, "/v1/chat/completions", body).await;
    let mut text = String::new();
    while !text.contains("\"content\":\"") || text_of_open(&text).is_empty() {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()));
    }
    let sent = gateway.app.simulator.bill().items[0].completion_tokens;
    while let Some(part) = response.chunk().await.unwrap() {
        text.push_str(&String::from_utf8_lossy(&part));
    }
    assert_eq!(gateway.app.simulator.bill().items[0].completion_tokens, 30);
    assert!(sent < 30, "all {sent} tokens had been made before the first one arrived");
    assert_eq!(
        chunks(&text).iter().filter(|chunk| chunk["choices"][0]["finish_reason"] == "length").count(),
        1
    );
}

#[tokio::test]
async fn a_call_that_the_provider_refuses_costs_nothing() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for (fault, status, code) in
        [("500", 502, "upstream_failed"), ("429", 429, "rate_limited"), ("reset=0", 502, "upstream_failed")]
    {
        for body in [chat("Hello."), streamed("Hello.")] {
            if fault.starts_with("reset") && body["stream"] == true {
                continue;
            }
            gateway.fault(FaultRoute::Chat, &[fault]);
            let response = gateway.post(&user, "/v1/chat/completions", body).await;
            assert_eq!(response.status(), status, "{fault}");
            assert_eq!(response.headers().contains_key("retry-after"), fault == "429");
            let error: Value = response.json().await.unwrap();
            assert_eq!(error["error"]["code"], code);
            assert_eq!(gateway.settled(&user).await, GRANT);
        }
    }
    assert!(gateway.billed(BillKind::Chat).is_empty());
    gateway.check_books().await;
}

#[tokio::test]
async fn a_stream_that_breaks_says_so_and_charges_what_was_delivered() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut left = GRANT;
    for fault in ["error-mid-stream=7", "truncate=7", "reset=7"] {
        gateway.fault(FaultRoute::Chat, &[fault]);
        let response = gateway.post(&user, "/v1/chat/completions", streamed("A long story, please.")).await;
        assert_eq!(response.status(), 200);
        let chunks = chunks(&response.text().await.unwrap());
        let (last, rest) = chunks.split_last().unwrap();
        assert_eq!(last["error"]["code"], "upstream_failed", "{fault}: {last}");
        assert!(!last["error"]["message"].as_str().unwrap().contains("http"));
        assert_eq!(rest.iter().filter(|chunk| !text_of(&[(*chunk).clone()]).is_empty()).count(), 7);
        let cost = &last["triptych"]["cost"];
        assert_eq!(cost["estimated"], true);
        let charged = cost["charged"].as_i64().unwrap();
        assert!(charged >= 7 * 750);
        left -= charged;
        assert_eq!(gateway.settled(&user).await, left);
    }
    gateway.check_books().await;
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_first_token_costs_nothing() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for fault in ["error-mid-stream=0", "truncate=0", "reset=0"] {
        gateway.fault(FaultRoute::Chat, &[fault]);
        let text =
            gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await.text().await.unwrap();
        let last = chunks(&text).pop().unwrap();
        assert_eq!(last["error"]["code"], "upstream_failed", "{fault}");
        assert_eq!(last["triptych"]["cost"]["charged"], 0);
        assert_eq!(gateway.settled(&user).await, GRANT);
    }
}

#[tokio::test]
async fn what_the_balance_does_not_cover_is_not_asked_for() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    // Sixteen thousand tokens four times over hold 49 credits and more each.
    let mut body = streamed("Hello.");
    body["max_completion_tokens"] = json!(16384);
    body["n"] = json!(4);
    let held = gateway.post(&user, "/v1/estimate", body.clone()).await.json::<Value>().await.unwrap();
    assert!(held["amount"].as_i64().unwrap() > 49_000_000);
    let poor = gateway.user("eve").await;
    while gateway.settled(&poor).await > 100_000_000 {
        let body = json!({"model": "sora-2-pro", "prompt": "Spend it.", "duration": 10});
        let response = gateway.post(&poor, "/v1/videos", body).await;
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
    }
    let before = gateway.billed(BillKind::Chat).len();
    let mut refused = body.clone();
    // A token for each pair of bytes, and no use for a shorter answer.
    refused["messages"][0]["content"] = json!(" a".repeat(120_000));
    refused["triptych"] = json!({"min_completion_tokens": 16384});
    let response = gateway.post(&poor, "/v1/chat/completions", refused).await;
    assert_eq!(response.status(), 402);
    assert_eq!(response.headers()["x-should-retry"], "false");
    let error = response.json::<Value>().await.unwrap()["error"].clone();
    assert_eq!(error["code"], "insufficient_credits");
    assert!(error["needed"].as_i64() > error["available"].as_i64());
    assert_eq!(gateway.billed(BillKind::Chat).len(), before);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_repeat_with_the_same_key_is_answered_and_not_charged_again() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let send = |body: Value| {
        gateway
            .call(&user, Method::POST, "/v1/chat/completions")
            .header("idempotency-key", "click-1")
            .json(&body)
            .send()
    };
    let first = send(chat("Hello.")).await.unwrap();
    assert!(!first.headers().contains_key("idempotent-replayed"));
    let first = first.text().await.unwrap();
    let left = gateway.settled(&user).await;
    let again = send(chat("Hello.")).await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    assert_eq!(again.text().await.unwrap(), first);
    let other = send(chat("Something else.")).await.unwrap();
    assert_eq!(other.status(), 422);
    assert_eq!(gateway.settled(&user).await, left);
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
}

#[tokio::test]
async fn a_failed_call_may_be_repeated_with_its_key() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Chat, &["500"]);
    for status in [502, 200] {
        let call =
            gateway.call(&user, Method::POST, "/v1/chat/completions").header("idempotency-key", "click-1");
        assert_eq!(call.json(&chat("Hello.")).send().await.unwrap().status(), status);
    }
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
}

#[tokio::test]
async fn a_repeated_stream_is_read_again_while_it_is_kept() {
    for (keep, kept) in [(300, true), (0, false)] {
        let tables = format!("[streams]\nkeep_seconds = {keep}");
        let gateway = Gateway::with(Options { tables, ..Options::default() }).await;
        let user = gateway.user("ada").await;
        let call = || {
            let call = gateway
                .call(&user, Method::POST, "/v1/chat/completions")
                .header("idempotency-key", "click-1");
            call.json(&streamed("Hello.")).send()
        };
        let first = call().await.unwrap();
        let id = first.headers()["x-stream-id"].to_str().unwrap().to_owned();
        assert!(!first.headers().contains_key("idempotent-replayed"));
        let first = first.text().await.unwrap();
        let left = gateway.settled(&user).await;
        let again = call().await.unwrap();
        if kept {
            assert_eq!(again.headers()["idempotent-replayed"], "true");
            assert_eq!(again.headers()["x-stream-id"].to_str().unwrap(), id);
            assert_eq!(again.text().await.unwrap(), first);
        } else {
            // Or OpenAI's SDKs would repeat it, as they do with every 409.
            assert_eq!(again.headers()["x-should-retry"], "false");
            crate::app::refused(again, reqwest::StatusCode::CONFLICT, "already_charged").await;
        }
        assert_eq!(gateway.settled(&user).await, left);
        assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
    }
}

#[tokio::test]
async fn a_stream_that_is_asked_for_again_while_it_runs_goes_on_for_both() {
    let gateway = Gateway::at_pace(|sim| sim.tokens_per_second = 50.0).await;
    let user = gateway.user("ada").await;
    let mut body = streamed("A story.");
    body["max_completion_tokens"] = json!(20);
    let call = || {
        let call =
            gateway.call(&user, Method::POST, "/v1/chat/completions").header("idempotency-key", "click-1");
        call.json(&body).send()
    };
    let first = call().await.unwrap();
    let again = call().await.unwrap();
    assert_eq!(again.headers()["idempotent-replayed"], "true");
    let (first, again) = tokio::join!(first.text(), again.text());
    assert_eq!(first.unwrap(), again.unwrap());
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
    gateway.settled(&user).await;
    gateway.check_books().await;
}

#[tokio::test]
async fn the_provider_learns_neither_the_users_name_nor_the_callers_token() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut body = chat("Hello.");
    body["user"] = json!("ada");
    body["safety_identifier"] = json!("somebody-else");
    gateway.post(&user, "/v1/chat/completions", body).await.text().await.unwrap();
    let item = gateway.app.simulator.bill().items.remove(0);
    let sent = item.safety_identifier.unwrap();
    assert!(sent.len() == 32 && sent != "somebody-else" && !sent.contains("ada"));
}

#[tokio::test]
async fn a_provider_that_answers_with_an_error_or_a_page_is_a_502() {
    for (kind, body) in [
        (
            "application/json",
            r#"{"error":{"message":"No such thing at https://secret.example/x","code":404}}"#,
        ),
        ("text/html", "<!doctype html><title>Bad gateway</title>"),
        ("application/json", "{}"),
    ] {
        let upstream = scripted(kind, body.into()).await;
        let gateway = Gateway::before(upstream).await;
        let user = gateway.user("ada").await;
        for call in [chat("Hello."), streamed("Hello.")] {
            let response = gateway.post(&user, "/v1/chat/completions", call).await;
            assert_eq!(response.status(), 502, "{body}");
            assert!(!response.text().await.unwrap().contains("secret.example"));
        }
        assert_eq!(gateway.settled(&user).await, GRANT);
    }
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_or_is_silent_costs_nothing() {
    let gateway = Gateway::before("http://127.0.0.1:9".into()).await;
    let user = gateway.user("ada").await;
    let response = gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await;
    assert_eq!(response.status(), 502);
    assert_eq!(gateway.settled(&user).await, GRANT);

    let gateway =
        Gateway::with(Options { provider: "first_byte_timeout_ms = 50".into(), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    gateway.fault(FaultRoute::Chat, &["delay=60000"]);
    let response = gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await;
    assert_eq!(response.status(), 504);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "upstream_timeout");
    assert_eq!(gateway.settled(&user).await, GRANT);
}

fn text_of_open(text: &str) -> String {
    let whole = text.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    let chunks: Vec<Value> =
        events(whole).iter().filter_map(|event| serde_json::from_str(event).ok()).collect();
    text_of(&chunks)
}
