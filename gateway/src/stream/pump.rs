use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use triptych_protocol::{ErrorCode, TriptychExtra};

use super::StreamLog;
use super::meter::Meter;
use super::surrogates::{has_surrogates, without_surrogates};
use crate::call::{Hold, Kept, going_down, unless_going_down};
use crate::error::Error;
use crate::ledger::UsageRecord;
use crate::provider::{ChatCall, UpstreamError};
use crate::sse::Reader;
use crate::state::{AppState, Running};

/// How long an answer is read on after the last reader has gone.
const DRAIN: Duration = Duration::from_secs(60);
/// Longest that an answer may take, pings and all.
const LONGEST: Duration = Duration::from_secs(30 * 60);

/// Reads one streamed answer to its end and settles it, whoever is still listening.
pub(crate) struct Pump {
    pub(crate) state: AppState,
    /// The provider's id.
    pub(crate) provider: String,
    pub(crate) call: ChatCall,
    pub(crate) hold: Hold,
    pub(crate) log: Arc<StreamLog>,
    pub(crate) running: Running,
    /// The caller wants the last chunk with usage and receipt.
    pub(crate) include_usage: bool,
    pub(crate) meter: Meter,
}

/// Why reading ended.
enum End {
    /// The stream was read to its end.
    Complete,
    /// The user pressed stop.
    Stopped,
    /// Nobody listens any more.
    Abandoned,
    /// The provider goes on beyond the cap that it was given and that the hold covers.
    Capped,
    Failed(Error),
}

/// What a chunk says of the answer as a whole, for the chunks that the gateway adds.
#[derive(Default)]
struct Envelope {
    id: Value,
    created: Value,
}

