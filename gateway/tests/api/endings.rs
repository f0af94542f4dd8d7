//! Calls that do not end by themselves: providers that hang, a process that stops.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::{StreamExt, stream};
use reqwest::Method;
use tokio::net::TcpListener;

use crate::app::{Options, refused};
use crate::support::{GRANT, Gateway, chat, eventually, streamed};
use crate::videos::{clip, order, price, reaches};

/// A provider whose every answer is an error that begins and never ends.
async fn endless_errors() -> String {
    let answer = axum::routing::any(|| async {
        let part = stream::iter([Ok::<_, std::io::Error>("{\"error\":")]);
        (StatusCode::INTERNAL_SERVER_ERROR, Body::from_stream(part.chain(stream::pending())))
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    url
}

#[tokio::test]
async fn an_error_that_never_ends_holds_nobody_up() {
    let gateway = Gateway::before(endless_errors().await).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let (whole, stream) = tokio::join!(
        gateway.post(&user, "/v1/chat/completions", chat("Hello.")),
        gateway.post(&user, "/v1/chat/completions", streamed("Hello.")),
    );
    for response in [whole, stream] {
        refused(response, StatusCode::BAD_GATEWAY, "upstream_failed").await;
    }
    // The order may have been taken, so its hold stays; the calls have given theirs back.
    reaches(&gateway, &user, &created["id"], "in_progress").await;
    eventually("only the clip is held", async || {
        (gateway.balance(&user).await.held.micro() == price(&created)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_call_whose_caller_has_gone_is_settled_before_the_process_ends() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let call =
        gateway.call(&user, Method::POST, "/v1/chat/completions").json(&chat("Hi [[fault:delay=1000]]"));
    let calling = tokio::spawn(call.send());
    eventually("it is held", async || (gateway.balance(&user).await.held.micro() > 0).then_some(())).await;
    calling.abort();
    gateway.app.restart().await;
    let charge = gateway.app.charges().await.remove(0);
    assert_eq!(charge["state"], "committed", "{charge}");
    gateway.check_books().await;
}

#[tokio::test]
async fn a_process_that_stops_tells_those_who_wait_for_a_provider() {
    let mut gateway = Gateway::with(Options { grace_seconds: Some(1), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let prompt = "Hi [[fault:delay=20000]]";
    let image = serde_json::json!({"model": "gpt-image-1.5", "prompt": prompt});
    let calls = [
        ("/v1/chat/completions", chat(prompt)),
        ("/v1/chat/completions", streamed(prompt)),
        ("/v1/images/generations", image),
    ];
    let calling = calls.map(|(path, body)| {
        tokio::spawn(
            gateway.call(&user, Method::POST, path).timeout(Duration::from_secs(15)).json(&body).send(),
        )
    });
    eventually("all are held", async || {
        let open = gateway.app.charges().await;
        (open.len() == 3).then_some(())
    })
    .await;
    gateway.app.restart().await;
    for call in calling {
        let response = call.await.unwrap().unwrap();
        assert!(response.headers().contains_key("retry-after"));
        refused(response, StatusCode::SERVICE_UNAVAILABLE, "unavailable").await;
    }
    let user = gateway.user("ada").await;
    assert_eq!(gateway.settled(&user).await, GRANT);
}
