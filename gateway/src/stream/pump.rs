use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Response as Upstream;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use triptych_protocol::{Cut, ErrorCode, TriptychExtra, Usage};

use super::chunk::{Chunk, is_bare, normal};
use super::meter::Meter;
use super::pace::Pace;
use super::registry::Writer;
use crate::call::{Hold, Kept, going_down, unless_going_down};
use crate::error::Error;
use crate::idempotency::stream_note;
use crate::ledger::UsageRecord;
use crate::policy::{self, Watch};
use crate::provider::{ChatCall, Plan, Provider, UpstreamError};
use crate::sse::Reader;
use crate::state::{AppState, Running};
use crate::trace;

/// How long a provider may take to close its side after `[DONE]`, so that its connection can be used again.
const LAST_BYTES: Duration = Duration::from_secs(1);

/// Reads one streamed answer to its end and settles it, whoever is still listening.
pub(crate) struct Pump {
    pub(crate) state: AppState,
    /// The providers that may be asked.
    pub(crate) plan: Plan,
    pub(crate) call: ChatCall,
    pub(crate) hold: Hold,
    pub(crate) log: Writer,
    pub(crate) running: Running,
    /// The caller wants the last chunk with usage and receipt.
    pub(crate) include_usage: bool,
    pub(crate) meter: Meter,
}

/// The part of a [`Pump`] that lives as long as the stream does; the caller's conversation is gone by then.
struct Flow {
    state: AppState,
    provider: Arc<Provider>,
    /// The caller's name of the model, as JSON.
    model: String,
    /// Most tokens that all answers together may have.
    cap: Option<u64>,
    hold: Hold,
    log: Writer,
    include_usage: bool,
    meter: Meter,
    pace: Pace,
    envelope: Envelope,
    /// Judges the answer while it is written.
    watch: Option<Box<Watch>>,
}

/// Why reading ended.
enum End {
    /// The provider has said `[DONE]`, or closed the stream.
    Complete {
        said: bool,
    },
    /// The user pressed stop.
    Stopped,
    /// Nobody listens any more.
    Abandoned,
    /// The answer is longer than what the hold covers.
    UsedUp,
    Failed(Error),
}

/// What a chunk says of the answer as a whole, for the chunks that the gateway adds.
#[derive(Default)]
struct Envelope {
    id: Option<Box<RawValue>>,
    created: Option<Box<RawValue>>,
}

impl Envelope {
    /// The first word on each counts; later chunks repeat it.
    fn note(&mut self, chunk: &Chunk<'_>) {
        for (place, found) in [(&mut self.id, chunk.id), (&mut self.created, chunk.created)] {
            if place.is_none() {
                *place = found.map(ToOwned::to_owned);
            }
        }
    }
}

impl Pump {
    /// `ready` hears whether the provider has taken the call; from then on errors travel inside of the stream.
    pub(crate) async fn run(self, ready: oneshot::Sender<Result<(), Error>>) {
        let pace = Pace::start(&self.call.model);
        // Boxed, as is the end: what lives through the stream should not have room for them.
        let asked = unless_going_down(&self.state, self.plan.chat_stream(&self.call));
        let (provider, answer) = match Box::pin(asked).await.map_err(Error::from) {
            Ok(taken) => taken,
            Err(error) => {
                // Logged inside where it fails; the caller gets the provider's error either way.
                Box::pin(self.hold.release(&self.state, "the provider refused")).await.ok();
                self.log.discard();
                ready.send(Err(error)).ok();
                return;
            }
        };
        ready.send(Ok(())).ok();
        let flow = Flow {
            watch: self.state.policy.watch(&self.hold.about),
            model: Value::from(self.call.model.as_str()).to_string(),
            cap: self.call.most_tokens(),
            state: self.state,
            provider,
            hold: self.hold,
            log: self.log,
            include_usage: self.include_usage,
            meter: self.meter,
            pace,
            envelope: Envelope::default(),
        };
        drop((self.call, self.plan));
        flow.run(answer).await;
        trace::end_current();
        // Only now may the process stop.
        drop(self.running);
    }
}

