use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{ADMIN_SECRET, Options, TestApp, ok, refused};
use crate::support::{GRANT, Gateway, chat, eventually, streamed};
use crate::videos::{clip, ended, job, order};

const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;

async fn switch(app: &TestApp, subject: &str) -> Value {
    let call = app.request(Method::PUT, &format!("/admin/v1/switches/{subject}")).bearer_auth(ADMIN_SECRET);
    ok(call.json(&json!({"reason": "Being looked into."})).send().await.unwrap()).await
}

async fn switch_on(app: &TestApp, subject: &str) -> Value {
    let call = app.request(Method::DELETE, &format!("/admin/v1/switches/{subject}"));
    ok(call.bearer_auth(ADMIN_SECRET).send().await.unwrap()).await
}

#[tokio::test]
async fn what_is_switched_off_is_refused_with_the_reason_and_costs_nothing() {
    let gateway = Gateway::start().await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    for (subject, status, code, spares_bob) in [
        ("all", UNAVAILABLE, "unavailable", false),
        ("tenant:acme", FORBIDDEN, "scope_denied", false),
        ("user:acme/ada", FORBIDDEN, "scope_denied", true),
        ("model:gpt-5.4", UNAVAILABLE, "unavailable", false),
        ("provider:simulator", UNAVAILABLE, "unavailable", false),
    ] {
        switch(&gateway.app, subject).await;
        for body in [chat("Hello."), streamed("Hello.")] {
            let answer = gateway.post(&ada, "/v1/chat/completions", body).await;
            assert_eq!(answer.headers()["x-should-retry"], "false", "{subject}");
            let error = refused(answer, status, code).await;
            let told = error["message"].as_str().unwrap();
            assert!(subject.starts_with("provider") || told.ends_with(": Being looked into."), "{told}");
        }
        let others = gateway.post(&bob, "/v1/chat/completions", chat("Hello.")).await.status();
        assert_eq!(others.is_success(), spares_bob, "{subject}");
        // What costs nothing goes on.
        ok(gateway.get(&ada, "/v1/credits").await).await;
        assert_eq!(switch_on(&gateway.app, subject).await["was_off"], true);
        ok(gateway.post(&ada, "/v1/chat/completions", chat("Hello.")).await).await;
    }
    gateway.check_books().await;
}

#[tokio::test]
async fn a_switch_that_stops_what_runs_ends_streams_and_charges_what_came() {
    let gateway = Gateway::at_pace(|config| config.tokens_per_second = 20.0).await;
    let user = gateway.user("ada").await;
    let mut answer = gateway.post(&user, "/v1/chat/completions", streamed("A long story.")).await;
    assert!(answer.chunk().await.unwrap().is_some());
    switch(&gateway.app, "model:sora-2?stop=running").await;
    assert!(answer.chunk().await.unwrap().is_some(), "another model's switch stops nothing");
    assert_eq!(switch(&gateway.app, "model:gpt-5.4?stop=running").await["stops"], true);
    let rest = answer.text().await.unwrap();
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
    gateway.settled(&user).await;
    gateway.check_books().await;
    let list = ok(gateway.app.get(ADMIN_SECRET, "/admin/v1/switches").await).await;
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn jobs_of_a_provider_that_is_off_wait_and_switches_outlive_a_restart() {
    let mut gateway = Gateway::with(Options::default()).await;
    switch(&gateway.app, "provider:nobody").await;
    switch(&gateway.app, "all").await;
    gateway.app.restart().await;
    let user = gateway.user("ada").await;
    let body = json!({"model": "sora-2", "prompt": "Waves", "duration": 5, "resolution": "480p"});
    refused(gateway.post(&user, "/v1/videos", body.clone()).await, UNAVAILABLE, "unavailable").await;
    switch_on(&gateway.app, "all").await;
    let job = ok(gateway.post(&user, "/v1/videos", body).await).await;
    let path = format!("/v1/videos/{}", job["id"].as_str().unwrap());
    eventually("the clip is there", async || {
        let job = ok(gateway.get(&user, &path).await).await;
        (job["status"] == "completed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_switch_that_stops_what_runs_takes_clips_back() {
    for subject in ["all", "tenant:acme", "user:acme/ada", "model:sora-2", "provider:simulator"] {
        let simulator =
            triptych_simulator::Config { video_speed: 1.0, ..triptych_simulator::Config::instant() };
        let gateway = Gateway::with(Options {
            kind: "generations".into(),
            provider: "max_video_jobs = 1".into(),
            simulator: Some(simulator),
            ..Options::default()
        })
        .await;
        let user = gateway.user("ada").await;
        let running = order(&gateway, &user, clip("Waves")).await;
        crate::jobs::in_state(&gateway, "running").await;
        let waiting = order(&gateway, &user, clip("Hills")).await;
        for other in ["user:acme/bob", "model:gpt-5.4", "provider:other", "tenant:globex"] {
            switch(&gateway.app, &format!("{other}?stop=running")).await;
        }
        switch(&gateway.app, subject).await;
        assert_eq!(job(&gateway, &user, &running["id"]).await["status"], "in_progress", "{subject}");
        switch(&gateway.app, &format!("{subject}?stop=running")).await;
        for created in [&running, &waiting] {
            assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "cancelled", "{subject}");
        }
        assert_eq!(gateway.settled(&user).await, GRANT);
        assert!(gateway.billed(triptych_simulator::BillKind::Video).is_empty());
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn a_switch_is_about_something() {
    let gateway = Gateway::start().await;
    for subject in ["everything", "tenant:", "user:ada", "colour:red"] {
        let call = gateway.app.request(Method::PUT, &format!("/admin/v1/switches/{subject}"));
        let answer = call.bearer_auth(ADMIN_SECRET).json(&json!({})).send().await.unwrap();
        refused(answer, StatusCode::BAD_REQUEST, "invalid_request").await;
    }
    let user = gateway.user("ada").await;
    let call = gateway.call(&user, Method::PUT, "/admin/v1/switches/all").json(&json!({}));
    refused(call.send().await.unwrap(), StatusCode::UNAUTHORIZED, "invalid_token").await;
}
