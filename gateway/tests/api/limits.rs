use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::FaultRoute;

use crate::app::{ADMIN_SECRET, ORIGIN, Options, ok, refused};
use crate::support::{CREDIT, Gateway, User, chat, eventually, streamed};
use crate::videos::{clip, ended, order};

const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;

async fn limited(tables: &str) -> Gateway {
    Gateway::with(Options { tables: tables.to_owned(), ..Options::default() }).await
}

async fn ask(gateway: &Gateway, user: &User) -> Response {
    gateway.post(user, "/v1/chat/completions", chat("Hello.")).await
}

fn number(response: &Response, name: &str) -> i64 {
    response.headers()[name].to_str().unwrap().parse().unwrap()
}

/// A picture, at three credits.
fn picture() -> Value {
    json!({"model": "gpt-image-1.5", "prompt": "A boat", "size": "1536x1024"})
}

#[tokio::test]
async fn of_many_requests_at_once_as_many_as_the_limit_get_through() {
    let gateway = limited("[limits.tenant]\nrequests_per_minute = 7").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let minute = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 60;
    let began = minute();
    let calls = (0..20).map(|number| ask(&gateway, if number % 2 == 0 { &ada } else { &bob }));
    let answers = join_all(calls).await;
    let through = answers.iter().filter(|answer| answer.status().is_success()).count();
    let late = answers.iter().filter(|answer| answer.status() == TOO_MANY).count();
    if minute() == began {
        assert_eq!(through, 7);
    } else {
        // As many again as came in the next minute.
        assert!((7..=14).contains(&through), "{through}");
    }
    assert_eq!(through + late, 20);
    gateway.settled(&ada).await;
    gateway.check_books().await;
}

#[tokio::test]
async fn answers_tell_the_limits_in_openais_headers_and_refusals_when_to_come_again() {
    let gateway = limited("[limits.user]\nrequests_per_minute = 2\ntokens_per_minute = 1000000").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let call = gateway.call(&ada, Method::POST, "/v1/chat/completions").header("origin", ORIGIN);
    let first = call.json(&streamed("Hello.")).send().await.unwrap();
    assert_eq!(number(&first, "x-ratelimit-limit-requests"), 2);
    assert_eq!(number(&first, "x-ratelimit-limit-tokens"), 1_000_000);
    assert!(number(&first, "x-ratelimit-remaining-tokens") < 1_000_000);
    assert!(first.headers()["x-ratelimit-reset-requests"].to_str().unwrap().ends_with('s'));
    let exposed = first.headers()["access-control-expose-headers"].to_str().unwrap();
    assert!(exposed.contains("x-ratelimit-remaining-requests"));
    first.text().await.unwrap();
    let mut last = ask(&gateway, &ada).await;
    for _ in 0..4 {
        last = ask(&gateway, &ada).await;
        if last.status() == TOO_MANY {
            break;
        }
    }
    assert_eq!(number(&last, "x-ratelimit-remaining-requests"), 0);
    let (seconds, millis) = (number(&last, "retry-after"), number(&last, "retry-after-ms"));
    assert!((1..=60).contains(&seconds) && (1..=60_000).contains(&millis));
    assert!(!last.headers().contains_key("x-should-retry"));
    refused(last, TOO_MANY, "rate_limited").await;
    // Another user has counted nothing, and what is free of charge is not counted.
    ok(ask(&gateway, &bob).await).await;
    let free = gateway.get(&ada, "/v1/credits").await;
    assert!(!free.headers().contains_key("x-ratelimit-limit-requests"));
    ok(free).await;
}

#[tokio::test]
async fn tokens_count_by_what_was_used_once_that_is_known() {
    let gateway = limited("[limits.user]\ntokens_per_minute = 10000").await;
    let user = gateway.user("ada").await;
    let mut body = chat("Hello.");
    body["max_completion_tokens"] = json!(4000);
    // Each may use nearly half of it, and uses next to nothing.
    for _ in 0..6 {
        ok(gateway.post(&user, "/v1/chat/completions", body.clone()).await).await;
    }
    body["max_completion_tokens"] = json!(16000);
    let answer = gateway.post(&user, "/v1/chat/completions", body).await;
    assert_eq!(answer.headers()["x-should-retry"], "false");
    refused(answer, TOO_MANY, "rate_limited").await;
    let body = json!({"model": "gpt-5.4", "input": "Hello.", "max_output_tokens": 16000});
    refused(gateway.post(&user, "/v1/responses", body).await, TOO_MANY, "rate_limited").await;
    gateway.check_books().await;
}

