use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use triptych_protocol::{ChatChunk, Scope, TriptychExtra};
use utoipa_axum::routes;

use super::streamed::{self, LIFE, Opened};
use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::{quote_aside, quote_chat};
use crate::ledger::UsageRecord;
use crate::openapi::shape::{ChatCompletion, ChatCompletionRequest};
use crate::openapi::{Calls, Once, calls};
use crate::policy;
use crate::provider::{Ability, ChatCall, Plan};
use crate::state::AppState;
use crate::stream::{Meter, Pump, prompt_tokens};

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
    let model = super::body::model(&state, &caller, &body)?;
    let body = Value::Object(body);
    let (quote, body) = quote_aside(model, body, bytes.len(), quote_chat).await?;
    let Value::Object(body) = body else {
        return Err(Error::invalid("", "The body must be a JSON object."));
    };
    let is_streamed = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
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
    if !is_streamed {
        return match request.start(&state, model, &quote, LIFE, None).await? {
            Start::Replay(replay) => Ok(replay.into_response()),
            Start::Fresh(hold) => {
                prepared.call.max_completion_tokens = hold.max_completion_tokens;
                whole(&state, prepared, hold).await
            }
        };
    }
    let opened = streamed::open(&state, &caller, &request, model, &quote, &prepared.plan).await?;
    let (writer, hold) = match opened {
        Opened::Fresh(writer, hold) => (writer, hold),
        Opened::Before(response) => return Ok(response),
    };
    prepared.call.max_completion_tokens = hold.max_completion_tokens;
    let log = writer.log();
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
    streamed::answer(&log, |ready| pump.run(ready)).await
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
    let mut meter = Meter::new(prepared.prompt_tokens, prepared.choices);
    meter.observe(&answer);
    let used = meter.used();
    let charged = hold.tokens(&used.usage);
    if let Err(error) = state.policy.after(&hold.about, &answer).await {
        policy::withhold(state, &hold, charged, &error).await.ok();
        return Err(error);
    }
    let record = UsageRecord {
        upstream_id: answer.get("id").and_then(Value::as_str).map(str::to_owned),
        ..UsageRecord::of_tokens(&used.usage, used.estimated)
    };
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("model".into(), prepared.call.model.as_str().into());
        fields.insert("usage".into(), with_usage(fields.get("usage"), used.usage));
    }
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
