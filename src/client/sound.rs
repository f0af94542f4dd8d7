//! The gateway's voice and ear: paid calls with sound, and the browser's way to play it. Sound is played from memory
//! and never linked to, so that no `blob:` address has to be allowed by the page's policy.

use std::cell::{Cell, RefCell};

use gloo_net::http::{Method, Response};
use js_sys::{Array, ArrayBuffer, Float32Array, Promise, Uint8Array};
use triptych_protocol::{TriptychExtra, record, wire};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::Blob;

use super::{Client, Told, property, read};
use crate::error::Failure;
use crate::recording::Take;

/// Samples a second of what is sent to be written down; models hear no more.
const RATE: u32 = 16_000;

#[wasm_bindgen]
extern "C" {
    type FormData;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<FormData, JsValue>;
    #[wasm_bindgen(method, catch, js_name = "append")]
    fn text(this: &FormData, name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch, js_name = "append")]
    fn file(this: &FormData, name: &str, file: &Blob, called: &str) -> Result<(), JsValue>;

    type AudioContext;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<AudioContext, JsValue>;
    #[wasm_bindgen(method, catch, js_name = "decodeAudioData")]
    fn decode(this: &AudioContext, bytes: &ArrayBuffer) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = "createBufferSource")]
    fn source(this: &AudioContext) -> Result<Source, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn destination(this: &AudioContext) -> JsValue;
    #[wasm_bindgen(method, catch)]
    fn resume(this: &AudioContext) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &AudioContext) -> Result<Promise, JsValue>;

    #[wasm_bindgen(extends = AudioContext)]
    type OfflineAudioContext;
    #[wasm_bindgen(constructor, catch)]
    fn new(channels: u32, length: u32, rate: u32) -> Result<OfflineAudioContext, JsValue>;

    type Source;
    #[wasm_bindgen(method, setter)]
    fn set_buffer(this: &Source, sound: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onended(this: &Source, call: &JsValue);
    #[wasm_bindgen(method, catch)]
    fn connect(this: &Source, to: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn start(this: &Source) -> Result<(), JsValue>;

    type AudioBuffer;
    #[wasm_bindgen(method, catch, js_name = "getChannelData")]
    fn channel(this: &AudioBuffer, channel: u32) -> Result<Float32Array, JsValue>;
}

struct SpeechOrder {
    model: String,
    voice: String,
    input: String,
    response_format: String,
}
record!(write SpeechOrder { model, voice, input, response_format });

/// What was said in a recording.
pub(crate) struct Transcription {
    pub(crate) text: String,
    pub(crate) triptych: Option<TriptychExtra>,
}
record!(read Transcription { text, triptych });

impl Client {
    /// Has a text read aloud.
    pub(crate) async fn speak(
        &self,
        model: &str,
        voice: &str,
        words: String,
        key: &str,
    ) -> Result<Blob, Failure> {
        // Every browser plays it, and every server of this kind makes it.
        let response_format = "mp3".to_owned();
        let order = SpeechOrder { model: model.into(), voice: voice.into(), input: words, response_format };
        let body = wire::to_json(&order).into();
        let headers = [("idempotency-key", key)];
        let response = self.send(Method::POST, "/v1/audio/speech", Some(&body), &headers).await?;
        let response: web_sys::Response = <Response as Into<web_sys::Response>>::into(response);
        let promise = response.blob().map_err(|_| Failure::network())?;
        Ok(JsFuture::from(promise).await.map_err(|_| Failure::network())?.unchecked_into())
    }

    /// Has a recording written down.
    pub(crate) async fn write_down(
        &self,
        model: &str,
        recording: &Blob,
        key: &str,
    ) -> Result<Told<Transcription>, Failure> {
        let form = form(model, recording).map_err(|_| Failure::network())?;
        let headers = [("idempotency-key", key)];
        read(self.send(Method::POST, "/v1/audio/transcriptions", Some(&form), &headers).await?).await
    }
}

fn form(model: &str, recording: &Blob) -> Result<JsValue, JsValue> {
    let form = FormData::new()?;
    form.text("model", model)?;
    form.text("response_format", "json")?;
    form.file("file", recording, "speech.wav")?;
    Ok(form.into())
}

/// Whether the browser can play sound from memory.
pub(crate) fn can_play() -> bool {
    property(&js_sys::global(), "AudioContext").is_function()
}

/// What is heard, and what calls at its end.
type Playing = (Source, Closure<dyn FnMut()>);

/// Plays one sound at a time.
pub(crate) struct Player {
    context: AudioContext,
    closed: Cell<bool>,
    playing: RefCell<Option<Playing>>,
}

impl Player {
    /// To be called while the user presses something: some browsers allow no sound later.
    pub(crate) fn open() -> Option<Player> {
        let context = AudioContext::new().ok()?;
        settle(context.resume());
        Some(Player { context, closed: Cell::new(false), playing: RefCell::default() })
    }

    /// Plays a sound and calls at its end. None where it cannot be played, or nobody wants to hear it any more.
    pub(crate) async fn play(&self, sound: &Blob, ended: impl FnMut() + 'static) -> Option<()> {
        let sound = decoded(&self.context, sound).await?;
        if self.closed.get() {
            return None;
        }
        let source = self.context.source().ok()?;
        source.set_buffer(&sound);
        source.connect(&self.context.destination()).ok()?;
        let ended = Closure::<dyn FnMut()>::new(ended);
        source.set_onended(ended.as_ref());
        source.start().ok()?;
        // The one before it is over, and what called at its end may be what is running now.
        let before = self.playing.replace(Some((source, ended)));
        spawn_local(async move { drop(before) });
        Some(())
    }

    /// Ends what is played, for good.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        if let Some((source, ended)) = self.playing.take() {
            source.set_onended(&JsValue::NULL);
            // As above.
            spawn_local(async move { drop(ended) });
        }
        settle(self.context.close());
    }
}

