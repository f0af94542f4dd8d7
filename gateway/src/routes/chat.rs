use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tracing::Instrument;
use triptych_protocol::{ChatChunk, Scope, TriptychExtra};
use utoipa_axum::routes;

use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::{quote_aside, quote_chat};
use crate::idempotency::stream_note;
use crate::ledger::UsageRecord;
use crate::openapi::shape::{ChatCompletion, ChatCompletionRequest};
use crate::openapi::{Calls, Once, calls};
use crate::provider::{Ability, ChatCall, Plan};
use crate::state::AppState;
use crate::stream::{self, Meter, Place, Pump, StreamLog, prompt_tokens};
use crate::trace;

/// Longest that a chat call can last; then its hold is given back.
const LIFE: Duration = Duration::from_secs(60 * 60);

pub(super) fn router() -> Calls {
    calls().routes(routes!(create))
}

/// A chat call that is priced and knows where to go.
struct Prepared {
    plan: Plan,
    call: ChatCall,
    prompt_tokens: u64,
    /// Answers that were asked for.
    choices: u32,
    include_usage: bool,
}

/// Answers a conversation.
///
/// A stream goes on when its connection breaks: `GET /v1/streams/{id}` reads on. Its data is JSON until `[DONE]`.
#[utoipa::path(
    post, path = "/v1/chat/completions", operation_id = "createChatCompletion", tag = "chat",
    security(("token" = [])), params(Once), request_body = ChatCompletionRequest,
    responses((
        status = 200, description = "The answer; with `stream` as server-sent events.",
        content((ChatCompletion = "application/json"), (ChatChunk = "text/event-stream")),
        headers(("x-stream-id" = String, description = "Of a stream: what it is called when it is read again.")),
    )),
)]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    caller.require(Scope::Chat)?;
    // The provider's outcome is accounted for even where the caller hangs up in the middle.
    let work = run(state.clone(), caller, headers, body);
    call::detached(&state, work).await
}

async fn run(state: AppState, caller: Caller, headers: HeaderMap, bytes: Bytes) -> Result<Response, Error> {
    let body: Map<String, Value> = super::body::parse(&bytes)?;
    let id = body.get("model").and_then(Value::as_str);
    let id = id.ok_or_else(|| Error::invalid("model", "Name a model; `GET /v1/models` lists them."))?;
    caller.allow_model(id)?;
    let model = state.catalogue.model(id)?;
    let body = Value::Object(body);
    let (quote, body) = quote_aside(model, body, bytes.len(), quote_chat).await?;
    let Value::Object(body) = body else {
        return Err(Error::invalid("", "The body must be a JSON object."));
    };
    let streamed = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let include_usage = body.get("stream_options").and_then(|options| options.get("include_usage"));
    let mut prepared = Prepared {
        plan: state.providers.plan(model, Ability::Chat)?,
        prompt_tokens: prompt_tokens(&body),
        choices: body.get("n").and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        include_usage: include_usage.and_then(Value::as_bool).unwrap_or(false),
        call: ChatCall {
            body,
            model: model.id.clone(),
            max_completion_tokens: quote.max_completion_tokens,
            service_tier: quote.service_tier.clone(),
            safety_identifier: call::safety_identifier(&caller),
        },
    };
    let request = Call::new(&caller, "chat", &headers, bytes)?;
    if !streamed {
        return match request.start(&state, model, &quote, LIFE, None).await? {
            Start::Replay(replay) => Ok(replay.into_response()),
            Start::Fresh(hold) => {
                prepared.call.max_completion_tokens = hold.max_completion_tokens;
                whole(&state, prepared, hold).await
            }
        };
    }
    let writer = state.streams.open(&caller.account, state.config.limits.streams_per_user).await?;
    let log = writer.log();
    let note = stream_note(&log.id);
    let hold = match request.start(&state, model, &quote, LIFE, Some(&note)).await {
        Ok(Start::Fresh(hold)) => hold,
        Ok(Start::Replay(replay)) => return Ok(replay.into_response()),
        Err(error) => return again(&state, &caller, error).await,
    };
    prepared.call.max_completion_tokens = hold.max_completion_tokens;
    state.switches.follow(&caller, &model.id, &prepared.plan.ids(), &log);
    let pump = Pump {
        meter: Meter::new(prepared.prompt_tokens, prepared.choices),
        running: state.underway.begin(),
        state,
        plan: prepared.plan,
        call: prepared.call,
        hold,
        log: writer,
        include_usage: prepared.include_usage,
    };
    // Reads from the start, so that the answer never counts as abandoned before it was delivered.
    let response = event_stream(&log, log.start());
    let (ready, taken) = oneshot::channel();
    tokio::spawn(trace::step("stream").run(pump.run(ready)).in_current_span());
    taken.await.map_err(|_| Error::internal("the pump is gone"))??;
    Ok(response)
}

/// Answers a repeat with the stream that the first call began, as far as it is kept and as it goes on.
pub(super) async fn again(state: &AppState, caller: &Caller, error: Error) -> Result<Response, Error> {
    let Some(id) = error.stream() else { return Err(error) };
    let Ok(log) = state.streams.find(id, &caller.account).await else { return Err(error) };
    let mut response = event_stream(&log, log.start());
    response.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    Ok(response)
}

/// The answer in one piece.
async fn whole(state: &AppState, prepared: Prepared, hold: Hold) -> Result<Response, Error> {
    let mut answer = match call::unless_going_down(state, prepared.plan.chat(&prepared.call)).await {
        Ok((_, answer)) => answer,
        Err(error) => {
            // Where it fails it has logged itself, and the provider's error matters more to the caller.
            hold.release(state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    if let Err(error) = state.policy.after(&hold.about, &answer).await {
        hold.release(state, error.code().as_str()).await.ok();
        return Err(error);
    }
    let mut meter = Meter::new(prepared.prompt_tokens, prepared.choices);
    meter.observe(&answer);
    let used = meter.used();
    let record = UsageRecord {
        upstream_id: answer.get("id").and_then(Value::as_str).map(str::to_owned),
        ..UsageRecord::of_tokens(&used.usage, used.estimated)
    };
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("model".into(), prepared.call.model.as_str().into());
        fields.insert("usage".into(), with_usage(fields.get("usage"), used.usage));
    }
    let charged = hold.tokens(&used.usage);
    let with_receipt = |extra: Option<&TriptychExtra>| {
        let mut body = answer.clone();
        if let Some(fields) = body.as_object_mut() {
            fields.insert("triptych".into(), json!(extra));
        }
        body.to_string().into_bytes()
    };
    let kept = |extra: &TriptychExtra| with_receipt(Some(extra));
    let settled = hold.settle(state, charged, &record, Kept::Answer(&kept)).await;
    // Paid work is handed over even where the receipt could not be written; the log has the rest.
    let body = with_receipt(settled.as_ref().ok());
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// The provider's usage with its details, or the estimate where it sent none.
fn with_usage(given: Option<&Value>, used: triptych_protocol::Usage) -> Value {
    match given {
        Some(Value::Object(given)) if given.contains_key("completion_tokens") => Value::Object(given.clone()),
        _ => json!(used),
    }
}

/// The response that reads a stream's log from a place on.
pub(super) fn event_stream(log: &Arc<StreamLog>, place: Place) -> Response {
    let mut response = Response::new(stream::body(log, place));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    // Proxies of the nginx family collect answers otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    if let Ok(id) = HeaderValue::from_str(&log.id) {
        headers.insert(HeaderName::from_static("x-stream-id"), id);
    }
    response
}
