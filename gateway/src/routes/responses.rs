//! `POST /v1/responses`: text, whole and streamed. Nothing of it is kept at the provider.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use triptych_protocol::{Scope, TriptychExtra};
use utoipa_axum::routes;

use super::streamed::{self, LIFE, Opened};
use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::{quote_aside, quote_chat};
use crate::ledger::UsageRecord;
use crate::openapi::shape::{ResponseEvent, ResponsesRequest, ResponsesResponse};
use crate::openapi::{Calls, Once, calls};
use crate::policy;
use crate::provider::{Ability, Plan, ResponsesCall};
use crate::state::AppState;
use crate::store::new_id;
use crate::stream::{Meter, prompt_tokens};

mod order;
mod pump;

pub(super) fn router() -> Calls {
    calls().routes(routes!(create))
}

/// Answers in the shape of OpenAI's Responses.
///
/// A stream goes on when its connection breaks: `GET /v1/streams/{id}` reads on.
#[utoipa::path(
    post, path = "/v1/responses", operation_id = "createResponse", tag = "chat",
    security(("token" = [])), params(Once), request_body = ResponsesRequest,
    responses((
        status = 200, description = "The response; with `stream` as server-sent events.",
        content((ResponsesResponse = "application/json"), (ResponseEvent = "text/event-stream")),
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
    let work = run(state.clone(), caller, headers, body);
    call::detached(&state, work).await
}

async fn run(state: AppState, caller: Caller, headers: HeaderMap, bytes: Bytes) -> Result<Response, Error> {
    let body: Map<String, Value> = super::body::parse(&bytes)?;
    let model = super::body::model(&state, &caller, &body)?;
    let chat = order::as_chat(&body)?;
    let prompt = chat.as_object().map(prompt_tokens).unwrap_or_default();
    let (quote, _) =
        quote_aside(model, chat, bytes.len(), quote_chat).await.map_err(order::in_their_words)?;
    let plan = state.providers.plan(model, Ability::Responses)?;
    let is_streamed = body.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let mut order = ResponsesCall {
        body,
        model: model.id.clone(),
        max_output_tokens: quote.max_completion_tokens,
        safety_identifier: call::safety_identifier(&caller),
    };
    let meter = Meter::new(prompt, 1);
    let request = Call::new(&caller, "responses", &headers, bytes)?;
    if !is_streamed {
        return match request.start(&state, model, &quote, LIFE, None).await? {
            Start::Replay(replay) => Ok(replay.into_response()),
            Start::Fresh(hold) => {
                order.max_output_tokens = hold.max_completion_tokens;
                whole(&state, &plan, &order, hold, meter).await
            }
        };
    }
    let (writer, hold) = match streamed::open(&state, &caller, &request, model, &quote, &plan).await? {
        Opened::Fresh(writer, hold) => (writer, hold),
        Opened::Before(response) => return Ok(response),
    };
    order.max_output_tokens = hold.max_completion_tokens;
    let log = writer.log();
    let running = state.underway.begin();
    let pump = pump::Pump::new(state, plan, order, hold, writer, running, meter);
    streamed::answer(&log, |ready| pump.run(ready)).await
}

/// The answer in one piece.
async fn whole(
    state: &AppState,
    plan: &Plan,
    order: &ResponsesCall,
    hold: Hold,
    mut meter: Meter,
) -> Result<Response, Error> {
    let mut answer = match call::unless_going_down(state, plan.responses(order)).await {
        Ok((_, answer)) => answer,
        Err(error) => {
            hold.release(state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    meter.observe(&json!({"usage": answer.get("usage")}));
    if !meter.delivered() {
        meter.observe(&piece(&order::text_of(&answer)));
    }
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
    own(&mut answer, &order.model, &new_id("resp"));
    let with_receipt = |extra: Option<&TriptychExtra>| {
        let mut body = answer.clone();
        body["triptych"] = json!(extra);
        body.to_string().into_bytes()
    };
    let kept = |extra: &TriptychExtra| with_receipt(Some(extra));
    let settled = hold.settle(state, charged, &record, Kept::Answer(&kept)).await;
    // Paid work is handed over even where the receipt could not be written; the log has the rest.
    let body = with_receipt(settled.as_ref().ok());
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// Text as a chunk that the meter counts.
fn piece(text: &str) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}}]})
}

/// Puts our names into a response object: nobody can ask the provider for it by its id, and the model is called what
/// the catalogue calls it.
fn own(response: &mut Value, model: &str, id: &str) {
    if let Some(fields) = response.as_object_mut() {
        fields.insert("id".into(), id.into());
        fields.insert("model".into(), model.into());
        fields.remove("safety_identifier");
        fields.remove("user");
    }
}
