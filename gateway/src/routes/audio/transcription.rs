use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use reqwest::Response as Upstream;
use serde_json::{Value, json};
use tokio::time::timeout;
use triptych_protocol::{Credits, Price, Scope, TriptychExtra, minutes_cost};

use super::LIFE;
use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::quote_body;
use crate::idempotency::body_hash;
use crate::ledger::UsageRecord;
use crate::openapi::Once;
use crate::openapi::shape::{Transcription, TranscriptionEvent, TranscriptionForm};
use crate::policy;
use crate::provider::{Ability, TranscriptionCall, Upload, UpstreamError};
use crate::routes::upload::{self, Accept, Form};
use crate::sse::Reader;
use crate::state::AppState;
use crate::stream::usage_of;

/// Most bytes of an answer: a text of hours with a time for each word fits.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Longest silence between two pieces of an answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// Writes a recording down. Streams are collected here and sent whole: their text is short.
#[utoipa::path(
    post, path = "/v1/audio/transcriptions", operation_id = "createTranscription", tag = "audio",
    security(("token" = [])), params(Once),
    request_body(content = TranscriptionForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "What was said.", content(
        (Transcription = "application/json"), (String = "text/plain"), (TranscriptionEvent = "text/event-stream"),
    ))),
)]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, Error> {
    caller.require(Scope::Chat)?;
    let headers = request.headers().clone();
    let form = upload::read(request, &state.config.limits, &[("file", Accept::Sound)]).await?;
    let work = run(state.clone(), caller, headers, form);
    call::detached(&state, work).await
}

