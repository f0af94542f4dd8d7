use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;
use triptych_protocol::ErrorCode;

use super::{Drawing, finish};
use crate::asset::image_type;
use crate::call::{self, Hold, Kept};
use crate::error::Error;
use crate::policy;
use crate::provider::{UpstreamError, clean};
use crate::routes::assets;
use crate::sse::{self, Reader};
use crate::state::AppState;
use crate::store::now_ms;
use crate::trace;

/// Longest event of a provider: a picture of 4K in base64 fits.
const LONGEST_EVENT: usize = 64 * 1024 * 1024;
/// Longest silence between two pictures.
const PATIENCE: Duration = Duration::from_secs(300);
/// Events that wait for a slow reader; each may be megabytes.
const WAITING: usize = 2;
/// How long a reader may take for one event before it counts as gone.
const READER_PATIENCE: Duration = Duration::from_secs(30);

/// Where the caller reads. One that has gone is not waited for.
struct Reading(Option<mpsc::Sender<Bytes>>);

impl Reading {
    async fn send(&mut self, event: &Value) {
        let Some(sender) = &self.0 else { return };
        let plain =
            |kind: &&str| kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
        let kind = event.get("type").and_then(Value::as_str).filter(plain).unwrap_or("message");
        let sent = sender.send_timeout(sse::named(kind, &event.to_string()), READER_PATIENCE).await;
        if sent.is_err() {
            self.0 = None;
        }
    }
}

