use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracing::Instrument;
use triptych_protocol::{Credits, Price, Scope, characters_cost, minutes_cost};

use super::LIFE;
use crate::asset::Asset;
use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::quote_body;
use crate::ledger::UsageRecord;
use crate::openapi::Once;
use crate::openapi::shape::{File, SpeechEvent, SpeechRequest};
use crate::provider::{Ability, SpeechCall, UpstreamError};
use crate::sse::Reader;
use crate::state::AppState;
use crate::stream::usage_of;
use crate::trace;

/// Most bytes of sound: the longest text as uncompressed sound fits.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// Longest silence between two pieces.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pieces that wait for a slow reader.
const WAITING: usize = 64;
/// How long a reader may take for one piece before it counts as gone.
const READER_PATIENCE: Duration = Duration::from_secs(30);
/// Most bytes of a sound that is kept for who repeats the call: ten minutes as it usually comes.
const MOST_KEPT: usize = 8 * 1024 * 1024;
/// What people say in a second at the ordinary speed, in characters; for the charge where nobody measured.
const CHARS_PER_SECOND: u64 = 14;

/// Reads a text aloud. The answer is the sound as it comes, or server-sent events with `stream_format: sse`. For a day
/// the same key brings the same sound, which is paid once.
#[utoipa::path(
    post, path = "/v1/audio/speech", operation_id = "createSpeech", tag = "audio", security(("token" = [])),
    params(Once), request_body = SpeechRequest,
    responses((status = 200, description = "The sound.", content(
        (File = "audio/*"), (File = "application/octet-stream"), (SpeechEvent = "text/event-stream"),
    ))),
)]
pub(super) async fn create(
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
    let body: Map<String, Value> = crate::routes::body::parse(&bytes)?;
    let model = crate::routes::body::model(&state, &caller, &body)?;
    let plan = state.providers.plan(model, Ability::Speech)?;
    let body = Value::Object(body);
    let quote = quote_body(model, &body)?;
    let Value::Object(body) = body else { return Err(Error::invalid("", "The body must be a JSON object.")) };
    let characters = body.get("input").and_then(Value::as_str).unwrap_or_default().chars().count() as u64;
    let order = SpeechCall { body, model: model.id.clone() };
    let request = Call::new(&caller, "speech", &headers, bytes)?;
    let hold = match request.start(&state, model, &quote, LIFE, None).await? {
        Start::Replay(replay) => return Ok(replay.into_response()),
        Start::Fresh(hold) => hold,
    };
    let (provider, answer) = match call::unless_going_down(&state, plan.speech(&order)).await {
        Ok(taken) => taken,
        Err(error) => {
            hold.release(&state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let Some(kind) = kind.and_then(sound) else {
        tracing::warn!(provider = provider.id(), "speech came as something else than sound");
        hold.release(&state, "no sound came").await.ok();
        return Err(UpstreamError::Protocol("it is no sound".into()).into());
    };
    let (sender, receiver) = mpsc::channel::<Piece>(WAITING);
    let running = state.underway.begin();
    let work = async move {
        let sound = hold.can_be_repeated().then(Vec::new);
        let mut spoken = Spoken { state, hold, characters, kind, sound, usage: None, behind: false };
        let whole = spoken.pass_on(answer, &sender, kind == "text/event-stream").await;
        let partly = whole.is_err() || spoken.behind;
        spoken.finish(whole).await;
        if partly {
            // A clean end would pass half of the sound off as all of it.
            sender.send_timeout(Err(std::io::Error::other("it broke off")), READER_PATIENCE).await.ok();
        }
        trace::end_current();
        drop(running);
    };
    tokio::spawn(trace::step("stream").run(work).in_current_span());
    let parts = unfold(receiver, |mut receiver| async move {
        let part = receiver.recv().await?;
        Some((part, receiver))
    });
    let mut response = Response::new(Body::from_stream(parts));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store, no-transform"));
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    Ok(response)
}

/// The types that are passed on: nothing that a browser would run.
fn sound(kind: &str) -> Option<&'static str> {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    Some(match kind.as_str() {
        "audio/mpeg" | "audio/mp3" => "audio/mpeg",
        "audio/wav" | "audio/x-wav" | "audio/wave" => "audio/wav",
        "audio/ogg" | "audio/opus" => "audio/ogg",
        "audio/aac" => "audio/aac",
        "audio/flac" | "audio/x-flac" => "audio/flac",
        "audio/pcm" | "audio/l16" | "application/octet-stream" => "application/octet-stream",
        "text/event-stream" => "text/event-stream",
        _ => return None,
    })
}

/// What is passed on: sound, or that there will be no more although it has not ended.
type Piece = Result<Bytes, std::io::Error>;

/// A text that is being read aloud.
struct Spoken {
    state: AppState,
    hold: Hold,
    characters: u64,
    /// Its type.
    kind: &'static str,
    /// All that came, where somebody may ask for it again.
    sound: Option<Vec<u8>>,
    /// The event that told it.
    usage: Option<Value>,
    /// The reader has missed some of it.
    behind: bool,
}

