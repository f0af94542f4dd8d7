//! Reading answers aloud and writing down what the user says. The two never go on at once: the one would hear the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::narration::Narrator;
use super::recording::Recorder;
use super::{App, Core};
use crate::aloud::{self, Aloud};
use crate::client::voice::{Ear, Ending, Sound, Utterance, can_listen, can_speak, hush, say};
use crate::dictation::{self, Dictation, Problem};
use crate::form::Form;
use crate::locale::Text;
use crate::reactive::RwSignal;
use crate::session::{self, MessageId};
use crate::speech::{Speech, Spoken};
use crate::tongue::tongue;

/// What the views of it read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Voice {
    /// The answer that is read aloud.
    pub(crate) reading: RwSignal<Option<MessageId>>,
    /// The page wants the user to be able to dictate.
    pub(crate) offered: RwSignal<bool>,
    /// The user dictates.
    pub(crate) listening: RwSignal<bool>,
    /// Why one of both does not work.
    pub(crate) note: RwSignal<Option<String>>,
    /// What becomes of what was recorded.
    pub(crate) progress: RwSignal<Option<Text>>,
    /// A recording was not written down and can be once more.
    pub(crate) kept: RwSignal<bool>,
    /// What was written down and is to be put where the cursor is.
    pub(crate) dictated: RwSignal<Option<String>>,
    /// The gateway's models that read aloud, and those that write down.
    pub(crate) reader: RwSignal<Form>,
    pub(crate) writer: RwSignal<Form>,
    /// The browser has no voice of its own.
    pub(crate) voiceless: RwSignal<bool>,
}

/// What goes on.
#[derive(Default)]
pub(super) struct Speaker {
    aloud: RefCell<Aloud>,
    utterance: RefCell<Option<Utterance>>,
    /// The language of what is read.
    tongue: Cell<&'static str>,
    dictation: RefCell<Dictation>,
    ear: RefCell<Option<Ear>>,
    pub(super) narrator: Narrator,
    pub(super) recorder: Recorder,
}

impl App {
    /// Whether there is anything to read aloud with.
    pub(crate) fn can_read_aloud(self) -> bool {
        self.narrates() || can_speak()
    }

    /// The user wants to hear an answer, or no more of it.
    pub(crate) fn read_aloud(self, message: MessageId) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.dictate(dictation::Input::Stop);
        core.drop_recording();
        let sentences = core.sentences(message);
        if core.narrates() && !core.has_found_voice() {
            core.read(aloud::Input::Stop);
            return core.press_narration(message, &sentences);
        }
        core.stop_narration();
        core.voice.tongue.set(tongue(&sentences.join(" "), self.words().tag()));
        core.read(aloud::Input::Press(message, sentences));
    }

    /// The user wants to speak instead of typing, or no more.
    pub(crate) fn dictate(self) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.stop_reading();
        if can_listen() {
            core.dictate(dictation::Input::Press(self.signals.draft.get_untracked()));
        } else {
            core.press_recording();
        }
    }

    /// Ends what is read or dictated. False where neither is.
    pub(crate) fn hush(self) -> bool {
        let Some(core) = self.core() else { return false };
        let voice = self.signals.voice;
        let on = voice.reading.get_untracked().is_some() || voice.listening.get_untracked();
        core.stop_reading();
        core.dictate(dictation::Input::Stop);
        core.drop_recording();
        on
    }

    /// Whether there is anything to dictate with, and the page wants it.
    pub(crate) fn can_dictate(self) -> bool {
        self.signals.voice.offered.get() && (can_listen() || self.records())
    }
}

impl Core {
    /// The page goes away or shows something else.
    pub(super) fn fall_silent(self: &Rc<Self>) {
        self.stop_reading();
        self.dictate(dictation::Input::Replaced);
    }

    /// Nothing more is read, by whatever voice.
    pub(super) fn stop_reading(self: &Rc<Self>) {
        self.read(aloud::Input::Stop);
        self.stop_narration();
    }

    /// Ends the reading of an answer that is not seen any more.
    pub(super) fn read_only(self: &Rc<Self>, seen: &[MessageId]) {
        if self.signals.voice.reading.get_untracked().is_some_and(|message| !seen.contains(&message)) {
            self.stop_reading();
        }
    }

    /// The user typed while dictating, or the draft is another one.
    pub(super) fn dictate(self: &Rc<Self>, input: dictation::Input) {
        if input == dictation::Input::Replaced {
            self.drop_recording();
        }
        let effects = self.voice.dictation.borrow_mut().handle(input);
        for effect in effects {
            self.run_dictation(effect);
        }
    }

