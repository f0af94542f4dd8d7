//! Several gateways with one log of streams: what one of them writes, the others read.

use std::sync::mpsc;
use std::thread::JoinHandle;

use redis::AsyncCommands;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::app::{Options, TestApp, refused};
use crate::redis::Redis;
use crate::support::{GRANT, Gateway, User, chunks, eventually, streamed, text_of};

fn paced(redis: &Redis, tokens_per_second: f64) -> Options {
    let (top, tables) = redis.config();
    let mut simulator = triptych_simulator::Config::instant();
    simulator.tokens_per_second = tokens_per_second;
    Options { top, tables, simulator: Some(simulator), ..Options::default() }
}

/// A second node beside the first one, with the same log of streams.
async fn second(first: &Gateway, options: &Options) -> Gateway {
    Gateway::with(beside(&first.app, options.clone())).await
}

/// What a second node starts with. On PostgreSQL that is the same database. A SQLite file has one gateway, so there it
/// is a copy: the log is still shared, and that is what most of these tests are about.
fn beside(first: &TestApp, options: Options) -> Options {
    if first.is_shared() {
        return Options { database: Some(first.database.clone()), ..options };
    }
    let file = |name: &'static str| Some((name, std::fs::read(first.folder.join(name)).ok()?));
    let files = ["triptych.db", "triptych.db-wal"].into_iter().filter_map(file).collect();
    Options { files, ..options }
}

/// A node on threads of its own, which can be ended as a crash does: all its tasks are gone at once.
struct Node {
    url: String,
    token: String,
    crash: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Node {
    /// Runs a node with a user, and tells what another node starts with to know the user as well.
    async fn start(options: Options) -> (Node, Options) {
        let (told, tell) = (mpsc::channel(), oneshot::channel::<()>());
        let (sender, receiver) = told;
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            runtime.block_on(async move {
                let gateway = Gateway::with(options.clone()).await;
                let user = gateway.user("ada").await;
                let beside = beside(&gateway.app, options);
                sender.send((gateway.app.url.clone(), user.token().to_owned(), beside)).unwrap();
                tell.1.await.ok();
                // Not dropped in order: nothing may be said any more.
                std::mem::forget(gateway);
            });
            runtime.shutdown_background();
        });
        let (url, token, beside) =
            tokio::task::spawn_blocking(move || receiver.recv().unwrap()).await.unwrap();
        (Node { url, token, crash: Some(tell.0), thread: Some(thread) }, beside)
    }

    fn post(&self, client: &Client, body: &Value) -> RequestBuilder {
        client.post(format!("{}/v1/chat/completions", self.url)).bearer_auth(&self.token).json(body)
    }

    async fn crash(&mut self) {
        drop(self.crash.take());
        let thread = self.thread.take().unwrap();
        tokio::task::spawn_blocking(move || thread.join().unwrap()).await.unwrap();
    }
}

fn id_of(response: &Response) -> String {
    response.headers()["x-stream-id"].to_str().unwrap().to_owned()
}

/// Reads until some words have come.
async fn some_words(response: &mut Response) -> String {
    let mut text = String::new();
    while text.matches("\"content\":\"").count() < 4 {
        text.push_str(&String::from_utf8_lossy(&response.chunk().await.unwrap().unwrap()));
    }
    text
}

fn resume(gateway: &Gateway, user: &User, id: &str, last: &str) -> RequestBuilder {
    gateway.call(user, Method::GET, &format!("/v1/streams/{id}")).header("last-event-id", last)
}

#[tokio::test]
async fn a_reader_that_comes_back_to_another_node_gets_the_rest() {
    let Some(redis) = Redis::start().await else { return };
    let options = paced(&redis, 60.0);
    let first = Gateway::with(options.clone()).await;
    let (user, stranger) = (first.user("ada").await, first.user("eve").await);
    let other = second(&first, &options).await;
    let mut body = streamed("A story.");
    body["max_completion_tokens"] = serde_json::json!(40);
    let mut response = first.post(&user, "/v1/chat/completions", body).await;
    let id = id_of(&response);
    let seen = some_words(&mut response).await;
    drop(response);
    let seen = seen.rsplit_once("\n\n").unwrap().0;
    let last = seen.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap();
    // Two at once, one of them from the beginning; there is one copy for both.
    let path = format!("/v1/streams/{id}");
    let (rest, whole) = tokio::join!(resume(&other, &user, &id, last).send(), other.get(&user, &path));
    let (rest, whole) = tokio::join!(rest.unwrap().text(), whole.text());
    let (rest, whole) = (rest.unwrap(), whole.unwrap());
    assert_eq!(format!("{seen}\n\n{rest}"), whole);
    assert_eq!(chunks(&whole).last().unwrap()["usage"]["completion_tokens"], 40);
    assert_eq!(other.get(&stranger, &path).await.status(), 404);
    assert_eq!(other.get(&user, "/v1/streams/stream_none").await.status(), 404);
    assert_eq!(resume(&other, &user, &id, "other.1").send().await.unwrap().status(), 400);
    // It has ended, and can still be read.
    assert_eq!(other.get(&user, &path).await.text().await.unwrap(), whole);
    assert_eq!(first.get(&user, &path).await.text().await.unwrap(), whole);
    first.check_books().await;
}