impl Flow {
    async fn run(mut self, mut answer: Upstream) {
        let end = self.read(&mut answer).await;
        let reusable = matches!(end, End::Complete { said: true });
        let answer = reusable.then_some(answer);
        Box::pin(self.finish(end)).await;
        drop(self);
        if let Some(mut answer) = answer {
            let rest = async { while let Ok(Some(_)) = answer.chunk().await {} };
            timeout(LAST_BYTES, rest).await.ok();
        }
    }

    async fn read(&mut self, answer: &mut Upstream) -> End {
        let (state, log) = (self.state.clone(), self.log.log());
        let provider = self.provider.clone();
        let limits = &state.config.streams;
        let mut abandoned = pin!(log.abandoned(limits.drain));
        let mut stopped = pin!(log.stopped());
        let mut going_down = pin!(going_down(&state));
        let mut too_long = pin!(sleep(limits.longest));
        let (mut reader, mut events) = (Reader::default(), Vec::new());
        let mut patience = provider.first_byte_timeout();
        let mut heard = 0;
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
                // All that matters has come: what the connection does now is its own affair.
                Err(_) | Ok(Err(_)) if self.meter.finished() => return End::Complete { said: false },
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
                if let Some(watch) = &mut self.watch
                    && let Err(error) = Box::pin(watch.observe(&data)).await
                {
                    return End::Failed(error);
                }
                if data.trim() == "[DONE]" {
                    return End::Complete { said: true };
                }
                if let Err(error) = self.take(data) {
                    return End::Failed(error);
                }
                if self.is_used_up() {
                    tracing::warn!(
                        provider = provider.id(),
                        "an answer is longer than its cap and was cut off"
                    );
                    return End::UsedUp;
                }
            }
            if last {
                return End::Complete { said: false };
            }
            if !log.is_unread() {
                heard = self.meter.deltas();
            } else if self.meter.deltas() - heard > limits.drain_tokens {
                return End::Abandoned;
            }
        }
    }

    /// Accounts for one event and passes it on.
    fn take(&mut self, data: String) -> Result<(), Error> {
        if data.trim().is_empty() {
            return Ok(());
        }
        // An event has one line on our side. Within JSON a line end is a space.
        let data = if data.contains('\n') { data.replace('\n', " ") } else { data };
        if let Some(chunk) = Chunk::parse(&data) {
            return self.take_chunk(&data, &chunk);
        }
        let normal = normal(&data);
        match normal.as_deref().and_then(|data| Some((data, Chunk::parse(data)?))) {
            Some((data, chunk)) => self.take_chunk(data, &chunk),
            None => Err(UpstreamError::Protocol("an event of the stream is no chunk of JSON".into()).into()),
        }
    }

    fn take_chunk(&mut self, data: &str, chunk: &Chunk<'_>) -> Result<(), Error> {
        if let Some(error) = chunk.error {
            let error: Value = serde_json::from_str(error.get()).unwrap_or_default();
            let text = error.get("message").unwrap_or(&error).as_str().unwrap_or("it gave no reason");
            let message = format!("The provider failed: {}", crate::provider::clean(text));
            return Err(Error::new(ErrorCode::UpstreamFailed, message).cause("the provider sent an error"));
        }
        let before = self.meter.deltas();
        let told_usage = self.meter.observe_chunk(chunk);
        if self.meter.deltas() > before {
            self.pace.piece();
        }
        self.envelope.note(chunk);
        if told_usage && is_bare(data) {
            // The gateway sends its own once the call is settled.
            return Ok(());
        }
        match chunk.cut(data, &self.model) {
            Some(pieces) => self.log.push(&pieces),
            None => self.log.push(&[&self.rewritten(data)]),
        }
        Ok(())
    }

    /// The slow way to what [`Chunk::cut`] does.
    fn rewritten(&self, data: &str) -> String {
        let mut chunk: Value = serde_json::from_str(data).unwrap_or_default();
        if let Some(fields) = chunk.as_object_mut() {
            fields.remove("usage");
            fields.insert("model".into(), serde_json::from_str(&self.model).unwrap_or_default());
        }
        chunk.to_string()
    }

    /// The answer has more tokens than it may have, or costs more than is held.
    fn is_used_up(&self) -> bool {
        let completion = self.meter.completion_at_least();
        let used = Usage { completion_tokens: completion, ..self.meter.used().usage };
        self.cap.is_some_and(|cap| completion > cap) || self.hold.is_exceeded_by(&used)
    }

    async fn finish(&self, end: End) {
        let (error, finish, cut) = match end {
            End::Complete { said }
                if !(self.meter.finished() || said && self.meter.finished_what_began()) =>
            {
                let error = Error::new(ErrorCode::UpstreamFailed, "The answer was cut off by the provider.");
                (Some(error.cause("a stream ended without a finish_reason")), None, None)
            }
            End::Complete { .. } => (None, None, None),
            End::Failed(error) => (Some(error), None, None),
            End::Stopped => (None, Some("stop"), Some(Cut::Stopped)),
            End::Abandoned => (None, Some("stop"), Some(Cut::Abandoned)),
            End::UsedUp => (None, Some("length"), Some(Cut::HoldUsedUp)),
        };
        let label = error.as_ref().map_or("complete", |error| error.code().as_str());
        let label = match cut {
            Some(Cut::HoldUsedUp) => "hold_used_up",
            Some(Cut::Stopped) => "stopped",
            Some(Cut::Abandoned) => "abandoned",
            _ => label,
        };
        metrics::counter!("triptych_streams_total", "end" => label).increment(1);
        trace::note("triptych.stream.end", label);
        if let Some(error) = &error {
            error.log();
        }
        let outcome = match &error {
            Some(error) if error.code() == ErrorCode::ContentRefused => {
                let cost = self.hold.tokens(&self.meter.used().usage);
                policy::withhold(&self.state, &self.hold, cost, error).await
            }
            Some(_) if !self.meter.delivered() => {
                self.hold.release(&self.state, "the provider failed before the first token").await
            }
            _ => self.settle().await,
        };
        let receipt = outcome.ok().map(|extra| TriptychExtra { cut, ..extra });
        if let Some(reason) = finish {
            let index = self.meter.unfinished();
            let ends = index.map(|index| json!({"index": index, "delta": {}, "finish_reason": reason}));
            let mut chunk = self.chunk(ends.collect());
            if cut == Some(Cut::HoldUsedUp) && !self.include_usage {
                // Nobody asked for the last chunk, and still the caller must be able to tell why the answer is short.
                chunk["triptych"] = json!(receipt);
            }
            self.log.push_json(&chunk);
        }
        if let Some(error) = error {
            let mut body = json!(error.body());
            body["triptych"] = json!(receipt);
            self.log.push_json(&body);
        } else if self.include_usage {
            let mut chunk = self.chunk(Vec::new());
            chunk["usage"] = self.meter.told();
            chunk["triptych"] = json!(receipt);
            self.log.push_json(&chunk);
        }
        self.log.done();
    }

    async fn settle(&self) -> Result<TriptychExtra, Error> {
        let used = self.meter.used();
        let charged = self.hold.tokens(&used.usage);
        let upstream_id = self.envelope.id.as_ref().and_then(|id| serde_json::from_str(id.get()).ok());
        let record = UsageRecord { upstream_id, ..UsageRecord::of_tokens(&used.usage, used.estimated) };
        let note = stream_note(&self.log.id);
        self.hold.settle(&self.state, charged, &record, Kept::Note(&note)).await
    }

    fn chunk(&self, choices: Vec<Value>) -> Value {
        let (id, created) = (&self.envelope.id, &self.envelope.created);
        let model: Value = serde_json::from_str(&self.model).unwrap_or_default();
        json!({
            "id": id, "object": "chat.completion.chunk", "created": created, "model": model, "choices": choices,
        })
    }
}
