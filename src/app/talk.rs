//! Reading answers aloud and writing down what the user says, as it goes on. It lies in a part of the widget.

use std::rc::Rc;

use super::Core;
use super::voice::Calls;
use crate::aloud;
use crate::client::voice::{Ear, Ending, Sound, Utterance, can_listen, hush, say};
use crate::dictation::{self, Problem};
use crate::locale::Text;
use crate::session::{self, MessageId};
use crate::speech::Speech;
use crate::tongue::tongue;

pub(super) static CALLS: Calls = Calls {
    read_aloud: Core::press_aloud,
    dictate: Core::press_dictation,
    end_reading: Core::end_reading,
    dictation: Core::dictation,
    forget_recording: Core::forget_recording,
};

impl Core {
    fn press_aloud(self: &Rc<Self>, message: MessageId) {
        self.dictation(dictation::Input::Stop);
        self.forget_recording();
        let sentences = self.sentences(message);
        if self.narrates() && !self.has_found_voice() {
            self.read(aloud::Input::Stop);
            return self.press_narration(message, &sentences);
        }
        self.stop_narration();
        self.voice.tongue.set(tongue(&sentences.join(" "), self.words().tag()));
        self.read(aloud::Input::Press(message, sentences));
    }

    fn press_dictation(self: &Rc<Self>) {
        self.end_reading();
        if can_listen() {
            self.dictation(dictation::Input::Press(self.signals.draft.get_untracked()));
        } else {
            self.press_recording();
        }
    }

    fn end_reading(self: &Rc<Self>) {
        self.read(aloud::Input::Stop);
        self.stop_narration();
    }

    /// The user typed while dictating, or the draft is another one.
    fn dictation(self: &Rc<Self>, input: dictation::Input) {
        if input == dictation::Input::Replaced {
            self.forget_recording();
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
                        Sound::Words(heard) => core.dictation(dictation::Input::Heard(heard)),
                        Sound::Ended(error) => {
                            // Kept until the end: it owns the closure that is running.
                            let over = core.voice.ear.take();
                            core.dictation(dictation::Input::Ended(error));
                            drop(over);
                        }
                    }
                };
                let ear = Ear::open(self.words().tag(), heard);
                let failed = ear.is_none();
                self.voice.ear.replace(ear);
                if failed {
                    self.dictation(dictation::Input::Ended(Some("unable".to_owned())));
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
