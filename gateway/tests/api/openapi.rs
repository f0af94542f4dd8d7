//! `/openapi.json` against what is mounted, and against what is answered.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use triptych_gateway::app::{admin_router, router};

use crate::app::{ADMIN_SECRET, Options, TENANT_SECRET, TestApp, ok, refused, spawn_app, spawn_app_with};
use crate::described::{Description, filled, mounted, operations};
use crate::support::{Gateway, chat, chunks, eventually, streamed};

async fn public(app: &TestApp) -> Value {
    ok(app.request(Method::GET, "/openapi.json").send().await.unwrap()).await
}

async fn operators(app: &TestApp) -> Value {
    ok(app.get(ADMIN_SECRET, "/admin/openapi.json").await).await
}

/// The methods of each path that the documents describe.
fn described(documents: &[&Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for document in documents {
        for operation in operations(document) {
            all.entry(operation.path).or_default().insert(operation.method.to_uppercase());
        }
    }
    all
}

#[tokio::test]
async fn what_is_described_is_what_is_mounted() {
    let tables = "[demo]\nenabled = true".to_owned();
    let app = spawn_app_with(Options { tables, ..Options::default() }).await;
    let (public, operators) = (public(&app).await, operators(&app).await);
    let described = described(&[&public, &operators]);
    let paths: BTreeSet<String> = described.keys().cloned().collect();
    assert_eq!(mounted(&router(app.state.clone())), paths);
    let more = router(app.state.clone()).route("/undescribed", axum::routing::get(async || ()));
    assert!(mounted(&more).contains("/undescribed"), "a call could hide");
    assert!(paths.len() > 30 && paths.contains("/demo/token"), "{paths:?}");
    for (path, methods) in described {
        let path = filled(&path, "x");
        // No call takes a PATCH; what it takes instead is in the refusal.
        let answer = app.request(Method::PATCH, &path).bearer_auth(ADMIN_SECRET).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed = answer.headers()["allow"].to_str().unwrap().to_owned();
        // A HEAD is answered wherever a GET is.
        let allowed = allowed.split(',').filter(|method| *method != "HEAD").map(str::to_owned).collect();
        assert_eq!(methods, allowed, "{path}");
    }
}

#[tokio::test]
async fn what_operators_call_is_described_to_them_alone() {
    let beside = spawn_app().await;
    let named = |document: &Value, what: &str| described(&[document]).keys().any(|path| path.contains(what));
    assert!(!named(&public(&beside).await, "admin") && !named(&public(&beside).await, "metrics"));
    let theirs = operators(&beside).await;
    assert!(named(&theirs, "/admin/v1/grants") && named(&theirs, "/metrics") && !named(&theirs, "/v1/chat"));
    let nobody = beside.request(Method::GET, "/admin/openapi.json").send().await.unwrap();
    refused(nobody, StatusCode::UNAUTHORIZED, "invalid_token").await;

    let top = "admin_listen = \"127.0.0.1:0\"".to_owned();
    let apart = spawn_app_with(Options { top, ..Options::default() }).await;
    let document = public(&apart).await;
    let paths: BTreeSet<String> = described(&[&document]).into_keys().collect();
    assert_eq!(mounted(&router(apart.state.clone())), paths);
    refused(apart.get(ADMIN_SECRET, "/admin/openapi.json").await, StatusCode::NOT_FOUND, "not_found").await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/openapi.json", listener.local_addr().unwrap());
    let theirs = admin_router(apart.state.clone());
    let paths = mounted(&theirs);
    let server = tokio::spawn(async move { axum::serve(listener, theirs).await });
    let document: Value = ok(apart.client.get(url).send().await.unwrap()).await;
    assert_eq!(described(&[&document]).into_keys().collect::<BTreeSet<_>>(), paths);
    assert!(paths.contains("/admin/v1/grants") && paths.contains("/metrics"), "{paths:?}");
    server.abort();
}

#[tokio::test]
async fn the_document_says_of_each_call_what_a_client_needs() {
    let app = spawn_app().await;
    for document in [public(&app).await, operators(&app).await] {
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        assert_refers_to_what_there_is(&document, &document);
        assert!(!document.to_string().contains("[`"), "a comment of the code");
        let names = |list: &Value| -> BTreeSet<String> {
            list.as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
        };
        let (tags, schemes) = (names(&document["tags"]), &document["components"]["securitySchemes"]);
        let mut ids = BTreeSet::new();
        for operation in operations(&document) {
            let (call, object) = (format!("{} {}", operation.method, operation.path), operation.object);
            assert!(ids.insert(object["operationId"].as_str().unwrap().to_owned()), "{call}");
            assert!(object["summary"].as_str().is_some_and(|text| text.ends_with(['.', '?'])), "{call}");
            assert!(tags.contains(object["tags"][0].as_str().unwrap()), "{call}");
            for scheme in object["security"].as_array().into_iter().flatten() {
                assert!(scheme.as_object().unwrap().keys().all(|name| schemes[name].is_object()), "{call}");
            }
            let parameters = object["parameters"].as_array().cloned().unwrap_or_default();
            let in_path: BTreeSet<&str> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let braced =
                operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(in_path, braced.collect(), "{call}");
            for parameter in &parameters {
                assert!(parameter["description"].is_string(), "{call}: {parameter}");
            }
            for (status, response) in object["responses"].as_object().unwrap() {
                let told =
                    response["description"].is_string() && response["headers"]["x-request-id"].is_object();
                assert!(told || response["$ref"].is_string(), "{call} {status}");
            }
        }
    }
}

/// Every `$ref` leads somewhere.
fn assert_refers_to_what_there_is(document: &Value, part: &Value) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(place)) = fields.get("$ref") {
                assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place}");
            }
            fields.values().for_each(|part| assert_refers_to_what_there_is(document, part));
        }
        Value::Array(items) => items.iter().for_each(|part| assert_refers_to_what_there_is(document, part)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_sent_once_and_can_be_turned_off() {
    let app = spawn_app().await;
    let first = app.request(Method::GET, "/openapi.json").send().await.unwrap();
    assert_eq!(first.headers()["content-type"], "application/json");
    let etag = first.headers()["etag"].clone();
    let again = app.request(Method::GET, "/openapi.json").header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(again.bytes().await.unwrap().is_empty());

    let top = "openapi = false".to_owned();
    let app = spawn_app_with(Options { top, ..Options::default() }).await;
    let answer = app.request(Method::GET, "/openapi.json").send().await.unwrap();
    refused(answer, StatusCode::NOT_FOUND, "not_found").await;
    assert!(described(&[&operators(&app).await]).contains_key("/admin/v1/grants"));
}

/// `ok` and `refused` hold every answer against the document; streams have to be taken apart first.
#[tokio::test]
async fn answers_are_as_they_are_described() {
    let gateway = Gateway::start().await;
    let mut description = Description::default();
    description.add(&public(&gateway.app).await);
    let user = gateway.user("ann").await;
    for path in ["/v1/models", "/v1/models/sora-2", "/v1/credits", "/healthz"] {
        ok(gateway.get(&user, path).await).await;
    }
    ok(gateway.app.post(TENANT_SECRET, "/v1/sessions", &json!({"user": "ann"})).await).await;
    ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
    ok(gateway.post(&user, "/v1/estimate", chat("Hello")).await).await;
    let ask = json!({"model": "gpt-5.4", "input": "Hello"});
    ok(gateway.post(&user, "/v1/responses", ask).await).await;
    let draw = json!({"model": "gpt-image-1.5", "prompt": "a boat", "response_format": "url"});
    ok(gateway.post(&user, "/v1/images/generations", draw).await).await;

    let text = gateway.post(&user, "/v1/chat/completions", streamed("Hello")).await.text().await.unwrap();
    for chunk in chunks(&text) {
        description.check("/v1/chat/completions", 200, "text/event-stream", &chunk);
    }

    let film = json!({"model": "sora-2", "prompt": "waves", "seconds": "4", "size": "1280x720"});
    let id =
        ok(gateway.post(&user, "/v1/videos", film.clone()).await).await["id"].as_str().unwrap().to_owned();
    let done = eventually("the clip is ready", async || {
        let video = ok(gateway.get(&user, &format!("/v1/videos/{id}")).await).await;
        (video["status"] == "completed").then_some(video)
    })
    .await;
    assert!(done["url"].is_string());
    ok(gateway.get(&user, "/v1/videos?limit=1").await).await;
    ok(gateway.get(&user, "/v1/credits/entries").await).await;
    ok(gateway.get(&user, &format!("/v1/video/generations/{id}")).await).await;

    let mut unknown = film;
    unknown["model"] = json!("sora-99");
    let answer = gateway.post(&user, "/v1/videos", unknown).await;
    refused(answer, StatusCode::NOT_FOUND, "not_found").await;
    let wrong = std::panic::catch_unwind(|| {
        description.check("/v1/credits", 200, "application/json", &json!({"available": "much"}));
    });
    assert!(wrong.is_err(), "the description takes anything");
}
