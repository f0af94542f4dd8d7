use std::pin::pin;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use triptych_protocol::{Cut, ErrorCode, TriptychExtra, Usage};

use super::{own, piece};
use crate::call::{Hold, Kept, going_down, unless_going_down};
use crate::error::Error;
use crate::idempotency::stream_note;
use crate::ledger::UsageRecord;
use crate::policy;
use crate::provider::{Plan, Provider, ResponsesCall, UpstreamError, clean};
use crate::sse::Reader;
use crate::state::{AppState, Running};
use crate::store::new_id;
use crate::stream::{Meter, Writer};
use crate::trace;

/// Reads one streamed response to its end and settles it, whoever is still listening.
pub(super) struct Pump {
    state: AppState,
    plan: Plan,
    call: ResponsesCall,
    hold: Hold,
    log: Writer,
    running: Running,
    meter: Meter,
    /// Our id of the response, and the provider's.
    id: String,
    upstream_id: Option<String>,
    /// The number of the last event.
    sequence: u64,
}

/// Why reading ended.
enum End {
    /// The event that ends a response, which waits for the receipt.
    Complete(Box<Value>),
    Cut(Cut),
    Failed(Error),
}

impl Pump {
    pub(super) fn new(
        state: AppState,
        plan: Plan,
        call: ResponsesCall,
        hold: Hold,
        log: Writer,
        running: Running,
        meter: Meter,
    ) -> Self {
        let id = new_id("resp");
        Pump { state, plan, call, hold, log, running, meter, id, upstream_id: None, sequence: 0 }
    }

    /// `ready` hears whether the provider has taken the call; from then on errors travel inside of the stream.
    pub(super) async fn run(mut self, ready: oneshot::Sender<Result<(), Error>>) {
        let asked = unless_going_down(&self.state, self.plan.responses_stream(&self.call)).await;
        let (provider, answer) = match asked {
            Ok(taken) => taken,
            Err(error) => {
                self.hold.release(&self.state, error.label()).await.ok();
                self.log.discard();
                ready.send(Err(error.into())).ok();
                return;
            }
        };
        ready.send(Ok(())).ok();
        let end = self.read(&provider, answer).await;
        self.finish(end).await;
        drop(self.log);
        trace::end_current();
        // Only now may the process stop.
        drop(self.running);
    }

    async fn read(&mut self, provider: &Arc<Provider>, mut answer: reqwest::Response) -> End {
        let (state, log) = (self.state.clone(), self.log.log());
        let limits = &state.config.streams;
        let mut abandoned = pin!(log.abandoned(limits.drain));
        let mut stopped = pin!(log.stopped());
        let mut going_down = pin!(going_down(&state));
        let mut too_long = pin!(sleep(limits.longest));
        let (mut reader, mut events) = (Reader::default(), Vec::new());
        let mut watch = state.policy.watch(&self.hold.about);
        let mut patience = provider.first_byte_timeout();
        let mut heard = 0;
        loop {
            let part = tokio::select! {
                biased;
                () = &mut stopped => return End::Cut(Cut::Stopped),
                () = &mut abandoned => return End::Cut(Cut::Abandoned),
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
                if let Some(watch) = &mut watch
                    && let Err(error) = Box::pin(watch.observe(&data)).await
                {
                    return End::Failed(error);
                }
                if let Some(end) = self.take(&data) {
                    return end;
                }
                if self.is_used_up() {
                    tracing::warn!(
                        provider = provider.id(),
                        "an answer is longer than its cap and was cut off"
                    );
                    return End::Cut(Cut::HoldUsedUp);
                }
            }
            if last {
                let error = Error::new(ErrorCode::UpstreamFailed, "The answer was cut off by the provider.");
                return End::Failed(error.cause("a response ended without its last event"));
            }
            if !log.is_unread() {
                heard = self.meter.deltas();
            } else if self.meter.deltas() - heard > limits.drain_tokens {
                return End::Cut(Cut::Abandoned);
            }
        }
    }

