//! Streams outlive their connection: stop, resume, disconnect, and what providers really send.

use reqwest::Method;
use serde_json::Value;
use triptych_simulator::BillKind;

use crate::support::{GRANT, Gateway, chunks, eventually, scripted, streamed, text_of};

async fn slow_gateway() -> Gateway {
    Gateway::at_pace(|sim| sim.tokens_per_second = 50.0).await
}

/// Reads until some words have come.
async fn some_words(response: &mut reqwest::Response) -> String {
    let mut text = String::new();
    while text.matches("\"content\":\"").count() < 4 {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()));
    }
    text
}

#[tokio::test]
async fn a_stopped_answer_ends_charges_what_came_and_frees_the_provider() {
    let gateway = slow_gateway().await;
    let user = gateway.user("ada").await;
    let mut response = gateway.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
    let id = response.headers()["x-stream-id"].to_str().unwrap().to_owned();
    let mut text = some_words(&mut response).await;
    let stop = format!("/v1/streams/{id}/stop");
    let stranger = gateway.user("eve").await;
    assert_eq!(gateway.call(&stranger, Method::POST, &stop).send().await.unwrap().status(), 404);
    let stopped: Value = gateway.call(&user, Method::POST, &stop).send().await.unwrap().json().await.unwrap();
    assert_eq!(stopped, serde_json::json!({"id": id, "stopped": true}));
    text.push_str(&response.text().await.unwrap());
    let chunks = chunks(&text);
    let [.., finish, last] = chunks.as_slice() else { panic!("{text}") };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(last["triptych"]["cost"]["estimated"], true);
    let charged = last["triptych"]["cost"]["charged"].as_i64().unwrap();
    let words = chunks.iter().filter(|chunk| !text_of(&[(*chunk).clone()]).is_empty()).count();
    assert_eq!(last["usage"]["completion_tokens"], words);
    assert!(charged > 0);
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    // The provider's connection is closed, so it makes no more tokens.
    let mut before = 0;
    eventually("the provider has stopped", async || {
        let now = gateway.billed(BillKind::Chat)[0].completion_tokens;
        (std::mem::replace(&mut before, now) == now).then_some(())
    })
    .await;
    gateway.check_books().await;
}

#[tokio::test]
async fn an_answer_whose_reader_has_gone_is_read_to_its_end_and_charged() {
    let gateway = Gateway::at_pace(|sim| sim.tokens_per_second = 300.0).await;
    let user = gateway.user("ada").await;
    let mut response = gateway.post(&user, "/v1/chat/completions", streamed("A story.")).await;
    some_words(&mut response).await;
    drop(response);
    let left = gateway.settled(&user).await;
    assert!(left < GRANT);
    let charge = gateway.app.charges().await.remove(0);
    assert_eq!(charge["estimated"], false, "{charge}");
    gateway.check_books().await;
}

#[tokio::test]
async fn a_reader_that_comes_back_gets_the_rest() {
    let gateway = slow_gateway().await;
    let user = gateway.user("ada").await;
    let mut body = streamed("A story.");
    body["max_completion_tokens"] = serde_json::json!(25);
    let mut response = gateway.post(&user, "/v1/chat/completions", body).await;
    let id = response.headers()["x-stream-id"].to_str().unwrap().to_owned();
    let seen = some_words(&mut response).await;
    drop(response);
    let whole_events = seen.rsplit_once("\n\n").unwrap().0;
    let last = whole_events.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let path = format!("/v1/streams/{id}");
    let resume = |from: &str| gateway.call(&user, Method::GET, &path).header("last-event-id", from).send();
    let rest = resume(last).await.unwrap().text().await.unwrap();
    let whole = gateway.get(&user, &path).await.text().await.unwrap();
    assert_eq!(format!("{whole_events}\n\n{rest}"), whole);
    assert_eq!(chunks(&whole).last().unwrap()["usage"]["completion_tokens"], 25);
    assert_eq!(resume("other.1").await.unwrap().status(), 400);
    let stranger = gateway.user("eve").await;
    assert_eq!(gateway.get(&stranger, &path).await.status(), 404);
    assert_eq!(gateway.get(&user, "/v1/streams/stream_none").await.status(), 404);
}

