//! A judge of clips that refuses some and sometimes says nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Clips with this in their prompt are refused.
pub(crate) const WITHHELD: &str = "that nobody may see";

pub(crate) async fn start() -> String {
    let asked = Arc::new(AtomicU32::new(0));
    let answer = axum::routing::post(move |Json(question): Json<Value>| {
        let turn = asked.fetch_add(1, Ordering::Relaxed);
        async move {
            let Some(prompt) = question["clip"]["prompt"].as_str() else {
                return Ok(Json(json!({"allow": true})));
            };
            if turn % 4 == 1 {
                return Err(StatusCode::SERVICE_UNAVAILABLE);
            }
            Ok(Json(json!({"allow": !prompt.contains(WITHHELD)})))
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    url
}
