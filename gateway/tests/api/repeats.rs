//! Calls without a key that a client repeats by itself, as OpenAI's SDKs do.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use triptych_simulator::BillKind;

use crate::app::ok;
use crate::support::{Gateway, User, chat, eventually};

fn attempt(gateway: &Gateway, user: &User, path: &str, body: &Value, number: u32) -> RequestBuilder {
    let call = gateway.call(user, Method::POST, path).header("x-stainless-retry-count", number);
    call.json(body)
}

async fn slow() -> Gateway {
    Gateway::at_pace(|config| {
        config.time_to_first_token = Duration::from_millis(400);
        config.image_delay = Duration::from_millis(400);
    })
    .await
}

#[tokio::test]
async fn a_repeat_of_a_call_whose_connection_broke_waits_for_it_and_is_charged_once() {
    let gateway = slow().await;
    let user = gateway.user("ada").await;
    let picture = json!({"model": "gpt-image-1.5", "prompt": "A boat"});
    for (path, body, kind) in [
        ("/v1/chat/completions", chat("Hello."), BillKind::Chat),
        ("/v1/images/generations", picture, BillKind::Image),
    ] {
        let first = attempt(&gateway, &user, path, &body, 0).timeout(Duration::from_millis(150)).send().await;
        assert!(first.is_err_and(|error| error.is_timeout()), "the client has given up in the middle");
        let second = attempt(&gateway, &user, path, &body, 1).send().await.unwrap();
        assert_eq!(second.headers()["idempotent-replayed"], "true");
        let second = ok(second).await;
        if kind == BillKind::Image {
            assert!(second["data"][0]["b64_json"].as_str().is_some_and(|picture| picture.len() > 100));
        }
        let third = attempt(&gateway, &user, path, &body, 2).send().await.unwrap();
        assert_eq!(ok(third).await, second);
        assert_eq!(gateway.billed(kind).len(), 1, "{path}");
    }
    gateway.settled(&user).await;
    gateway.check_books().await;
}

#[tokio::test]
async fn nobody_pays_for_a_repeat_that_was_given_up_while_it_waited() {
    let gateway = slow().await;
    let user = gateway.user("ada").await;
    let (path, body) = ("/v1/chat/completions", chat("Hello."));
    for number in 0..3 {
        let call = attempt(&gateway, &user, path, &body, number).timeout(Duration::from_millis(60));
        assert!(call.send().await.is_err());
    }
    eventually("the call has ended", async || (gateway.balance(&user).await.held.micro() == 0).then_some(()))
        .await;
    gateway.settled(&user).await;
    assert_eq!(gateway.app.charges().await.len(), 1);
    assert_eq!(gateway.billed(BillKind::Chat).len(), 1);
    gateway.check_books().await;
}