/// A recording as everybody can read it: a WAV file, of which the length is certain, and so the price.
pub(crate) async fn as_wav(recording: &Blob) -> Option<(Take, Blob)> {
    if recording.size() == 0.0 {
        return Some((Take { length: 0, loudest: 0.0 }, recording.clone()));
    }
    let context = OfflineAudioContext::new(1, 1, RATE).ok()?;
    let sound: AudioBuffer = decoded(&context, recording).await?.unchecked_into();
    let samples = sound.channel(0).ok()?;
    let count = samples.length();
    let parts = Array::of1(&Uint8Array::from(crate::recording::wav_head(RATE, count).as_slice()));
    let mut loudest = 0.0_f32;
    // A second at a time, as the module's memory never shrinks.
    for begin in (0..count).step_by(RATE as usize) {
        let second = samples.subarray(begin, count.min(begin + RATE)).to_vec();
        let mut bytes = Vec::with_capacity(second.len() * 2);
        for sample in second {
            loudest = loudest.max(sample.abs());
            bytes.extend_from_slice(&((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16).to_le_bytes());
        }
        parts.push(&Uint8Array::from(bytes.as_slice()));
    }
    let file = Blob::new_with_u8_array_sequence(&parts).ok()?;
    let length = (u64::from(count) * 1_000 / u64::from(RATE)) as u32;
    Some((Take { length, loudest }, file))
}

async fn decoded(context: &AudioContext, sound: &Blob) -> Option<JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(sound.array_buffer()).await.ok()?.unchecked_into();
    JsFuture::from(context.decode(&bytes).ok()?).await.ok()
}

/// What becomes of it matters to nobody, but a page would complain of a refusal that nobody hears.
fn settle(promise: Result<Promise, JsValue>) {
    if let Ok(promise) = promise {
        spawn_local(async move {
            let _ = JsFuture::from(promise).await;
        });
    }
}
