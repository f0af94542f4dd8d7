use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::bill::BillKind;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults};
use crate::form;
use crate::models::{self, Modality};
use crate::sse::{self, Pace, Script};
use crate::state::Simulator;
use crate::{audio, tokens};

/// `POST /v1/audio/transcriptions`: a form with `file` and `model`. Fault markers go into `prompt`.
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    request: Request,
) -> Result<Response, ApiError> {
    let (headers, form) = form::read_only_form(request).await?;
    let caller = Caller::of(&headers, None);
    simulator.book().count_create(caller.client_ref.as_deref());
    let prompt = form.text("prompt").unwrap_or_default();
    let (prompt, faults) = simulator.faults(FaultRoute::Transcription, &headers, prompt)?;
    let model = form.text("model").unwrap_or_default().to_owned();
    models::check(&simulator, &model, Modality::Transcription)?;
    let files = form.files("file");
    let file = files.first().filter(|file| !file.is_empty());
    let file = file.ok_or_else(|| ApiError::invalid(Some("file"), "`file` is missing or empty."))?;
    let format = form.text("response_format").unwrap_or("json");
    if !["json", "text", "verbose_json", "srt", "vtt"].contains(&format) {
        return Err(ApiError::invalid(Some("response_format"), format!("`{format}` is no format.")));
    }
    // The oldest model takes the field and does not stream.
    let streamed = form.text("stream") == Some("true") && model != "whisper-1";
    faults.at_the_door(streamed).await?;
    let heard = Heard::new(&model, &prompt, file);
    let mut item = caller.item();
    item.kind = BillKind::Transcription;
    item.id = simulator.new_id("transcription_");
    "transcriptions".clone_into(&mut item.shape);
    item.model = model;
    item.audio_ms = heard.ms;
    if !heard.by_duration {
        (item.prompt_tokens, item.completion_tokens) = (heard.input_tokens(), heard.output_tokens());
    }
    simulator.book().add(item);
    let delay = simulator.config().audio_delay;
    if streamed {
        let pace =
            Pace { first_at: Instant::now() + delay, per_second: simulator.config().tokens_per_second };
        let script = Events { heard, faults: faults.clone() };
        return Ok(sse::respond(script, faults, pace, Default::default()));
    }
    tokio::time::sleep(delay).await;
    Ok(match format {
        "text" => format!("{}\n", heard.text).into_response(),
        "srt" => format!("1\n00:00:00,000 --> {}\n{}\n", heard.clock(","), heard.text).into_response(),
        "vtt" => format!("WEBVTT\n\n00:00:00.000 --> {}\n{}\n", heard.clock("."), heard.text).into_response(),
        format => faults.deliver(heard.answer(format, &faults)).await,
    })
}

/// What was said in a recording.
struct Heard {
    text: String,
    ms: u64,
    text_tokens: u64,
    /// Whether the model is priced by the length of the sound.
    by_duration: bool,
}

impl Heard {
    fn new(model: &str, prompt: &str, file: &Bytes) -> Self {
        let (ms, text) = audio::listen(file);
        let seconds = ms.div_ceil(1000);
        Self {
            text: text.unwrap_or_else(|| format!("This is a recording of {seconds} seconds.")),
            ms,
            text_tokens: tokens::count(prompt),
            by_duration: model.contains("whisper"),
        }
    }

    /// Ten tokens a second, and those of the prompt.
    fn input_tokens(&self) -> u64 {
        self.text_tokens + self.ms.div_ceil(100)
    }

    fn output_tokens(&self) -> u64 {
        tokens::pieces(&self.text).len() as u64
    }

    fn usage(&self) -> Value {
        if self.by_duration {
            return json!({"type": "duration", "seconds": self.ms.div_ceil(1000)});
        }
        let (input, output) = (self.input_tokens(), self.output_tokens());
        json!({
            "type": "tokens", "input_tokens": input, "output_tokens": output, "total_tokens": input + output,
            "input_token_details": {
                "text_tokens": self.text_tokens, "audio_tokens": input - self.text_tokens,
            },
        })
    }

    fn answer(&self, format: &str, faults: &Faults) -> Value {
        let mut answer = json!({"text": self.text});
        if format == "verbose_json" {
            let seconds = self.ms as f64 / 1000.0;
            answer["task"] = json!("transcribe");
            answer["language"] = json!("english");
            answer["duration"] = json!(seconds);
            answer["segments"] = json!([{"id": 0, "start": 0.0, "end": seconds, "text": self.text}]);
        }
        if let Some(usage) = faults.usage(self.usage()) {
            answer["usage"] = usage;
        }
        answer
    }

    /// The end as subtitles write it.
    fn clock(&self, point: &str) -> String {
        let (seconds, ms) = (self.ms / 1000, self.ms % 1000);
        format!("{:02}:{:02}:{:02}{point}{ms:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

struct Events {
    heard: Heard,
    faults: Faults,
}

impl Script for Events {
    fn opening(&mut self) -> Bytes {
        Bytes::new()
    }

    fn pieces(&self) -> usize {
        tokens::pieces(&self.heard.text).len()
    }

    fn piece(&mut self, index: usize) -> Bytes {
        let piece = tokens::pieces(&self.heard.text).get(index).copied().unwrap_or_default();
        sse::data(&json!({"type": "transcript.text.delta", "delta": piece}))
    }

    fn raw_piece(&mut self, json: &str) -> Bytes {
        Bytes::from(format!("data: {{\"type\":\"transcript.text.delta\",\"delta\":{json}}}\n\n"))
    }

    fn closing(&mut self) -> Bytes {
        let mut event = json!({"type": "transcript.text.done", "text": self.heard.text});
        if let Some(usage) = self.faults.usage(self.heard.usage()) {
            event["usage"] = usage;
        }
        sse::data(&event)
    }

    fn error(&mut self, _failed: bool) -> Bytes {
        sse::data(&ApiError::server().body())
    }
}