#[tokio::test]
async fn spending_counts_what_is_held_and_then_what_was_charged() {
    let gateway = limited("[limits.user]\nspend_per_day = 7").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let draw = async |user| gateway.post(user, "/v1/images/generations", picture()).await;
    // What comes to nothing is given back.
    gateway.fault(FaultRoute::Image, &["500", "500", "500"]);
    for _ in 0..3 {
        assert_eq!(draw(&ada).await.status(), StatusCode::BAD_GATEWAY);
    }
    ok(draw(&ada).await).await;
    ok(draw(&ada).await).await;
    refused(draw(&ada).await, TOO_MANY, "rate_limited").await;
    ok(draw(&bob).await).await;
    gateway.settled(&ada).await;
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_that_fails_gives_its_spending_back() {
    // One clip is twenty credits.
    let gateway = limited("[limits.user]\nspend_per_day = 21").await;
    let user = gateway.user("ada").await;
    for fault in ["job-failed", "done-with-error", "400"] {
        gateway.fault(FaultRoute::Video, &[fault]);
        let created = order(&gateway, &user, clip("Waves")).await;
        assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "failed", "{fault}");
    }
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    refused(gateway.post(&user, "/v1/videos", clip("Waves")).await, TOO_MANY, "rate_limited").await;
    gateway.check_books().await;
}

#[tokio::test]
async fn of_many_calls_at_once_with_one_token_those_that_its_cost_covers_get_through() {
    let gateway = Gateway::at_pace(|config| config.image_delay = std::time::Duration::from_millis(200)).await;
    gateway.user("ada").await;
    let app = &gateway.app;
    let cheap = app.token_with(json!({"user": "ada", "max_cost": 7 * CREDIT})).await;
    let body = picture();
    let calls = (0..12).map(|_| app.post(&cheap, "/v1/images/generations", &body));
    let answers = join_all(calls).await;
    let count = |status| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::FORBIDDEN)), (2, 10));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_hosts_own_limits_come_before_those_for_all() {
    let tenant = "[limits.user]\nrequests_per_minute = 1\n[[tenants]]\nid = \"free\"\n\
                  secret_env = \"TRIPTYCH_ADMIN_SECRET\"\nuser_limits = { requests_per_minute = 1000 }";
    let gateway = limited(tenant).await;
    let session = gateway.app.post(ADMIN_SECRET, "/v1/sessions", &json!({"user": "ada"})).await;
    let token = ok(session).await["client_secret"].as_str().unwrap().to_owned();
    let grant = json!({"tenant": "free", "user": "ada", "amount": 9_000_000, "key": "k", "reason": "test"});
    ok(gateway.app.post(ADMIN_SECRET, "/admin/v1/grants", &grant).await).await;
    for _ in 0..3 {
        ok(gateway.app.post(&token, "/v1/chat/completions", &chat("Hello.")).await).await;
    }
}

#[tokio::test]
async fn chat_calls_at_once_are_counted_in_the_books() {
    for tables in ["[limits.user]\nstreams = 2", "[limits.tenant]\nstreams = 2"] {
        let mut simulator = triptych_simulator::Config::instant();
        simulator.tokens_per_second = 20.0;
        let options = Options { tables: tables.to_owned(), simulator: Some(simulator), ..Options::default() };
        let gateway = Gateway::with(options).await;
        let user = gateway.user("ada").await;
        let open = async || gateway.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
        let mut running = [open().await, open().await];
        for answer in &mut running {
            assert!(answer.chunk().await.unwrap().is_some());
        }
        refused(open().await, TOO_MANY, "rate_limited").await;
        let [first, _second] = running;
        let id = first.headers()["x-stream-id"].to_str().unwrap().to_owned();
        ok(gateway.post(&user, &format!("/v1/streams/{id}/stop"), json!({})).await).await;
        first.text().await.unwrap();
        eventually("there is room again", async || open().await.status().is_success().then_some(())).await;
    }
}

#[tokio::test]
async fn a_token_may_be_narrower_than_its_user() {
    let gateway = limited("[limits.user]\nrequests_per_minute = 100").await;
    gateway.user("ada").await;
    let app = &gateway.app;
    let slow = json!({"user": "ada", "rate_limits": {"max_requests_per_1_minute": 1}});
    let slow = app.token_with(slow).await;
    let say = async |token: &str| app.post(token, "/v1/chat/completions", &chat("Hello.")).await;
    let mut answers = [say(&slow).await.status(), say(&slow).await.status(), say(&slow).await.status()];
    answers.sort();
    assert_eq!(answers[2], TOO_MANY);
    let cheap = app.token_with(json!({"user": "ada", "max_cost": 7_000_000})).await;
    let draw = async || app.post(&cheap, "/v1/images/generations", &picture()).await;
    ok(draw().await).await;
    ok(draw().await).await;
    refused(draw().await, StatusCode::FORBIDDEN, "scope_denied").await;
    ok(app.post(&app.token("ada").await, "/v1/images/generations", &picture()).await).await;
}
