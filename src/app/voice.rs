//! Reading answers aloud and writing down what the user says. The two never go on at once: the one would hear the other.

use std::cell::RefCell;
use std::rc::Rc;

use super::{App, Core};
use crate::aloud::{self, Aloud};
use crate::client::voice::{Ear, Ending, Sound, Utterance, can_listen, can_speak, hush, say};
use crate::dictation::{self, Dictation, Problem};
use crate::locale::Text;
use crate::reactive::RwSignal;
use crate::session::{self, MessageId};
use crate::speech::{Speech, Spoken};

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
    pub(crate) note: RwSignal<Option<Text>>,
}

/// What goes on.
#[derive(Default)]
pub(super) struct Speaker {
    aloud: RefCell<Aloud>,
    utterance: RefCell<Option<Utterance>>,
    dictation: RefCell<Dictation>,
    ear: RefCell<Option<Ear>>,
}

impl App {
    /// Whether there is anything to read aloud with.
    pub(crate) fn can_read_aloud(self) -> bool {
        can_speak()
    }

    /// The user wants to hear an answer, or no more of it.
    pub(crate) fn read_aloud(self, message: MessageId) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.dictate(dictation::Input::Stop);
        core.read(aloud::Input::Press(message, core.sentences(message)));
    }

    /// The user wants to speak instead of typing, or no more.
    pub(crate) fn dictate(self) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.read(aloud::Input::Stop);
        core.dictate(dictation::Input::Press(self.signals.draft.get_untracked()));
    }

    /// Ends what is read or dictated. False where neither is.
    pub(crate) fn hush(self) -> bool {
        let Some(core) = self.core() else { return false };
        let voice = self.signals.voice;
        let on = voice.reading.get_untracked().is_some() || voice.listening.get_untracked();
        core.read(aloud::Input::Stop);
        core.dictate(dictation::Input::Stop);
        on
    }

    /// Whether there is anything to dictate with, and the page wants it.
    pub(crate) fn can_dictate(self) -> bool {
        self.signals.voice.offered.get() && can_listen()
    }
}

impl Core {
    /// The page goes away or shows something else.
    pub(super) fn fall_silent(self: &Rc<Self>) {
        self.read(aloud::Input::Stop);
        self.dictate(dictation::Input::Replaced);
    }

    /// Ends the reading of an answer that is not seen any more.
    pub(super) fn read_only(self: &Rc<Self>, seen: &[MessageId]) {
        if self.voice.aloud.borrow().reading().is_some_and(|message| !seen.contains(&message)) {
            self.read(aloud::Input::Stop);
        }
    }

    /// The user typed while dictating, or the draft is another one.
    pub(super) fn dictate(self: &Rc<Self>, input: dictation::Input) {
        let effects = self.voice.dictation.borrow_mut().handle(input);
        for effect in effects {
            self.run_dictation(effect);
        }
    }

    pub(super) fn read(self: &Rc<Self>, input: aloud::Input) {
        let effects = self.voice.aloud.borrow_mut().handle(input);
        for effect in effects {
            self.run_aloud(effect);
        }
    }

    /// What of an answer is said.
    fn sentences(&self, message: MessageId) -> Vec<String> {
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
                let utterance = Utterance::new(&words, self.words().tag(), said);
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
            aloud::Effect::Tell => self.signals.voice.note.set(Some(Text::NoVoice)),
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
            dictation::Effect::Tell(problem) => voice.note.set(Some(sentence(problem))),
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