    /// Accounts for one event and passes it on, unless it is the last one.
    fn take(&mut self, data: &str) -> Option<End> {
        if data.trim().is_empty() || data.trim() == "[DONE]" {
            return None;
        }
        let Ok(mut event) = serde_json::from_str::<Value>(data) else {
            return Some(End::Failed(UpstreamError::Protocol("an event is no JSON".into()).into()));
        };
        if let Some(number) = event.get("sequence_number").and_then(Value::as_u64) {
            self.sequence = number;
        }
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if kind.ends_with(".delta") {
            if let Some(text) = event.get("delta").and_then(Value::as_str) {
                self.meter.observe(&piece(text));
            }
            self.log.push_json(&event);
            return None;
        }
        if let Some(response) = event.get_mut("response").filter(|response| response.is_object()) {
            if self.upstream_id.is_none() {
                self.upstream_id = response.get("id").and_then(Value::as_str).map(str::to_owned);
            }
            if response.get("usage").is_some_and(|usage| !usage.is_null()) {
                self.meter.observe(&json!({"usage": response["usage"]}));
            }
            own(response, &self.call.model, &self.id);
        }
        let error = match kind.as_str() {
            "error" => Some(event.get("error").filter(|error| error.is_object()).unwrap_or(&event)),
            "response.failed" => Some(event.pointer("/response/error").unwrap_or(&Value::Null)),
            _ => event.get("error").filter(|error| error.is_object()),
        };
        if let Some(error) = error {
            let text = error.get("message").and_then(Value::as_str).unwrap_or("it gave no reason");
            let message = format!("The provider failed: {}", clean(text));
            let error = Error::new(ErrorCode::UpstreamFailed, message).cause("the provider sent an error");
            return Some(End::Failed(error));
        }
        if matches!(kind.as_str(), "response.completed" | "response.incomplete") {
            return Some(End::Complete(Box::new(event)));
        }
        self.log.push_json(&event);
        None
    }

    /// The answer has more tokens than it may have, or costs more than is held.
    fn is_used_up(&self) -> bool {
        let completion = self.meter.completion_at_least();
        let used = Usage { completion_tokens: completion, ..self.meter.used().usage };
        self.call.max_output_tokens.is_some_and(|cap| completion > u64::from(cap))
            || self.hold.is_exceeded_by(&used)
    }

    async fn finish(&self, end: End) {
        let used = self.meter.used();
        let outcome = match &end {
            End::Failed(error) => {
                error.log();
                if error.code() == ErrorCode::ContentRefused {
                    let cost = self.hold.tokens(&used.usage);
                    policy::withhold(&self.state, &self.hold, cost, error).await
                } else if self.meter.delivered() {
                    self.settle().await
                } else {
                    self.release().await
                }
            }
            _ => self.settle().await,
        };
        let cut = if let End::Cut(cut) = &end { Some(*cut) } else { None };
        let receipt = outcome.ok().map(|extra| TriptychExtra { cut, ..extra });
        let event = match end {
            End::Complete(mut event) => {
                event["response"]["triptych"] = json!(receipt);
                *event
            }
            End::Cut(_) => json!({
                "type": "response.incomplete", "sequence_number": self.sequence + 1, "response": {
                    "id": self.id, "object": "response", "model": self.call.model, "status": "incomplete",
                    "incomplete_details": {"reason": "max_output_tokens"}, "output": [], "error": null,
                    "usage": {
                        "input_tokens": used.usage.prompt_tokens, "output_tokens": used.usage.completion_tokens,
                        "total_tokens": used.usage.total_tokens,
                    },
                    "triptych": receipt,
                },
            }),
            End::Failed(error) => {
                let body = error.body().error;
                json!({
                    "type": "error", "sequence_number": self.sequence + 1, "code": body.code,
                    "message": body.message, "param": body.param, "error": body, "triptych": receipt,
                })
            }
        };
        self.log.push_json(&event);
        self.log.done();
    }

    async fn release(&self) -> Result<TriptychExtra, Error> {
        self.hold.release(&self.state, "no answer was delivered").await
    }

    async fn settle(&self) -> Result<TriptychExtra, Error> {
        let used = self.meter.used();
        let record = UsageRecord {
            upstream_id: self.upstream_id.clone(),
            ..UsageRecord::of_tokens(&used.usage, used.estimated)
        };
        let note = stream_note(&self.log.id);
        self.hold.settle(&self.state, self.hold.tokens(&used.usage), &record, Kept::Note(&note)).await
    }
}