    fn read(self: &Rc<Self>, input: aloud::Input) {
        let effects = self.voice.aloud.borrow_mut().handle(input);
        for effect in effects {
            self.run_aloud(effect);
        }
    }

    /// What of an answer is said.
    pub(super) fn sentences(&self, message: MessageId) -> Vec<String> {
        let mut speech = Speech::default();
        let mut spoken =
            self.chat.borrow().message(message).map(|one| speech.push(one.said())).unwrap_or_default();
        spoken.extend(speech.finish());
        spoken.into_iter().map(|one| self.in_words(one)).collect()
    }

    /// What is said of a piece of an answer.
    pub(super) fn in_words(&self, spoken: Spoken) -> String {
        match spoken {
            Spoken::Sentence(words) => words,
            Spoken::Code(lines) => self.words().plural(Text::SaidCode, &lines.to_string()),
            Spoken::Table(rows) => self.words().plural(Text::SaidTable, &rows.to_string()),
        }
    }

    /// Tells the user why nothing is read or heard.
    pub(super) fn tell_voice(&self, why: &str) {
        self.signals.voice.note.set(Some(why.to_owned()));
    }

    pub(super) fn tell_problem(&self, problem: Problem) {
        self.tell_voice(self.text(sentence(problem)));
    }

    fn run_aloud(self: &Rc<Self>, effect: aloud::Effect) {
        match effect {
            aloud::Effect::Say(words) => {
                let core = Rc::downgrade(self);
                let said = move |ending| {
                    let Some(core) = core.upgrade() else { return };
                    // Kept until the end: it owns the closure that is running.
                    let over = core.voice.utterance.take();
                    core.read(match ending {
                        Ending::Said => aloud::Input::Said,
                        Ending::Failed => aloud::Input::Failed,
                        Ending::Silenced => aloud::Input::Silenced,
                    });
                    drop(over);
                };
                let utterance = Utterance::new(&words, self.voice.tongue.get(), said);
                let sound = utterance.as_ref().map(|utterance| utterance.utterance.clone());
                self.voice.utterance.replace(utterance);
                match sound {
                    Some(sound) => say(&sound),
                    None => self.read(aloud::Input::Failed),
                }
            }
            aloud::Effect::Hush => {
                self.voice.utterance.take();
                hush();
            }
            aloud::Effect::Show(message) => self.signals.voice.reading.set(message),
            aloud::Effect::Tell => self.tell_voice(self.text(Text::NoVoice)),
        }
    }

    fn run_dictation(self: &Rc<Self>, effect: dictation::Effect) {
        let voice = self.signals.voice;
        match effect {
            dictation::Effect::Listen => {
                let core = Rc::downgrade(self);
                let heard = move |sound| {
                    let Some(core) = core.upgrade() else { return };
                    match sound {
                        Sound::Words(heard) => core.dictate(dictation::Input::Heard(heard)),
                        Sound::Ended(error) => {
                            // Kept until the end: it owns the closure that is running.
                            let over = core.voice.ear.take();
                            core.dictate(dictation::Input::Ended(error));
                            drop(over);
                        }
                    }
                };
                let ear = Ear::open(self.words().tag(), heard);
                let failed = ear.is_none();
                self.voice.ear.replace(ear);
                if failed {
                    self.dictate(dictation::Input::Ended(Some("unable".to_owned())));
                }
            }
            dictation::Effect::Finish => {
                let ear = self.voice.ear.take();
                if let Some(ear) = &ear {
                    ear.finish();
                }
                self.voice.ear.replace(ear);
            }
            dictation::Effect::Forget => drop(self.voice.ear.take()),
            dictation::Effect::Write(draft) => {
                self.signals.draft.set(draft.clone());
                self.chat(session::Input::Draft(draft));
            }
            dictation::Effect::Show(on) => voice.listening.set(on),
            dictation::Effect::Tell(problem) => self.tell_problem(problem),
            dictation::Effect::Over => self.announce(self.text(Text::SaidDictationEnded)),
        }
    }
}

fn sentence(problem: Problem) -> Text {
    match problem {
        Problem::Denied => Text::MicrophoneDenied,
        Problem::NoMicrophone => Text::MicrophoneMissing,
        Problem::Network => Text::DictationOffline,
        Problem::Silence => Text::DictationSilent,
        Problem::Unable => Text::DictationFailed,
    }
}
