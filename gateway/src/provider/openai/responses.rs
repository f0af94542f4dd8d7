use reqwest::Response;
use serde_json::Value;

use super::event_stream;
use crate::provider::connection::{Connection, WHOLE_ANSWER};
use crate::provider::failure::{self, UpstreamError};
use crate::provider::request::ResponsesCall;

/// Fields of the caller's that would move the price, keep something at the provider, or speak for somebody else.
const NOT_FORWARDED: [&str; 6] =
    ["user", "safety_identifier", "service_tier", "max_output_tokens", "background", "triptych"];

/// `POST /responses`, answered in one piece.
pub(in crate::provider) async fn whole(
    up: &Connection,
    call: &ResponsesCall,
) -> Result<Value, UpstreamError> {
    let answer = up.json(up.post("/responses").json(&body(up, call, false)), WHOLE_ANSWER).await?;
    if answer.get("status").and_then(Value::as_str) == Some("failed") || answer.get("output").is_none() {
        let message = failure::error_message(&answer);
        return Err(UpstreamError::Protocol(message.unwrap_or_else(|| "it holds no output".into())));
    }
    Ok(answer)
}

/// `POST /responses`, answered with server-sent events.
pub(in crate::provider) async fn stream(
    up: &Connection,
    call: &ResponsesCall,
) -> Result<Response, UpstreamError> {
    event_stream(up, up.post("/responses").json(&body(up, call, true))).await
}

fn body(up: &Connection, call: &ResponsesCall, stream: bool) -> Value {
    let mut body = call.body.clone();
    for field in NOT_FORWARDED {
        body.remove(field);
    }
    body.insert("model".into(), up.model(&call.model).into());
    super::identify(up, &mut body, &call.safety_identifier);
    if let Some(most) = call.max_output_tokens {
        body.insert("max_output_tokens".into(), most.into());
    }
    // The provider's key can read everything that is stored with it, whosever it is.
    body.insert("store".into(), false.into());
    body.insert("stream".into(), stream.into());
    body.into()
}