async fn run(state: AppState, caller: Caller, headers: HeaderMap, mut form: Form) -> Result<Response, Error> {
    let (Some((_, file)), true) = (form.files.pop(), form.files.is_empty()) else {
        return Err(Error::invalid("file", "Send one recording in `file`."));
    };
    let field =
        |name: &str| form.fields.iter().find(|(found, _)| found == name).map(|(_, text)| text.clone());
    let id = field("model");
    let id = id.ok_or_else(|| Error::invalid("model", "Name a model; `GET /v1/models` lists them."))?;
    caller.allow_model(&id)?;
    let model = state.catalogue.model(&id)?;
    let plan = state.providers.plan(model, Ability::Transcription)?;
    let ending = file.name.rsplit_once('.').map(|(_, ending)| ending);
    let seconds = wav_ms(&file.bytes).map(|ms| ms.div_ceil(1000));
    let recording =
        json!({"bytes": file.bytes.len(), "seconds": seconds, "format": ending, "prompt": field("prompt")});
    let quote = quote_body(model, &recording)?;
    // The form's own bytes hold a boundary that is new each time.
    let prompt = field("prompt");
    let body = json!({"prompt": prompt, "fields": form.fields, "file": body_hash(&file.bytes)}).to_string();
    form.fields.retain(|(name, _)| name != "model");
    let heard = Heard { ms: wav_ms(&file.bytes), bytes: file.bytes.len() as u64 };
    let order = TranscriptionCall {
        fields: form.fields,
        model: model.id.clone(),
        file: Upload { name: file.name, mime: file.mime, bytes: file.bytes },
    };
    let request = Call::new(&caller, "transcription", &headers, body.into())?;
    let hold = match request.start(&state, model, &quote, LIFE, None).await? {
        Start::Replay(replay) => return Ok(replay.into_response()),
        Start::Fresh(hold) => hold,
    };
    let work = async {
        let (_, answer) = plan.transcription(&order).await?;
        read(answer).await
    };
    let (kind, text) = match call::unless_going_down(&state, work).await {
        Ok(answer) => answer,
        Err(error) => {
            hold.release(&state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    let said = said(kind, &text);
    let shown = said.clone().unwrap_or_else(|| json!({"text": String::from_utf8_lossy(&text)}));
    let (charged, record) = heard.charge(&hold, said.as_ref());
    if let Err(error) = state.policy.after(&hold.about, &shown).await {
        policy::withhold(&state, &hold, charged, &error).await.ok();
        return Err(error);
    }
    let whole = |extra: Option<&TriptychExtra>| match (kind, &said) {
        ("application/json", Some(Value::Object(fields))) => {
            let mut fields = fields.clone();
            fields.insert("triptych".into(), json!(extra));
            Value::Object(fields).to_string().into_bytes()
        }
        _ => text.to_vec(),
    };
    let kept = |extra: &TriptychExtra| whole(Some(extra));
    // What is kept for repeats is kept as JSON.
    let kept =
        if kind == "application/json" { Kept::Answer(&kept) } else { Kept::Note("it was written down") };
    let settled = hold.settle(&state, charged, &record, kept).await;
    Ok(([(header::CONTENT_TYPE, kind)], whole(settled.as_ref().ok())).into_response())
}

/// The whole answer and its type.
async fn read(mut answer: Upstream) -> Result<(&'static str, Bytes), UpstreamError> {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let kind = match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => "application/json",
        "text/event-stream" => "text/event-stream",
        // A page of some proxy is no transcription.
        "text/html" => return Err(UpstreamError::Protocol("it is no transcription".into())),
        _ => "text/plain; charset=utf-8",
    };
    let mut text = Vec::new();
    while let Some(part) = timeout(PATIENCE, answer.chunk()).await.map_err(|_| UpstreamError::Timeout)?? {
        if text.len() + part.len() > MOST_BYTES {
            return Err(UpstreamError::Protocol("the answer is too large".into()));
        }
        text.extend_from_slice(&part);
    }
    if kind == "application/json" && serde_json::from_slice::<Value>(&text).is_err() {
        return Err(UpstreamError::Protocol("the answer is no JSON".into()));
    }
    if kind == "text/event-stream" && said(kind, &text).is_none() {
        return Err(UpstreamError::Protocol("the transcription has no end".into()));
    }
    Ok((kind, text.into()))
}

/// What tells the usage: the answer itself, or the last event of a stream.
fn said(kind: &str, text: &[u8]) -> Option<Value> {
    if kind == "application/json" {
        return serde_json::from_slice(text).ok();
    }
    if kind != "text/event-stream" {
        return None;
    }
    let (mut reader, mut events) = (Reader::default(), Vec::new());
    reader.push(text, &mut events).ok()?;
    reader.finish(&mut events);
    let events = events.iter().filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let is_last = |event: &Value| event.get("type").and_then(Value::as_str) == Some("transcript.text.done");
    events.rev().find(is_last)
}

/// A recording as far as the charge goes.
struct Heard {
    /// Its length, where its head says so.
    ms: Option<u64>,
    bytes: u64,
}

impl Heard {
    fn charge(&self, hold: &Hold, said: Option<&Value>) -> (Credits, UsageRecord) {
        let tokens = said.and_then(usage_of);
        let number = |path: &str| {
            let seconds = said?.pointer(path)?;
            let seconds = seconds.as_f64().or_else(|| seconds.as_str()?.parse().ok())?;
            (0.0..=1e6).contains(&seconds).then_some((seconds * 1000.0).ceil() as u64)
        };
        let told = number("/usage/seconds").or_else(|| number("/duration"));
        let ms = told.or(self.ms);
        match (hold.price(), tokens) {
            (Price::Minute { .. }, _) => {
                // Where nobody knows the length, at the rate that speech is recorded with mostly: 64 kbit/s.
                let length = ms.unwrap_or(self.bytes / 8);
                let cost = minutes_cost(hold.price(), length).unwrap_or(hold.amount);
                let estimated = ms.is_none();
                (cost, UsageRecord { audio_ms: Some(length), estimated, ..UsageRecord::default() })
            }
            (_, Some(usage)) => {
                (hold.tokens(&usage), UsageRecord { audio_ms: ms, ..UsageRecord::of_tokens(&usage, false) })
            }
            // Ten tokens of sound a second read and four of text written.
            (_, None) => {
                let seconds = ms.unwrap_or(self.bytes / 8) / 1000;
                let (prompt_tokens, completion_tokens) = (seconds * 10, seconds * 4);
                let usage = triptych_protocol::Usage {
                    prompt_tokens,
                    completion_tokens,
                    total_tokens: prompt_tokens + completion_tokens,
                    ..Default::default()
                };
                (hold.tokens(&usage), UsageRecord { audio_ms: ms, ..UsageRecord::of_tokens(&usage, true) })
            }
        }
    }
}

/// The length of a WAV file by its head, in milliseconds, as long as the file is as large as its head says.
fn wav_ms(bytes: &[u8]) -> Option<u64> {
    let four = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let (mut at, mut rate) = (12, None);
    loop {
        let (name, length) = (bytes.get(at..at + 4)?, four(at + 4)? as usize);
        match name {
            // What decoders go by: the rate times the size of a frame. The bytes a second beside it may say anything.
            b"fmt " => {
                let frame = u16::from_le_bytes(bytes.get(at + 20..at + 22)?.try_into().ok()?);
                rate = four(at + 12)?.checked_mul(u32::from(frame)).filter(|rate| *rate > 0);
            }
            // Longer than the file is what servers write that do not know the length yet.
            b"data" => {
                let length = length.min(bytes.len().saturating_sub(at + 8)) as u64;
                return Some(length.saturating_mul(1000).div_ceil(u64::from(rate?)));
            }
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(length)?.checked_add(length % 2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_a_wav_file_is_read_from_its_head_and_not_believed_beyond_the_file() {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(8000_u32.to_le_bytes());
        file.extend(u32::MAX.to_le_bytes());
        file.extend(b"\x02\0\x10\0data");
        file.extend(u32::MAX.to_le_bytes());
        file.extend([0; 24_000]);
        assert_eq!(wav_ms(&file), Some(1500));
        assert_eq!(wav_ms(b"RIFF"), None);
        assert_eq!(wav_ms(&file[..30]), None);
    }
}
