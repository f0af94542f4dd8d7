use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::app::{Options, TestApp, ok, refused, spawn_app, spawn_app_with};

async fn demo() -> TestApp {
    let files = [
        ("www/index.html", "<!doctype html>front"),
        ("www/sub/index.html", "<!doctype html>sub"),
        ("www/.hidden", "hidden"),
        ("www/page.js", "export {}"),
    ];
    spawn_app_with(Options {
        tables: "[demo]\nenabled = true\npages = \"www\"\nuser = \"visitor\"".to_owned(),
        files: files.map(|(path, text)| (path, text.into())).to_vec(),
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn the_demo_hands_out_tokens_that_its_own_pages_can_use() {
    let app = demo().await;
    app.grant("visitor", 5_000_000, "first").await;
    let mint = |query: &str| app.request(Method::POST, &format!("/demo/token{query}"));
    let response = mint("").header("origin", &app.url).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let session = ok(response).await;
    assert_eq!(session["user"], "visitor");
    let token = session["client_secret"].as_str().unwrap();
    for origin in [app.url.clone(), app.url.replace("127.0.0.1", "localhost")] {
        let call = app.request(Method::GET, "/v1/credits").bearer_auth(token).header("origin", origin);
        assert_eq!(ok(call.send().await.unwrap()).await["available"], 5_000_000);
    }
    let other = ok(mint("?user=new&seconds=30").send().await.unwrap()).await;
    assert_eq!(app.balance(other["client_secret"].as_str().unwrap()).await, (0, 0));
    let foreign = mint("").header("origin", "https://evil.example").send().await.unwrap();
    refused(foreign, StatusCode::FORBIDDEN, "scope_denied").await;
}

#[tokio::test]
async fn there_is_no_free_token_outside_of_the_demo() {
    let app = spawn_app().await;
    let response = app.post("x", "/demo/token", &json!({})).await;
    refused(response, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn the_demo_serves_its_pages_and_nothing_beside_them() {
    let app = demo().await;
    for (path, kind, text) in [
        ("/", "text/html; charset=utf-8", "<!doctype html>front"),
        ("/sub/", "text/html; charset=utf-8", "<!doctype html>sub"),
        ("/page.js", "text/javascript; charset=utf-8", "export {}"),
    ] {
        let response = app.request(Method::GET, path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], kind);
        let etag = response.headers()["etag"].clone();
        assert_eq!(response.text().await.unwrap(), text);
        let again = app.request(Method::GET, path).header("if-none-match", etag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
    let folder = app.request(Method::GET, "/sub").send().await.unwrap();
    assert_eq!(folder.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(folder.headers()["location"], "./sub/");
    for path in ["/%2e%2e/triptych.db", "/.hidden", "/none.html", "/v1/none", "/sub/%2e%2e%2f.hidden"] {
        let response = app.request(Method::GET, path).send().await.unwrap();
        refused(response, StatusCode::NOT_FOUND, "not_found").await;
    }
}