impl Spoken {
    /// Reads the sound to its end, whoever is still listening.
    async fn pass_on(
        &mut self,
        mut answer: reqwest::Response,
        sender: &mpsc::Sender<Piece>,
        events: bool,
    ) -> Result<(), UpstreamError> {
        let mut listener = Some(sender);
        let mut reader = events.then(Reader::default);
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut ended = false;
        loop {
            let part = tokio::select! {
                () = call::going_down(&self.state) => return Err(UpstreamError::GoingDown),
                part = timeout(PATIENCE, answer.chunk()) => part,
            };
            let Some(part) = part.map_err(|_| UpstreamError::Timeout)?? else { break };
            bytes += part.len();
            if bytes > MOST_BYTES {
                return Err(UpstreamError::Protocol("the sound is too long".into()));
            }
            self.sound = self.sound.take().filter(|sound| sound.len() + part.len() <= MOST_KEPT);
            if let Some(sound) = &mut self.sound {
                sound.extend_from_slice(&part);
            }
            if let Some(reader) = &mut reader {
                reader.push(&part, &mut found).map_err(|error| UpstreamError::Protocol(error.to_string()))?;
                for event in found.drain(..).filter_map(|data| serde_json::from_str::<Value>(&data).ok()) {
                    ended |= event.get("type").and_then(Value::as_str) == Some("speech.audio.done");
                    if event.get("usage").is_some() {
                        self.usage = Some(event);
                    }
                }
            }
            if let Some(sender) = &listener
                && sender.send_timeout(Ok(part), READER_PATIENCE).await.is_err()
            {
                listener = None;
                self.behind = true;
            }
        }
        match (bytes, reader.is_some() && !ended) {
            (0, _) | (_, true) => Err(UpstreamError::Protocol("the sound has no end".into())),
            _ => Ok(()),
        }
    }

    async fn finish(&mut self, whole: Result<(), UpstreamError>) {
        if let Err(error) = whole {
            Error::from(error.clone()).log();
            self.hold.release(&self.state, error.label()).await.ok();
            if let Err(error) = self.note_loss().await {
                error.log();
            }
            return;
        }
        let (charged, record) = self.charge();
        let sound = self.keep().await;
        let kept = sound.as_ref().map_or(Kept::Note("it was spoken"), Kept::Sound);
        self.hold.settle(&self.state, charged, &record, kept).await.ok();
    }

    /// Keeps the sound for who repeats the call. One that cannot be kept is as good and as dear.
    async fn keep(&mut self) -> Option<Asset> {
        let assets = &self.state.assets;
        let put = assets.put_sound(self.kind, self.sound.take()?.into()).await.map_err(Error::internal);
        let kept = match put {
            Ok(asset) => assets.keep(&self.state.store, asset, &self.hold.account).await,
            Err(error) => Err(error),
        };
        kept.inspect_err(Error::log).ok()
    }

    /// The provider had begun to speak, so it bills the text.
    async fn note_loss(&self) -> Result<(), Error> {
        let (cost, _) = self.charge();
        let mut tx = self.state.store.write().await?;
        let key = format!("{}:spoken", self.hold.id);
        self.state.ledger.note_loss(&mut tx, &key, &self.hold.id, cost, "sound broke off").await?;
        tx.commit().await
    }

    fn charge(&self) -> (Credits, UsageRecord) {
        let record = UsageRecord { characters: Some(self.characters), ..UsageRecord::default() };
        let usage = self.usage.as_ref().and_then(usage_of);
        match (self.hold.price(), usage) {
            (Price::Characters { .. }, _) => {
                (characters_cost(self.hold.price(), self.characters).unwrap_or(self.hold.amount), record)
            }
            (Price::Minute { .. }, _) => {
                let ms = self.characters.saturating_mul(1000) / CHARS_PER_SECOND;
                let cost = minutes_cost(self.hold.price(), ms).unwrap_or(self.hold.amount);
                (cost, UsageRecord { audio_ms: Some(ms), estimated: true, ..record })
            }
            (_, Some(usage)) => (
                self.hold.tokens(&usage),
                UsageRecord { characters: record.characters, ..UsageRecord::of_tokens(&usage, false) },
            ),
            (_, None) => {
                // Four characters a token read, twenty tokens of sound a second spoken.
                let completion_tokens = self.characters.saturating_mul(20) / CHARS_PER_SECOND;
                let usage = triptych_protocol::Usage {
                    prompt_tokens: self.characters / 4,
                    completion_tokens,
                    total_tokens: self.characters / 4 + completion_tokens,
                    completion_tokens_details: Some(triptych_protocol::CompletionDetails {
                        audio_tokens: Some(completion_tokens),
                        ..Default::default()
                    }),
                    ..Default::default()
                };
                (
                    self.hold.tokens(&usage),
                    UsageRecord { characters: record.characters, ..UsageRecord::of_tokens(&usage, true) },
                )
            }
        }
    }
}
