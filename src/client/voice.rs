//! The browser's voice and its ear, by the Web Speech API.

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, SpeechRecognition, SpeechRecognitionEvent, SpeechSynthesis, SpeechSynthesisUtterance};

use super::property;
use crate::dictation::Heard;

/// How an utterance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It was said.
    Said,
    /// It could not be said.
    Failed,
    /// Somebody else has made the browser silent.
    Silenced,
}

/// A sentence that the browser says. Nothing is heard of its end any more once it is dropped.
pub(crate) struct Utterance {
    pub(crate) utterance: SpeechSynthesisUtterance,
    _call: Closure<dyn FnMut(Event)>,
}

/// Whether the browser can read aloud.
pub(crate) fn can_speak() -> bool {
    synthesis().is_some()
}

/// Whether it has a voice to do so with. Browsers that load their voices have none at first.
pub(crate) fn has_voices() -> bool {
    let Some(synthesis) = synthesis() else { return false };
    let Ok(list) = property(&synthesis, "getVoices").dyn_into::<Function>() else { return true };
    list.call0(&synthesis).is_ok_and(|voices| Array::from(&voices).length() > 0)
}

/// Ends all that the browser says or is about to.
pub(crate) fn hush() {
    if let Some(synthesis) = synthesis() {
        synthesis.cancel();
    }
}

impl Utterance {
    /// A sentence in a language. None where the browser has no voice at all.
    pub(crate) fn new(words: &str, language: &str, ended: impl Fn(Ending) + 'static) -> Option<Utterance> {
        synthesis()?;
        let utterance = SpeechSynthesisUtterance::new_with_text(words).ok()?;
        utterance.set_lang(spoken(language));
        let call = Closure::new(move |event: Event| {
            let error = property(&event, "error").as_string();
            ended(match error.as_deref() {
                None => Ending::Said,
                Some("canceled" | "interrupted") => Ending::Silenced,
                Some(_) => Ending::Failed,
            });
        });
        let listener: Option<&Function> = Some(call.as_ref().unchecked_ref());
        utterance.set_onend(listener);
        utterance.set_onerror(listener);
        // Browsers forget an utterance that nobody has any more, and its end with it.
        Some(Utterance { utterance, _call: call })
    }
}

/// Has the browser say it.
pub(crate) fn say(utterance: &SpeechSynthesisUtterance) {
    if let Some(synthesis) = synthesis() {
        synthesis.speak(utterance);
    }
}

impl Drop for Utterance {
    fn drop(&mut self) {
        self.utterance.set_onend(None);
        self.utterance.set_onerror(None);
    }
}

/// What the browser hears.
pub(crate) enum Sound {
    /// All it has heard so far.
    Words(Vec<Heard>),
    /// It listens no more, with the name of an error where it was one.
    Ended(Option<String>),
}

/// The browser listens for as long as this lives.
pub(crate) struct Ear {
    recognition: SpeechRecognition,
    call: Closure<dyn FnMut(Event)>,
}

/// Whether the browser can write down what it hears.
pub(crate) fn can_listen() -> bool {
    recognizer().is_some()
}

impl Ear {
    /// Begins to listen to a language. None where the browser does not.
    pub(crate) fn open(language: &str, heard: impl Fn(Sound) + 'static) -> Option<Ear> {
        let recognition = Reflect::construct(&recognizer()?, &Array::new()).ok()?;
        // By its name it cannot be checked: it has a prefix in most browsers.
        let recognition: SpeechRecognition = recognition.unchecked_into();
        recognition.set_lang(spoken(language));
        recognition.set_interim_results(true);
        // Browsers that cannot stop after each sentence, which is less but works.
        let _ = recognition.set_continuous(true);
        let call = Closure::new(move |event: Event| {
            heard(match event.type_().as_str() {
                "result" => Sound::Words(results(&event.unchecked_into())),
                "error" => Sound::Ended(property(&event, "error").as_string()),
                _ => Sound::Ended(None),
            });
        });
        let ear = Ear { recognition, call };
        ear.listen(true);
        ear.recognition.start().ok()?;
        Some(ear)
    }

    /// Listens no more, but still tells what it has heard.
    pub(crate) fn finish(&self) {
        self.recognition.stop();
    }

    fn listen(&self, on: bool) {
        let listener: Option<&Function> = on.then(|| self.call.as_ref().unchecked_ref());
        self.recognition.set_onresult(listener);
        self.recognition.set_onerror(listener);
        self.recognition.set_onend(listener);
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.listen(false);
        self.recognition.abort();
    }
}

fn results(event: &SpeechRecognitionEvent) -> Vec<Heard> {
    let Some(results) = event.results() else { return Vec::new() };
    (0..results.length())
        .filter_map(|place| {
            let result = results.get(place)?;
            let words = result.get(0)?.transcript();
            Some(Heard { words, sure: result.is_final() })
        })
        .collect()
}

/// The name of a language where people speak it: voices are for countries, not for scripts.
fn spoken(language: &str) -> &str {
    if language.starts_with("zh-Hans") { "zh-CN" } else { language }
}

fn synthesis() -> Option<SpeechSynthesis> {
    let window = web_sys::window()?;
    let (voice, words) =
        (property(&window, "speechSynthesis"), property(&window, "SpeechSynthesisUtterance"));
    (!voice.is_undefined() && words.is_function()).then(|| voice.unchecked_into())
}

fn recognizer() -> Option<Function> {
    let window: JsValue = web_sys::window()?.into();
    let names = ["SpeechRecognition", "webkitSpeechRecognition"];
    names.into_iter().find_map(|name| property(&window, name).dyn_into().ok())
}
