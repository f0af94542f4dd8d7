use reqwest::{Method, Response, StatusCode};

use crate::app::{Options, TestApp, refused, spawn_app, spawn_app_with};

async fn with_widget() -> TestApp {
    let files = vec![
        ("widget/triptych.js", "export const a = 1;\n".repeat(100).into_bytes()),
        ("widget/triptych_copilot_bg.wasm", vec![0; 4096]),
    ];
    spawn_app_with(Options { top: "widget = \"widget\"".to_owned(), files, ..Options::default() }).await
}

async fn get(app: &TestApp, path: &str, encoding: &str) -> Response {
    app.request(Method::GET, path).header("accept-encoding", encoding).send().await.unwrap()
}

#[tokio::test]
async fn the_entry_points_to_a_build_that_never_changes() {
    let app = with_widget().await;
    let entry = get(&app, "/widget/triptych.js", "identity").await;
    assert_eq!(entry.headers()["cache-control"], "no-cache");
    assert_eq!(entry.headers()["access-control-allow-origin"], "*");
    assert_eq!(entry.headers()["content-type"], "text/javascript; charset=utf-8");
    let etag = entry.headers()["etag"].clone();
    let text = entry.text().await.unwrap();
    let build = text.split('/').nth(1).unwrap();
    assert_eq!(
        text,
        format!("import \"./{build}/triptych.js\";\nexport * from \"./{build}/triptych.js\";\n")
    );
    let again =
        app.request(Method::GET, "/widget/triptych.js").header("if-none-match", etag).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let wasm = get(&app, &format!("/widget/{build}/triptych_copilot_bg.wasm"), "identity").await;
    assert_eq!(wasm.headers()["content-type"], "application/wasm");
    assert_eq!(wasm.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(wasm.headers()["x-content-type-options"], "nosniff");
    assert_eq!(wasm.bytes().await.unwrap().len(), 4096);
    let plain = get(&app, "/widget/triptych_copilot_bg.wasm", "identity").await;
    assert_eq!(plain.headers()["cache-control"], "no-cache");
    for path in ["/widget/none.js", "/widget/0123456789abcdef/triptych.js", "/widget/../gateway.toml"] {
        refused(get(&app, path, "identity").await, StatusCode::NOT_FOUND, "not_found").await;
    }
}

#[tokio::test]
async fn files_are_compressed_for_those_who_take_it() {
    let app = with_widget().await;
    for (accepted, encoding) in [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
        let path = "/widget/triptych_copilot_bg.wasm";
        let mut response = get(&app, path, accepted).await;
        // Compression goes on in the background after the start.
        while response.headers().get("content-encoding").is_none_or(|found| found != encoding) {
            tokio::task::yield_now().await;
            response = get(&app, path, accepted).await;
        }
        assert_eq!(response.headers()["vary"], "accept-encoding");
        assert!(response.bytes().await.unwrap().len() < 400);
    }
    assert!(
        !get(&app, "/widget/triptych_copilot_bg.wasm", "identity")
            .await
            .headers()
            .contains_key("content-encoding")
    );
}

#[tokio::test]
async fn a_gateway_without_widget_files_has_none() {
    let app = spawn_app().await;
    refused(get(&app, "/widget/triptych.js", "br").await, StatusCode::NOT_FOUND, "not_found").await;
}
