//! What the user says, recorded and written down by the gateway, where the browser cannot.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use triptych_protocol::Estimate;
use web_sys::Blob;

use super::{App, Core};
use crate::client::clock::Timer;
use crate::client::recorder::{Microphone, can_record};
use crate::client::sound::{as_wav, can_play};
use crate::client::unique_key;
use crate::client::voice::can_listen;
use crate::credits::Wallet;
use crate::dictation::Problem;
use crate::locale::Text;
use crate::recording::{Effect, Input, LONGEST, Recording, Stage, estimate, longest};

/// What goes on.
#[derive(Default)]
pub(super) struct Recorder {
    recording: RefCell<Recording>,
    microphone: RefCell<Option<Microphone>>,
    end: RefCell<Option<Timer>>,
    sound: RefCell<Option<Blob>>,
    /// Counts recordings, so that what one that was forgotten still brings is nobody's.
    turn: Cell<u32>,
}

impl App {
    /// Whether what is said can be recorded and the gateway has a model that writes it down.
    pub(crate) fn records(self) -> bool {
        self.signals.voice.writer.with(|writer| writer.model().is_some()) && can_record() && can_play()
    }

    /// What dictating costs at most. None where it costs nothing, or nobody knows.
    pub(crate) fn price_of_dictation(self) -> Option<Estimate> {
        if can_listen() || self.signals.wallet.with(Wallet::is_free) {
            return None;
        }
        self.signals.voice.writer.with(|writer| estimate(writer.model()?))
    }

    /// The user wants what was recorded written down once more.
    pub(crate) fn retry_dictation(self) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.record(Input::Retry(unique_key()));
    }

    /// The user does not want what was recorded, or has read why there is none.
    pub(crate) fn discard_dictation(self) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.record(Input::Discard);
        self.want_cursor();
    }
}

impl Core {
    pub(super) fn press_recording(self: &Rc<Self>) {
        self.record(Input::Press);
    }

    /// Ends a recording that goes on. What failed to be written down is kept until it is not wanted.
    pub(super) fn forget_recording(self: &Rc<Self>) {
        if self.voice.recorder.recording.borrow().stage() != Stage::Kept {
            self.record(Input::Discard);
        }
    }

    fn record(self: &Rc<Self>, input: Input) {
        let effects = self.voice.recorder.recording.borrow_mut().handle(input);
        for effect in effects {
            self.run_recording(effect);
        }
    }

    fn run_recording(self: &Rc<Self>, effect: Effect) {
        let recorder = &self.voice.recorder;
        match effect {
            Effect::Record => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.open_microphone().await });
            }
            Effect::Finish => {
                recorder.end.take();
                if let Some(microphone) = &*recorder.microphone.borrow() {
                    microphone.finish();
                }
            }
            Effect::Forget => {
                recorder.turn.set(recorder.turn.get().wrapping_add(1));
                recorder.microphone.take();
                recorder.end.take();
                recorder.sound.take();
            }
            Effect::Ask(key) => {
                let sound = recorder.sound.borrow().clone();
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.write_down(sound, &key).await });
            }
            Effect::Write(words) => {
                self.signals.voice.dictated.set(Some(words));
                self.announce(self.text(Text::SaidDictationEnded));
            }
            Effect::Show(stage) => self.show_recording(stage),
            // The sentence of that one is about the browser's own ear.
            Effect::Tell(problem) if problem != Problem::Unable => self.tell_problem(problem),
            Effect::Tell(_) | Effect::TellBroken => self.tell_voice(self.text(Text::RecordingBroken)),
            Effect::TellFull => self.announce(self.text(Text::RecordingFull)),
            Effect::TellFailed(failure) => {
                self.tell_voice(&self.words().failure(&failure));
                self.report(&failure);
            }
        }
    }

    fn show_recording(&self, stage: Stage) {
        let voice = self.signals.voice;
        voice.listening.set(matches!(stage, Stage::Asking | Stage::On));
        voice.kept.set(stage == Stage::Kept);
        let progress = match stage {
            Stage::On => Some(Text::Recording),
            Stage::Ending | Stage::Writing => Some(Text::WritingDown),
            _ => None,
        };
        if stage == Stage::Writing {
            // Not before: what is said while it records would be recorded.
            self.announce(self.text(Text::WritingDown));
        }
        voice.progress.set(progress);
    }

    async fn open_microphone(self: &Rc<Self>) {
        let turn = self.voice.recorder.turn.get();
        let weak = Rc::downgrade(self);
        let ended = move |sound| {
            let Some(core) = weak.upgrade() else { return };
            // Kept until the end: it owns the closure that is running.
            let over = core.voice.recorder.microphone.take();
            core.take_sound(sound);
            wasm_bindgen_futures::spawn_local(async move { drop(over) });
        };
        let opened = Microphone::open(ended).await;
        // Who was asked too long has changed their mind; the microphone is closed again by being dropped.
        if !self.alive.get() || self.voice.recorder.turn.get() != turn {
            return;
        }
        match opened {
            Ok(microphone) => {
                self.voice.recorder.microphone.replace(Some(microphone));
                let writer = self.signals.voice.writer;
                let most = writer.with_untracked(|writer| writer.model().map_or(LONGEST, longest));
                let core = Rc::downgrade(self);
                let full = move || {
                    let Some(core) = core.upgrade() else { return };
                    // Dropped last: it owns the closure that is running.
                    let over = core.voice.recorder.end.take();
                    core.record(Input::Full);
                    drop(over);
                };
                // A little less, as what is recorded is a little longer.
                let most = most.saturating_mul(1_000).saturating_sub(500);
                self.voice.recorder.end.replace(Timer::new(most as i32, full));
                self.record(Input::Began);
            }
            Err(problem) => self.record(Input::Refused(problem)),
        }
    }

    fn take_sound(self: &Rc<Self>, sound: Option<Blob>) {
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let turn = core.voice.recorder.turn.get();
            let read = match &sound {
                Some(sound) => as_wav(sound).await,
                None => None,
            };
            if !core.alive.get() || core.voice.recorder.turn.get() != turn {
                return;
            }
            match read {
                Some((take, sound)) => {
                    core.voice.recorder.sound.replace(Some(sound));
                    core.record(Input::Taken(take, unique_key()));
                }
                None => core.record(Input::Broken),
            }
        });
    }

    async fn write_down(self: &Rc<Self>, sound: Option<Blob>, key: &str) {
        let writer = self.signals.voice.writer.get_untracked();
        let (Some(model), Some(sound)) = (writer.model(), sound) else { return };
        let answer = self.client.write_down(&model.id, &sound, key).await;
        if !self.alive.get() {
            return;
        }
        match answer {
            Ok(told) => {
                self.settle(told.body.triptych);
                self.record(Input::Written(told.body.text));
            }
            Err(failure) => {
                self.correct_balance(&failure);
                self.record(Input::Failed(failure));
            }
        }
    }
}
