use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bill::BillKind;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults, Kind};
use crate::models::{self, Modality};
use crate::sse::{self, Pace, Script};
use crate::state::Simulator;
use crate::{audio, files, server, tokens};

#[derive(Deserialize)]
struct SpeechRequest {
    input: String,
    model: String,
    voice: Value,
    response_format: Option<String>,
    speed: Option<f32>,
    stream_format: Option<String>,
    safety_identifier: Option<String>,
}

/// Most characters of one call.
const LONGEST: usize = 4096;
/// Bytes of sound in one event.
const EVENT_BYTES: usize = 8 * 1024;

/// `POST /v1/audio/speech`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: SpeechRequest = server::parse(&body)?;
    let caller = Caller::of(&headers, None);
    simulator.book().count_create(caller.client_ref.as_deref());
    let (text, faults) = simulator.faults(FaultRoute::Speech, &headers, &request.input)?;
    let characters = text.chars().count();
    if !(1..=LONGEST).contains(&characters) {
        return Err(ApiError::invalid(Some("input"), "`input` must have 1 to 4096 characters."));
    }
    if request.voice.is_null() {
        return Err(ApiError::invalid(Some("voice"), "`voice` must be given."));
    }
    let speed = request.speed.unwrap_or(1.0);
    if !(0.25..=4.0).contains(&speed) {
        return Err(ApiError::invalid(Some("speed"), "`speed` must be between 0.25 and 4."));
    }
    models::check(&simulator, &request.model, Modality::Speech)?;
    let format = request.response_format.as_deref().unwrap_or("mp3");
    let kind = match format {
        "wav" => "audio/wav",
        "pcm" => "audio/pcm",
        "mp3" => "audio/mpeg",
        "aac" => "audio/aac",
        _ => {
            let message = format!("`{format}` is not made here; mp3, aac, wav and pcm are.");
            return Err(ApiError::invalid(Some("response_format"), message));
        }
    };
    let streamed = request.stream_format.as_deref() == Some("sse");
    faults.at_the_door(streamed).await?;
    let input_tokens = tokens::count(&text);
    let (sound, ms) = speak(text, speed, format.to_owned()).await?;
    let output_tokens = ms.div_ceil(50);
    let mut item = caller.item();
    item.kind = BillKind::Speech;
    item.id = simulator.new_id("speech_");
    "speech".clone_into(&mut item.shape);
    item.model = request.model;
    (item.characters, item.audio_ms) = (characters as u64, ms);
    (item.prompt_tokens, item.completion_tokens) = (input_tokens, output_tokens);
    item.safety_identifier = request.safety_identifier;
    simulator.book().add(item);
    let delay = simulator.config().audio_delay;
    if streamed {
        let usage = json!({
            "input_tokens": input_tokens, "output_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        });
        let pace = Pace { first_at: Instant::now() + delay, per_second: 0.0 };
        let script = Events { sound, usage, faults: faults.clone() };
        return Ok(sse::respond(script, faults, pace, Default::default()));
    }
    tokio::time::sleep(delay).await;
    for fault in &faults.0 {
        if let Kind::SlowCreate(time) = fault {
            tokio::time::sleep(*time).await;
        }
    }
    Ok(files::deliver(sound, kind, &HeaderMap::new(), &faults))
}

/// The sound and its length in milliseconds.
async fn speak(text: String, speed: f32, format: String) -> Result<(Bytes, u64), ApiError> {
    let work = move || {
        let samples = audio::murmur(&text, speed);
        let ms = samples.len() as u64 * 1000 / u64::from(audio::RATE);
        let sound = match format.as_str() {
            "wav" => audio::wav(&samples, &text),
            "pcm" => audio::pcm(&samples),
            "aac" => audio::aac(ms),
            _ => audio::mp3(ms),
        };
        (Bytes::from(sound), ms)
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::server())
}

struct Events {
    sound: Bytes,
    usage: Value,
    faults: Faults,
}

impl Script for Events {
    fn opening(&mut self) -> Bytes {
        Bytes::new()
    }

    fn pieces(&self) -> usize {
        self.sound.len().div_ceil(EVENT_BYTES)
    }

    fn piece(&mut self, index: usize) -> Bytes {
        let piece = self.sound.chunks(EVENT_BYTES).nth(index).unwrap_or_default();
        let audio = STANDARD.encode(piece);
        sse::data(&json!({"type": "speech.audio.delta", "audio": audio}))
    }

    fn raw_piece(&mut self, json: &str) -> Bytes {
        Bytes::from(format!("data: {{\"type\":\"speech.audio.delta\",\"audio\":{json}}}\n\n"))
    }

    fn closing(&mut self) -> Bytes {
        let mut event = json!({"type": "speech.audio.done"});
        if let Some(usage) = self.faults.usage(self.usage.clone()) {
            event["usage"] = usage;
        }
        sse::data(&event)
    }

    fn error(&mut self, _failed: bool) -> Bytes {
        sse::data(&ApiError::server().body())
    }
}
