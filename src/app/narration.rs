//! Answers that the gateway reads aloud, where the browser has no voice and the catalogue has a model for it.

use std::cell::RefCell;
use std::rc::Rc;

use triptych_protocol::{Credits, ErrorCode, Estimate, Modality, Model};
use web_sys::Blob;

use super::{App, Core};
use crate::client::clock::{self, Timer};
use crate::client::sound::{Player, can_play};
use crate::client::unique_key;
use crate::client::voice::{can_speak, has_voices};
use crate::credits::Wallet;
use crate::form::Form;
use crate::locale::Text;
use crate::narration::{Effect, Input, Narration, SoundId, estimate, parts};
use crate::session::MessageId;

/// How long a browser may take to load its voices, in milliseconds.
const VOICES_LOAD: i32 = 1_500;
/// After how long a sound that the gateway is still making is asked for again, in milliseconds.
const UNDERWAY: i32 = 1_000;
/// What OpenAI's models have and others take for theirs, where the catalogue names no voice.
const USUAL_VOICE: &str = "alloy";

/// What goes on.
#[derive(Default)]
pub(super) struct Narrator {
    narration: RefCell<Narration>,
    /// What was paid, for as long as the page stands. The browser keeps it compressed, and not in our memory.
    sounds: RefCell<Vec<(SoundId, Blob)>>,
    player: RefCell<Option<Rc<Player>>>,
    wait: RefCell<Option<Timer>>,
}

impl App {
    /// Whether answers are read by the gateway, which costs credits.
    pub(crate) fn narrates(self) -> bool {
        let voice = self.signals.voice;
        voice.voiceless.track();
        voice.reader.track();
        self.core().is_some_and(|core| core.narrates())
    }

    /// What hearing an answer costs. None where it costs nothing, or nobody knows.
    pub(crate) fn price_aloud(self, message: MessageId) -> Option<Estimate> {
        if !self.narrates() || self.signals.wallet.with_untracked(Wallet::is_free) {
            return None;
        }
        let core = self.core()?;
        self.signals.voice.reader.with(|reader| {
            let model = reader.model()?;
            let narration = core.voice.narrator.narration.borrow();
            let all = of_model(model, &core.sentences(message));
            let price = estimate(model, all.iter().filter(|part| !narration.has(part)))?;
            (price.amount > Credits::ZERO).then_some(price)
        })
    }
}

impl Core {
    /// Looks for what the gateway and the browser have to speak and to hear with.
    pub(super) fn find_voices(self: &Rc<Self>, models: &[Model]) {
        let voice = self.signals.voice;
        voice.writer.set(Form::new(models, Modality::Transcription, None));
        let reader = Form::new(models, Modality::Speech, None);
        let offered = reader.model().is_some();
        voice.reader.set(reader);
        if !offered || has_voices() {
            return;
        }
        if !can_speak() {
            return voice.voiceless.set(true);
        }
        // Nobody pays for what the browser is about to have.
        let core = Rc::downgrade(self);
        let look = move || {
            let Some(core) = core.upgrade().filter(|core| core.alive.get()) else { return };
            core.signals.voice.voiceless.set(!has_voices());
        };
        self.voice.narrator.wait.replace(Timer::new(VOICES_LOAD, look));
    }

    pub(super) fn narrates(&self) -> bool {
        let voice = self.signals.voice;
        let offered = voice.reader.with_untracked(|reader| reader.model().is_some());
        offered && voice.voiceless.get_untracked() && can_play()
    }

    /// Whether the browser has got a voice since.
    pub(super) fn has_found_voice(&self) -> bool {
        let found = has_voices();
        if found {
            self.signals.voice.voiceless.set(false);
        }
        found
    }

    pub(super) fn press_narration(self: &Rc<Self>, message: MessageId, sentences: &[String]) {
        let reader = self.signals.voice.reader;
        let parts = reader
            .with_untracked(|reader| reader.model().map(|model| of_model(model, sentences)))
            .unwrap_or_default();
        let voice = reader.with_untracked(|reader| {
            let model = reader.model().map(|model| model.id.as_str()).unwrap_or_default();
            [model, "/", voice_of(reader)].concat()
        });
        self.narrate(Input::Press { message, parts, voice, key: unique_key() });
    }

    pub(super) fn stop_narration(self: &Rc<Self>) {
        self.narrate(Input::Stop);
    }

    fn narrate(self: &Rc<Self>, input: Input) {
        let effects = self.voice.narrator.narration.borrow_mut().handle(input);
        for effect in effects {
            self.run_narration(effect);
        }
    }

    fn run_narration(self: &Rc<Self>, effect: Effect) {
        let narrator = &self.voice.narrator;
        match effect {
            Effect::Ask { sound, words, key } => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.ask_sound(sound, words, &key).await });
            }
            Effect::Play(id) => {
                let sounds = narrator.sounds.borrow();
                let sound = sounds.iter().find(|(known, _)| *known == id).map(|(_, sound)| sound.clone());
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.play(sound).await });
            }
            Effect::Hush => {
                if let Some(player) = narrator.player.take() {
                    player.close();
                }
            }
            Effect::Show(message) => {
                if message.is_some() {
                    // The user has pressed the button just now.
                    narrator.player.replace(Player::open().map(Rc::new));
                }
                self.signals.voice.reading.set(message);
            }
            Effect::Tell(failure) => {
                self.tell_voice(&self.words().failure(&failure));
                self.report(&failure);
            }
            Effect::TellUnplayable => self.tell_voice(self.text(Text::SoundUnplayable)),
        }
    }

    async fn ask_sound(self: &Rc<Self>, id: SoundId, words: String, key: &str) {
        let reader = self.signals.voice.reader.get_untracked();
        let model = reader.model().map(|model| model.id.as_str()).unwrap_or_default();
        let answer = loop {
            let answer = self.client.speak(model, voice_of(&reader), words.clone(), key).await;
            if !self.alive.get() {
                return;
            }
            match answer {
                // The page was loaded anew, or the connection lost, while it was spoken.
                Err(failure) if failure.code == Some(ErrorCode::InFlight) => clock::sleep(UNDERWAY).await,
                answer => break answer,
            }
        };
        match answer {
            Ok(sound) => {
                self.voice.narrator.sounds.borrow_mut().push((id, sound));
                self.ask_balance();
                self.narrate(Input::Came(id));
            }
            Err(failure) => {
                self.correct_balance(&failure);
                self.narrate(Input::Failed(id, failure));
            }
        }
    }

    async fn play(self: &Rc<Self>, sound: Option<Blob>) {
        let player = self.voice.narrator.player.borrow().clone();
        let core = Rc::downgrade(self);
        let over = move || {
            if let Some(core) = core.upgrade() {
                core.narrate(Input::Over);
            }
        };
        let played = match (&player, &sound) {
            (Some(player), Some(sound)) => player.play(sound, over).await,
            _ => None,
        };
        let current = self.voice.narrator.player.borrow().clone();
        let same = match (&player, &current) {
            (Some(player), Some(current)) => Rc::ptr_eq(player, current),
            (None, None) => true,
            _ => false,
        };
        // Who was stopped meanwhile has not failed.
        if played.is_none() && same {
            self.narrate(Input::Unplayable);
        }
    }
}

fn voice_of(reader: &Form) -> &str {
    reader.value("voice").unwrap_or(USUAL_VOICE)
}

fn of_model(model: &Model, sentences: &[String]) -> Vec<String> {
    parts(sentences, model.triptych.limits.max_prompt_chars)
}