#[tokio::test]
async fn a_stop_reaches_the_node_that_streams() {
    let Some(redis) = Redis::start().await else { return };
    let options = paced(&redis, 30.0);
    let first = Gateway::with(options.clone()).await;
    let (user, stranger) = (first.user("ada").await, first.user("eve").await);
    let other = second(&first, &options).await;
    let mut response = first.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
    let stop = format!("/v1/streams/{}/stop", id_of(&response));
    let mut text = some_words(&mut response).await;
    assert_eq!(other.call(&stranger, Method::POST, &stop).send().await.unwrap().status(), 404);
    assert_eq!(other.call(&user, Method::POST, &stop).send().await.unwrap().status(), 200);
    text.push_str(&response.text().await.unwrap());
    assert_eq!(chunks(&text).last().unwrap()["triptych"]["cut"], "stopped");
    eventually("the other node knows the end", async || {
        let path = stop.trim_end_matches("/stop");
        (other.get(&user, path).await.text().await.unwrap() == text).then_some(())
    })
    .await;
    assert_eq!(other.call(&user, Method::POST, &stop).send().await.unwrap().status(), 200);
    first.settled(&user).await;
    first.check_books().await;
}

#[tokio::test]
async fn who_reads_a_stream_whose_node_dies_is_told() {
    let Some(redis) = Redis::start().await else { return };
    let mut options = paced(&redis, 20.0);
    options.top.push_str("silence_ms = 2000\n");
    let (mut node, beside) = Node::start(options).await;
    let mut other = Gateway::with(beside).await;
    let user = other.user("ada").await;
    let client = Client::new();
    let mut response = node.post(&client, &streamed("A long story.")).send().await.unwrap();
    let id = id_of(&response);
    some_words(&mut response).await;
    let mut reading = other.get(&user, &format!("/v1/streams/{id}")).await;
    let mut text = some_words(&mut reading).await;
    node.crash().await;
    text.push_str(&reading.text().await.unwrap());
    let last = chunks(&text).pop().unwrap();
    assert_eq!(last["error"]["code"], "stream_lost", "{text}");
    // So is who comes later, to whichever node.
    let later = other.get(&user, &format!("/v1/streams/{id}")).await.text().await.unwrap();
    assert_eq!(later, text);
    let mut connection = redis.connection().await.unwrap();
    let state: String = connection.hget(format!("{}stream:{id}", redis.prefix), "state").await.unwrap();
    assert_eq!(state, "lost");
    if !other.app.is_shared() {
        return;
    }
    // What the dead one held is given back, by whoever starts or looks next.
    assert!(other.balance(&user).await.held.micro() > 0);
    eventually("the hold is given back", async || {
        other.app.restart().await;
        (other.balance(&user).await.held.micro() == 0).then_some(())
    })
    .await;
    assert_eq!(other.balance(&user).await.available.micro(), GRANT);
    other.app.assert_sound().await;
}

#[tokio::test]
async fn a_sqlite_file_has_one_gateway() {
    let mut gateway = Gateway::start().await;
    if gateway.app.is_shared() {
        return;
    }
    let user = gateway.user("ada").await;
    let refusal = gateway.app.another().await.unwrap_err();
    assert!(refusal.contains("another gateway is using it"), "{refusal}");
    assert_eq!(gateway.balance(&user).await.available.micro(), GRANT);
    gateway.app.end().await;
    gateway.app.another().await.unwrap();
}

