//! Reading answers aloud and writing down what the user says. The two never go on at once: the one would hear the other.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::narration::Narrator;
use super::recording::Recorder;
use super::{App, Core, talk};
use crate::aloud::Aloud;
use crate::client::voice::{Ear, Utterance, can_listen, can_speak};
use crate::dictation::{self, Dictation};
use crate::form::Form;
use crate::locale::Text;
use crate::part::{Part, entries};
use crate::reactive::RwSignal;
use crate::session::MessageId;
use crate::speech::Spoken;

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
    pub(super) aloud: RefCell<Aloud>,
    pub(super) utterance: RefCell<Option<Utterance>>,
    /// The language of what is read.
    pub(super) tongue: Cell<&'static str>,
    pub(super) dictation: RefCell<Dictation>,
    pub(super) ear: RefCell<Option<Ear>>,
    pub(super) narrator: Narrator,
    pub(super) recorder: Recorder,
}

/// What is called of it from outside of its part.
pub(super) struct Calls {
    pub(super) read_aloud: fn(&Rc<Core>, MessageId),
    pub(super) dictate: fn(&Rc<Core>),
    pub(super) end_reading: fn(&Rc<Core>),
    pub(super) dictation: fn(&Rc<Core>, dictation::Input),
    pub(super) forget_recording: fn(&Rc<Core>),
}

entries! { more: fn calls() -> Calls = talk::CALLS }

impl App {
    /// Whether there is anything to read aloud with.
    pub(crate) fn can_read_aloud(self) -> bool {
        self.narrates() || can_speak()
    }

    /// The user wants to hear an answer, or no more of it.
    pub(crate) fn read_aloud(self, message: MessageId) {
        self.speak(move |calls, core| (calls.read_aloud)(core, message));
    }

    /// The user wants to speak instead of typing, or no more.
    pub(crate) fn dictate(self) {
        self.speak(|calls, core| (calls.dictate)(core));
    }

    fn speak(self, call: impl FnOnce(&Calls, &Rc<Core>) + 'static) {
        let Some(core) = self.core() else { return };
        self.signals.voice.note.set(None);
        core.press_within(Part::More, move |core| core.voiced(|calls| call(calls, core)));
    }

    /// Ends what is read or dictated. False where neither is.
    pub(crate) fn hush(self) -> bool {
        let Some(core) = self.core() else { return false };
        let voice = self.signals.voice;
        let on = voice.reading.get_untracked().is_some() || voice.listening.get_untracked();
        core.stop_reading();
        core.stop_dictation();
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
        self.voiced(|calls| (calls.end_reading)(self));
    }

    /// Nothing more is written down.
    pub(super) fn stop_dictation(self: &Rc<Self>) {
        self.dictate(dictation::Input::Stop);
        self.voiced(|calls| (calls.forget_recording)(self));
    }

    /// Ends the reading of an answer that is not seen any more.
    pub(super) fn read_only(self: &Rc<Self>, seen: &[MessageId]) {
        if self.signals.voice.reading.get_untracked().is_some_and(|message| !seen.contains(&message)) {
            self.stop_reading();
        }
    }

    /// The user typed while dictating, or the draft is another one.
    pub(super) fn dictate(self: &Rc<Self>, input: dictation::Input) {
        self.voiced(|calls| (calls.dictation)(self, input));
    }

    /// Nothing is read or written down before the part is there that does it.
    fn voiced(&self, call: impl FnOnce(&Calls)) {
        if self.has(Part::More)
            && let Some(calls) = calls()
        {
            call(calls);
        }
    }

    /// What is said of a piece of an answer.
    pub(super) fn in_words(&self, spoken: Spoken) -> String {
        match spoken {
            Spoken::Sentence(words) => words,
            Spoken::Code(lines) => self.words().plural(Text::SaidCode, &lines.to_string()),
            Spoken::Table(rows) => self.words().plural(Text::SaidTable, &rows.to_string()),
        }
    }
}