impl Pump {
    /// `ready` hears whether the provider has taken the call; from then on errors travel inside of the stream.
    pub(crate) async fn run(mut self, ready: oneshot::Sender<Result<(), Error>>) {
        let state = self.state.clone();
        let answer = match state.providers.get(&self.provider) {
            Some(provider) => {
                unless_going_down(&state, provider.chat_stream(&self.call)).await.map_err(Error::from)
            }
            None => Err(Error::internal("the provider is gone")),
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                // Logged inside where it fails; the caller gets the provider's error either way.
                self.hold.release(&state, "the provider refused").await.ok();
                self.log.end();
                ready.send(Err(error)).ok();
                return;
            }
        };
        ready.send(Ok(())).ok();
        let mut envelope = Envelope::default();
        let end = self.read(answer, &mut envelope).await;
        self.finish(end, &envelope).await;
        self.log.end();
        // Only now may the process stop.
        drop(self.running);
    }

    async fn read(&mut self, mut answer: reqwest::Response, envelope: &mut Envelope) -> End {
        let state = self.state.clone();
        let Some(provider) = state.providers.get(&self.provider) else { return End::Complete };
        let log = self.log.clone();
        let mut abandoned = pin!(log.abandoned(DRAIN));
        let mut stopped = pin!(log.stopped());
        let mut going_down = pin!(going_down(&state));
        let mut too_long = pin!(sleep(LONGEST));
        let (mut reader, mut events) = (Reader::default(), Vec::new());
        let mut patience = provider.first_byte_timeout();
        let cap = self.call.most_tokens();
        loop {
            let part = tokio::select! {
                biased;
                () = &mut stopped => return End::Stopped,
                () = &mut abandoned => return End::Abandoned,
                () = &mut going_down => return End::Failed(UpstreamError::GoingDown.into()),
                () = &mut too_long => return End::Failed(UpstreamError::Timeout.into()),
                part = timeout(patience, answer.chunk()) => part,
            };
            let last = match part {
                Err(_) => return End::Failed(UpstreamError::Timeout.into()),
                Ok(Err(error)) => return End::Failed(UpstreamError::from(error).into()),
                Ok(Ok(Some(bytes))) => match reader.push(&bytes, &mut events) {
                    Ok(()) => false,
                    Err(error) => return End::Failed(UpstreamError::Protocol(error.to_string()).into()),
                },
                Ok(Ok(None)) => {
                    reader.finish(&mut events);
                    true
                }
            };
            for data in events.drain(..) {
                patience = provider.idle_timeout();
                if data.trim() == "[DONE]" {
                    return End::Complete;
                }
                if let Err(error) = self.take(&data, envelope) {
                    return End::Failed(error);
                }
                if cap.is_some_and(|cap| self.meter.exceeds(cap)) {
                    tracing::warn!(provider = self.provider, "the provider ignores `max_tokens_field`");
                    return End::Capped;
                }
            }
            if last {
                return End::Complete;
            }
        }
    }

    /// Accounts for one event and passes it on.
    fn take(&mut self, data: &str, envelope: &mut Envelope) -> Result<(), Error> {
        if data.trim().is_empty() {
            return Ok(());
        }
        let unreadable = || UpstreamError::Protocol("an event of the stream is no JSON".into());
        // Half of an emoji is an escape that JavaScript joins with the other half and that Rust cannot hold.
        let parsed = serde_json::from_str(data).or_else(|_| serde_json::from_str(&without_surrogates(data)));
        let mut chunk: Value = parsed.map_err(|_| unreadable())?;
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            let text = error.get("message").unwrap_or(error).as_str().unwrap_or("it gave no reason");
            let message = format!("The provider failed: {}", crate::provider::clean(text));
            return Err(Error::new(ErrorCode::UpstreamFailed, message).cause("the provider sent an error"));
        }
        self.meter.observe(&chunk);
        for (field, place) in [("id", &mut envelope.id), ("created", &mut envelope.created)] {
            if let Some(value) = chunk.get(field).filter(|value| !value.is_null()) {
                *place = value.clone();
            }
        }
        let usage = chunk.get("usage").is_some_and(|usage| !usage.is_null());
        if usage && is_bare(&chunk) {
            // The gateway sends its own once the call is settled.
            return Ok(());
        }
        let mut rewritten = data.contains('\n');
        if let Some(fields) = chunk.as_object_mut() {
            if fields.contains_key("usage") {
                fields.remove("usage");
                rewritten = true;
            }
            if fields.get("model").is_some_and(|model| *model != self.call.model.as_str()) {
                fields.insert("model".into(), self.call.model.as_str().into());
                rewritten = true;
            }
        }
        let pushed = if rewritten && !has_surrogates(data) {
            self.log.push(&chunk.to_string())
        } else {
            self.log.push(&data.replace('\n', " "))
        };
        pushed.map_err(|error| UpstreamError::Protocol(error.to_string()).into())
    }

    async fn finish(&self, end: End, envelope: &Envelope) {
        let error = match end {
            End::Complete if !self.meter.finished() => {
                let error = Error::new(ErrorCode::UpstreamFailed, "The answer was cut off by the provider.");
                Some(error.cause("a stream ended without a finish_reason"))
            }
            End::Failed(error) => Some(error),
            End::Stopped => {
                self.push_finish(envelope, "stop");
                None
            }
            End::Capped => {
                self.push_finish(envelope, "length");
                None
            }
            End::Abandoned | End::Complete => None,
        };
        if let Some(error) = &error {
            error.log();
        }
        let used = self.meter.used();
        let outcome = match &error {
            Some(_) if !self.meter.delivered() => {
                self.hold.release(&self.state, "the provider failed before the first token").await
            }
            _ => {
                let charged = self.hold.tokens(used.usage.prompt_tokens, used.usage.completion_tokens);
                let record = UsageRecord {
                    prompt_tokens: Some(used.usage.prompt_tokens),
                    completion_tokens: Some(used.usage.completion_tokens),
                    upstream_id: envelope.id.as_str().map(str::to_owned),
                    estimated: used.estimated,
                    ..UsageRecord::default()
                };
                let note = format!("its stream is {}", self.log.id);
                self.hold.settle(&self.state, charged, &record, Kept::Note(&note)).await
            }
        };
        let receipt: Option<TriptychExtra> = outcome.ok();
        if let Some(error) = error {
            let mut body = json!(error.body());
            body["triptych"] = json!(receipt);
            self.push(&body);
        } else if self.include_usage {
            let mut chunk = self.chunk(envelope, json!([]));
            chunk["usage"] = json!(used.usage);
            chunk["triptych"] = json!(receipt);
            self.push(&chunk);
        }
        self.log.append("[DONE]");
    }

    fn chunk(&self, envelope: &Envelope, choices: Value) -> Value {
        json!({
            "id": envelope.id, "object": "chat.completion.chunk", "created": envelope.created,
            "model": self.call.model, "choices": choices,
        })
    }

    fn push_finish(&self, envelope: &Envelope, reason: &str) {
        let choice = json!({"index": 0, "delta": {}, "finish_reason": reason});
        self.push(&self.chunk(envelope, json!([choice])));
    }

    fn push(&self, event: &Value) {
        self.log.append(&event.to_string());
    }
}

/// No content and no end: the chunk is there for its usage alone.
fn is_bare(chunk: &Value) -> bool {
    let choices = chunk.get("choices").and_then(Value::as_array);
    choices.into_iter().flatten().all(|choice| {
        let empty = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
        let delta = choice.get("delta").and_then(Value::as_object);
        choice.get("finish_reason").is_none_or(Value::is_null)
            && delta.into_iter().flatten().all(|(name, value)| name == "role" || empty(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_with_an_empty_choice_is_there_for_its_usage() {
        assert!(is_bare(&json!({"choices": []})));
        assert!(is_bare(&json!({"choices": [{"delta": {"content": "", "role": "assistant"}}]})));
        assert!(!is_bare(&json!({"choices": [{"delta": {"content": "x"}}]})));
        assert!(!is_bare(&json!({"choices": [{"delta": {}, "finish_reason": "stop"}]})));
    }
}
