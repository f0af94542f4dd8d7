//! A provider whose tokens are the times at which they were sent, by this process's clock.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::HeaderValue;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket};

/// Nanoseconds since this was first asked.
pub(crate) fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// The prompt that asks for so many tokens at such a pace.
pub(crate) fn prompt(tokens: u64, every: Duration) -> String {
    format!("{tokens} {}", every.as_millis())
}

pub(crate) fn run(port: u16) -> Result<()> {
    now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(([127, 0, 0, 1], port).into())?;
        serve(socket.listen(4096)?).await
    })
}

async fn serve(listener: TcpListener) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            // Callers may hang up whenever they like.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
) -> Result<Response<UnsyncBoxBody<Bytes, Infallible>>, hyper::Error> {
    let body = request.into_body().collect().await?.to_bytes();
    let (tokens, every) = wanted(&body).unwrap_or((1, Duration::ZERO));
    // One token, then the pace; last the reason why it ends, the count, and the word that closes a stream.
    let events = stream::unfold(0, move |index| async move {
        if index > 0 && index < tokens {
            tokio::time::sleep(every).await;
        }
        let data = match index.checked_sub(tokens) {
            None => chunk(
                json!([{"index": 0, "delta": {"role": "assistant", "content": format!("{} ", now())}, "finish_reason": null}]),
                Value::Null,
            ),
            Some(0) => chunk(json!([{"index": 0, "delta": {}, "finish_reason": "stop"}]), Value::Null),
            Some(1) => chunk(
                json!([]),
                json!({"prompt_tokens": 8, "completion_tokens": tokens, "total_tokens": tokens + 8}),
            ),
            Some(2) => "[DONE]".to_owned(),
            Some(_) => return None,
        };
        Some((Ok(Frame::data(Bytes::from(format!("data: {data}\n\n")))), index + 1))
    });
    let mut response = Response::new(BodyExt::boxed_unsync(StreamBody::new(events)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("text/event-stream"));
    Ok(response)
}

fn wanted(body: &[u8]) -> Option<(u64, Duration)> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let content = body.get("messages")?.as_array()?.last()?.get("content")?;
    let text = content.as_str().or_else(|| content.get(0)?.get("text")?.as_str())?;
    let (tokens, every) = text.split_once(' ')?;
    Some((tokens.parse().ok()?, Duration::from_millis(every.parse().ok()?)))
}

fn chunk(choices: Value, usage: Value) -> String {
    json!({
        "id": "chatcmpl-clock", "object": "chat.completion.chunk", "created": 0, "model": "gpt-5.4",
        "choices": choices, "usage": usage,
    })
    .to_string()
}