#[tokio::test]
async fn nodes_on_one_database_sell_its_credits_once() {
    let Some(redis) = Redis::start().await else { return };
    let options = paced(&redis, 1000.0);
    let first = Gateway::with(options.clone()).await;
    if !first.app.is_shared() {
        return;
    }
    let other = second(&first, &options).await;
    let user = first.user("ada").await;
    let path = "/v1/chat/completions";
    let calls = (0..6).map(|number| {
        let (node, user) = (if number % 2 == 0 { &first } else { &other }, user.clone());
        async move { node.post(&user, path, streamed("A story.")).await.text().await.unwrap() }
    });
    let texts = futures_util::future::join_all(calls).await;
    assert!(texts.iter().all(|text| chunks(text).last().unwrap().get("error").is_none()));
    let left = first.settled(&user).await;
    assert_eq!(other.balance(&user).await.available.micro(), left);
    let charges = first.app.charges().await;
    let charged: i64 = charges.iter().map(|charge| charge["charged"].as_i64().unwrap()).sum();
    assert_eq!((charges.len(), GRANT - left), (6, charged));
    other.app.assert_sound().await;
}

#[tokio::test]
async fn without_the_log_no_stream_begins_and_those_that_run_go_on() {
    let Some(mut redis) = Redis::own().await else { return };
    let gateway = Gateway::with(paced(&redis, 40.0)).await;
    let user = gateway.user("ada").await;
    let mut body = streamed("A story.");
    body["max_completion_tokens"] = serde_json::json!(60);
    let mut response = gateway.post(&user, "/v1/chat/completions", body).await;
    let id = id_of(&response);
    let mut text = some_words(&mut response).await;
    redis.kill();
    let refusal = gateway.post(&user, "/v1/chat/completions", streamed("Another one.")).await;
    assert!(refusal.headers().contains_key("retry-after"));
    refused(refusal, StatusCode::SERVICE_UNAVAILABLE, "unavailable").await;
    text.push_str(&response.text().await.unwrap());
    let whole = chunks(&text);
    assert!(whole.last().unwrap().get("error").is_none());
    assert_eq!(whole.last().unwrap()["usage"]["completion_tokens"], 60);
    let left = gateway.settled(&user).await;
    assert!(left < GRANT);
    // Its own readers can still come back, and once the log is there again the others as well.
    let path = format!("/v1/streams/{id}");
    assert_eq!(gateway.get(&user, &path).await.text().await.unwrap(), text);
    assert!(redis.run().await);
    let other = second(&gateway, &paced(&redis, 40.0)).await;
    eventually("the log was written again", async || {
        let response = other.get(&user, &path).await;
        (response.status() == 200 && response.text().await.unwrap() == text).then_some(())
    })
    .await;
    let again = gateway.post(&user, "/v1/chat/completions", streamed("Another one.")).await;
    assert_eq!(again.status(), 200);
    assert!(!text_of(&chunks(&again.text().await.unwrap())).is_empty());
}

#[tokio::test]
async fn a_writer_that_was_declared_lost_writes_no_more() {
    let Some(redis) = Redis::start().await else { return };
    let gateway = Gateway::with(paced(&redis, 40.0)).await;
    let user = gateway.user("ada").await;
    let mut body = streamed("A story.");
    body["max_completion_tokens"] = serde_json::json!(40);
    let mut response = gateway.post(&user, "/v1/chat/completions", body).await;
    let id = id_of(&response);
    let mut text = some_words(&mut response).await;
    let mut connection = redis.connection().await.unwrap();
    let key = format!("{}stream:{id}", redis.prefix);
    let _: () = connection.hset(&key, "state", "lost").await.unwrap();
    let before: i64 = connection.xlen(format!("{key}:log")).await.unwrap();
    text.push_str(&response.text().await.unwrap());
    assert_eq!(chunks(&text).last().unwrap()["usage"]["completion_tokens"], 40);
    gateway.settled(&user).await;
    let after: i64 = connection.xlen(format!("{key}:log")).await.unwrap();
    assert!(after <= before, "{before} {after}");
    let state: String = connection.hget(&key, "state").await.unwrap();
    assert_eq!(state, "lost");
}

#[tokio::test]
async fn a_call_that_is_refused_leaves_nothing_in_the_log() {
    let Some(redis) = Redis::start().await else { return };
    let gateway = Gateway::with(paced(&redis, 1000.0)).await;
    let user = gateway.user("ada").await;
    gateway.fault(triptych_simulator::FaultRoute::Chat, &["500"]);
    let response = gateway.post(&user, "/v1/chat/completions", streamed("Hello.")).await;
    assert_eq!(response.status(), 502);
    let mut connection = redis.connection().await.unwrap();
    eventually("the log is empty", async || {
        let keys: Vec<String> = connection.keys(format!("{}stream:*", redis.prefix)).await.unwrap();
        keys.is_empty().then_some(())
    })
    .await;
}
