//! The browser's microphone, recorded.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Event};

use super::property;
use crate::dictation::Problem;

#[wasm_bindgen]
extern "C" {
    type MediaStream;
    #[wasm_bindgen(method, js_name = "getTracks")]
    fn tracks(this: &MediaStream) -> Array;

    type MediaStreamTrack;
    #[wasm_bindgen(method)]
    fn stop(this: &MediaStreamTrack);

    type MediaRecorder;
    #[wasm_bindgen(constructor, catch)]
    fn new(stream: &MediaStream) -> Result<MediaRecorder, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn start(this: &MediaRecorder) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn stop(this: &MediaRecorder) -> Result<(), JsValue>;
    #[wasm_bindgen(method, setter)]
    fn set_ondataavailable(this: &MediaRecorder, call: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_onstop(this: &MediaRecorder, call: &JsValue);
}

/// The microphone is open for as long as this lives.
pub(crate) struct Microphone {
    recorder: MediaRecorder,
    _open: Open,
    _call: Closure<dyn FnMut(Event)>,
}

/// A stream whose tracks end with it, whatever else happens.
struct Open(MediaStream);

impl Drop for Open {
    fn drop(&mut self) {
        for track in self.0.tracks().iter() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

/// Whether the browser can record what it hears.
pub(crate) fn can_record() -> bool {
    user_media().is_some() && property(&js_sys::global(), "MediaRecorder").is_function()
}

impl Microphone {
    /// Asks the user for the microphone and begins to record. `ended` is given the recording.
    pub(crate) async fn open(ended: impl Fn(Option<Blob>) + 'static) -> Result<Microphone, Problem> {
        let (devices, ask) = user_media().ok_or(Problem::Unable)?;
        let wanted = Object::new();
        let _ = Reflect::set(&wanted, &"audio".into(), &JsValue::TRUE);
        let promise: Promise =
            ask.call1(&devices, &wanted).map_err(|error| problem(&error))?.unchecked_into();
        let stream = JsFuture::from(promise).await.map_err(|error| problem(&error))?;
        let open = Open(stream.unchecked_into());
        let recorder = MediaRecorder::new(&open.0).map_err(|_| Problem::Unable)?;
        let parts = Array::new();
        let call = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            if event.type_() == "stop" {
                ended(Blob::new_with_blob_sequence(&parts).ok());
            } else {
                parts.push(&property(&event, "data"));
            }
        });
        recorder.set_ondataavailable(call.as_ref());
        recorder.set_onstop(call.as_ref());
        recorder.start().map_err(|_| Problem::Unable)?;
        Ok(Microphone { recorder, _open: open, _call: call })
    }

    /// Records no more, and hands over what was recorded.
    pub(crate) fn finish(&self) {
        let _ = self.recorder.stop();
    }
}

impl Drop for Microphone {
    fn drop(&mut self) {
        self.recorder.set_ondataavailable(&JsValue::NULL);
        self.recorder.set_onstop(&JsValue::NULL);
        // It may have ended already.
        let _ = self.recorder.stop();
    }
}

/// The function that asks for the microphone, and what it belongs to. Pages without TLS have none.
fn user_media() -> Option<(JsValue, Function)> {
    let devices = property(&web_sys::window()?.navigator(), "mediaDevices");
    let ask = if devices.is_undefined() { JsValue::UNDEFINED } else { property(&devices, "getUserMedia") };
    Some((devices, ask.dyn_into().ok()?))
}

fn problem(error: &JsValue) -> Problem {
    match property(error, "name").as_string().as_deref() {
        Some("NotAllowedError" | "SecurityError") => Problem::Denied,
        // Another program may have it for itself.
        Some("NotFoundError" | "NotReadableError" | "OverconstrainedError") => Problem::NoMicrophone,
        _ => Problem::Unable,
    }
}