#[tokio::test]
async fn a_gateway_that_goes_down_settles_what_it_streams() {
    let mut gateway = slow_gateway().await;
    let user = gateway.user("ada").await;
    let mut response = gateway.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
    let mut text = some_words(&mut response).await;
    let reading = tokio::spawn(async move {
        text.push_str(&response.text().await.unwrap());
        text
    });
    gateway.app.restart().await;
    let last = chunks(&reading.await.unwrap()).pop().unwrap();
    assert_eq!(last["error"]["code"], "unavailable");
    let charged = last["triptych"]["cost"]["charged"].as_i64().unwrap();
    assert!(charged > 0);
    let user = gateway.user("ada").await;
    assert_eq!(gateway.settled(&user).await, GRANT - charged);
    gateway.check_books().await;
}

#[tokio::test]
async fn one_user_may_have_only_so_many_streams() {
    let gateway = slow_gateway().await;
    let user = gateway.user("ada").await;
    let mut open = Vec::new();
    for _ in 0..8 {
        let response = gateway.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
        assert_eq!(response.status(), 200);
        open.push(response);
    }
    let refused = gateway.post(&user, "/v1/chat/completions", streamed("One more.")).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
    for response in open {
        let stop = format!("/v1/streams/{}/stop", response.headers()["x-stream-id"].to_str().unwrap());
        gateway.call(&user, Method::POST, &stop).send().await.unwrap();
    }
    gateway.settled(&user).await;
    gateway.check_books().await;
}

/// Events of a provider as they come over the wire, and what must come out.
struct Script {
    wire: &'static str,
    text: &'static str,
    /// Prompt and completion tokens that are charged, and whether the gateway counted.
    used: (u64, u64, bool),
    ends_well: bool,
}

#[tokio::test]
async fn what_providers_really_send_is_understood() {
    let scripts = [
        Script {
            wire: ": ping\r\n\r\ndata: {\"id\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\r\n\r\n\
                   data: {\"id\":\"b\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n:\r\n\
                   data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"!\"},\"finish_reason\":\"stop\"}],\"usage\":null}\r\n\r\n\
                   data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{}}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\r\n\r\n",
            text: "Hi!",
            used: (9, 2, false),
            ends_well: true,
        },
        Script {
            wire: "data:{\"choices\":[{\"delta\":{\"content\":\"a\\ud83d\"}}]}\n\n\
                   data:{\"choices\":[{\"delta\":{\"content\":\"\\ude00b\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
            text: "",
            used: (6, 2, true),
            ends_well: true,
        },
        Script {
            wire: "data: {\"choices\":[{\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n\
                   data: {\"choices\":[],\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}}\n\ndata: [DONE]\n\n",
            text: "x",
            used: (0, 0, false),
            ends_well: true,
        },
        Script {
            wire: "data: {\"choices\":[{\"delta\":{\"content\":\"cut\"}}]}\n\ndata: {\"error\":{\"message\":\"out of memory\",\"code\":500}}\n\n",
            text: "cut",
            used: (6, 1, true),
            ends_well: false,
        },
        Script {
            wire: "data: {\"choices\":[{\"delta\":{\"content\":\"cut\"}}]}\n\ndata: {\"choi\n\n",
            text: "cut",
            used: (6, 1, true),
            ends_well: false,
        },
        Script {
            wire: "data: {\"choices\":[{\"delta\":{\"content\":\"cut\"}}]}\n\n",
            text: "cut",
            used: (6, 1, true),
            ends_well: false,
        },
    ];
    for script in scripts {
        let upstream = scripted("text/event-stream", script.wire.into()).await;
        let gateway = Gateway::before(upstream).await;
        let user = gateway.user("ada").await;
        let text =
            gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await.text().await.unwrap();
        if text.contains("\\ud83d") {
            // Passed on as it came: JavaScript joins the halves.
            assert!(text.contains("\"a\\ud83d\"") && text.contains("\"\\ude00b\""), "{text}");
        } else {
            let chunks = chunks(&text);
            assert_eq!(text_of(&chunks), script.text);
            assert_eq!(chunks.last().unwrap().get("error").is_none(), script.ends_well, "{text}");
        }
        gateway.settled(&user).await;
        let charge = gateway.app.charges().await.remove(0);
        let (prompt, completion, estimated) = script.used;
        assert_eq!(charge["prompt_tokens"], prompt, "{charge}");
        assert_eq!(charge["completion_tokens"], completion, "{charge}");
        assert_eq!(charge["estimated"], estimated);
    }
}