/// Passes a provider's events on, keeps the finished pictures and charges for them.
pub(super) async fn passed_on(state: &AppState, drawing: Drawing, hold: Hold) -> Result<Response, Error> {
    let asked = call::unless_going_down(state, drawing.plan.images_stream(&drawing.order)).await;
    let answer = match asked {
        Ok((_, answer)) => answer,
        Err(error) => {
            hold.release(state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    let (sender, response) = response();
    let running = state.underway.begin();
    let state = state.clone();
    let work = async move {
        pump(&state, &drawing, &hold, answer, Reading(Some(sender))).await;
        trace::end_current();
        drop(running);
    };
    tokio::spawn(trace::step("stream").run(work).in_current_span());
    Ok(response)
}

/// Sends the pictures of an answer that came whole as if they had been streamed.
pub(super) async fn made_up(
    state: &AppState,
    drawing: &Drawing,
    hold: &Hold,
    answer: &Value,
    pictures: Vec<Bytes>,
) -> Result<Response, Error> {
    let kind = if drawing.order.sources.is_empty() { "image_generation" } else { "image_edit" };
    let mut events = Vec::new();
    for picture in &pictures {
        let event = json!({
            "type": format!("{kind}.completed"), "created_at": now_ms() / 1000,
            "b64_json": STANDARD.encode(picture), "size": drawing.resolved.size,
        });
        events.push(kept(state, hold, drawing.as_url, event, picture).await);
    }
    let (charged, record) = finish::charge(hold, &drawing.resolved, events.len() as u32, answer);
    let settled = hold.settle(state, charged, &record, Kept::Note("its pictures were streamed")).await;
    if let (Some(last), Ok(extra)) = (events.last_mut(), settled) {
        last["triptych"] = json!(extra);
    }
    let text = events.iter().map(|event| {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        Ok::<_, Infallible>(sse::named(kind, &event.to_string()))
    });
    let body = Body::from_stream(futures_util::stream::iter(text.collect::<Vec<_>>()));
    Ok(with_headers(body))
}

async fn pump(
    state: &AppState,
    drawing: &Drawing,
    hold: &Hold,
    mut answer: reqwest::Response,
    mut reading: Reading,
) {
    let (mut reader, mut events) = (Reader::up_to(LONGEST_EVENT), Vec::new());
    // The last finished picture waits for the receipt.
    let (mut last, mut count) = (None::<Value>, 0_u32);
    let mut withheld = false;
    let error = 'all: loop {
        let part = tokio::select! {
            () = call::going_down(state) => break Some(UpstreamError::GoingDown.into()),
            part = timeout(PATIENCE, answer.chunk()) => part,
        };
        let end = match part {
            Err(_) => break Some(UpstreamError::Timeout.into()),
            Ok(Err(error)) => break Some(UpstreamError::from(error).into()),
            Ok(Ok(Some(bytes))) => match reader.push(&bytes, &mut events) {
                Ok(()) => false,
                Err(error) => break Some(UpstreamError::Protocol(error.to_string()).into()),
            },
            Ok(Ok(None)) => {
                reader.finish(&mut events);
                true
            }
        };
        for data in events.drain(..) {
            if data.trim() == "[DONE]" {
                break 'all None;
            }
            let Ok(event) = serde_json::from_str::<Value>(&data) else {
                break 'all Some(UpstreamError::Protocol("an event is no JSON".into()).into());
            };
            let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind == "error" || event.get("error").is_some_and(|error| !error.is_null()) {
                break 'all Some(failed(&event));
            }
            if !kind.ends_with(".completed") {
                match judge_preview(state, hold, &event).await {
                    Ok(true) => reading.send(&event).await,
                    Ok(false) => {}
                    Err(error) => {
                        withheld = true;
                        break 'all Some(error);
                    }
                }
                continue;
            }
            if let Some((event, picture)) = finished(event).filter(|_| count < drawing.resolved.n) {
                let shown = state.policy.after_pictures(&hold.about, std::slice::from_ref(&picture));
                if let Err(error) = shown.await {
                    withheld = true;
                    break 'all Some(error);
                }
                let event = kept(state, hold, drawing.as_url, event, &picture).await;
                count += 1;
                if let Some(before) = last.replace(event) {
                    reading.send(&before).await;
                }
            }
        }
        if end {
            break None;
        }
    };
    let outcome = match &last {
        None => hold.release(state, "no picture came").await,
        Some(event) => {
            let (charged, record) = finish::charge(hold, &drawing.resolved, count, event);
            hold.settle(state, charged, &record, Kept::Note("its pictures were streamed")).await
        }
    };
    if withheld {
        let (cost, _) = finish::charge(hold, &drawing.resolved, 1, &Value::Null);
        if let Err(error) = policy::note_loss(state, hold, cost).await {
            error.log();
        }
    }
    let extra = outcome.ok();
    let nothing = last.is_none();
    if let Some(mut event) = last {
        event["triptych"] = json!(extra);
        reading.send(&event).await;
    }
    let error = error
        .or_else(|| nothing.then(|| Error::new(ErrorCode::UpstreamFailed, "The provider sent no picture.")));
    if let Some(error) = error {
        error.log();
        let mut body = json!(error.body());
        body["type"] = json!("error");
        body["triptych"] = json!(extra);
        reading.send(&body).await;
    }
}

/// False where an event before the finished picture holds what no judge can look at.
async fn judge_preview(state: &AppState, hold: &Hold, event: &Value) -> Result<bool, Error> {
    if !state.policy.judges_pictures() || event.get("b64_json").is_none() {
        return Ok(true);
    }
    let Some(picture) = picture(event) else { return Ok(false) };
    state.policy.after_pictures(&hold.about, &[picture]).await.map(|()| true)
}

/// A finished picture of an event, if it is one.
fn finished(event: Value) -> Option<(Value, Bytes)> {
    let picture = picture(&event)?;
    Some((event, picture))
}

fn picture(event: &Value) -> Option<Bytes> {
    let encoded = event.get("b64_json").and_then(Value::as_str)?;
    let picture = Bytes::from(STANDARD.decode(encoded).ok()?);
    image_type(&picture).is_ok().then_some(picture)
}

/// Keeps a picture and says in its event where.
async fn kept(state: &AppState, hold: &Hold, as_url: bool, mut event: Value, picture: &Bytes) -> Value {
    match finish::keep(state, hold, picture).await {
        Ok(asset) => {
            if as_url && let Some(fields) = event.as_object_mut() {
                fields.remove("b64_json");
                fields.insert("url".into(), assets::url(state, &asset.id).into());
            }
            event["asset"] = asset.id.into();
        }
        // It is handed over all the same: it will be paid for.
        Err(error) => tracing::error!(%error, "a picture could not be kept"),
    }
    event
}

fn failed(event: &Value) -> Error {
    let error = event.get("error").filter(|error| !error.is_null()).unwrap_or(event);
    let text = error.get("message").unwrap_or(error).as_str().unwrap_or("it gave no reason");
    let message = format!("The provider failed: {}", clean(text));
    Error::new(ErrorCode::UpstreamFailed, message).cause("the provider sent an error")
}

fn response() -> (mpsc::Sender<Bytes>, Response) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let parts = unfold(receiver, |mut receiver| async move {
        let part: Bytes = receiver.recv().await?;
        Some((Ok::<_, Infallible>(part), receiver))
    });
    (sender, with_headers(Body::from_stream(parts)))
}

fn with_headers(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}
