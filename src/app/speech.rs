//! What a screen reader is told, one thing after another, and how much of an answer that is.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Weak;

use super::{App, Core};
use crate::client::clock::Timer;
use crate::client::storage::{lasting, set_lasting};
use crate::config::Announce;
use crate::locale::Text;
use crate::session::MessageId;
use crate::speech::Speech;

/// Two announcements that follow faster than this, in milliseconds, are taken for one, and the first is lost.
const APART: i32 = 450;
/// What the user chose, for all copilots of the site.
const CHOICE: &str = "triptych:announce";

/// What is to be said, and what of an answer was said.
#[derive(Default)]
pub(crate) struct Announcer {
    core: RefCell<Weak<Core>>,
    waiting: RefCell<VecDeque<String>>,
    pause: RefCell<Option<Timer>>,
    answer: RefCell<Option<(MessageId, usize, Speech)>>,
    /// Whether two equal sentences in a row are told apart by a blank.
    odd: Cell<bool>,
}

impl Announcer {
    pub(super) fn begin(&self, core: Weak<Core>) {
        self.core.replace(core);
    }
}

impl App {
    /// What the screen reader says of answers.
    pub(crate) fn announces(self) -> Announce {
        self.signals.announces.get_untracked()
    }

    /// The user chooses what the screen reader says of answers.
    pub(crate) fn choose_announcements(self, choice: Announce) {
        set_lasting(CHOICE, choice.id());
        self.signals.announces.set(choice);
    }
}

/// What the user has chosen on this or an earlier visit.
pub(super) fn chosen() -> Option<Announce> {
    Announce::from_id(&lasting(CHOICE)?)
}

impl Core {
    pub(super) fn announces(&self) -> Announce {
        self.signals.announces.get_untracked()
    }

    /// Has the screen reader say a sentence, after those that wait.
    pub(super) fn announce(&self, sentence: impl Into<String>) {
        self.speech.waiting.borrow_mut().push_back(sentence.into());
        if self.speech.pause.borrow().is_none() {
            self.say_waiting();
        }
    }

    fn say_waiting(&self) {
        let Some(mut sentence) = self.speech.waiting.borrow_mut().pop_front() else { return };
        // The same words again would be no change of the page.
        let odd = !self.speech.odd.get();
        self.speech.odd.set(odd);
        if odd {
            sentence.push('\u{a0}');
        }
        self.signals.announcement.set(sentence);
        let core = self.speech.core.borrow().clone();
        let pause = Timer::new(APART, move || {
            let Some(core) = core.upgrade().filter(|core| core.alive.get()) else { return };
            let over = core.speech.pause.take();
            core.say_waiting();
            // Dropped last: it owns the closure that is running.
            drop(over);
        });
        self.speech.pause.replace(pause);
    }

    /// A call was sent.
    pub(super) fn begin_speech(&self) {
        self.speech.answer.take();
        if self.announces() != Announce::Off {
            self.announce(self.text(Text::SaidSent));
        }
    }

    /// Says what of an answer can be said now; at its end all that is left.
    pub(super) fn speak(&self, id: MessageId, ended: bool) {
        if self.announces() != Announce::Sentences || !(ended || self.chat.borrow().is_busy()) {
            return;
        }
        let mut answer = self.speech.answer.take().filter(|answer| answer.0 == id);
        let (_, said, speech) = answer.get_or_insert_with(|| (id, 0, Speech::default()));
        let mut spoken = self.chat.borrow().message(id).map_or_else(Vec::new, |message| {
            let fresh = message.text.get(*said..).unwrap_or_default();
            *said = message.text.len();
            speech.push(fresh)
        });
        if ended {
            spoken.extend(speech.finish());
        } else {
            self.speech.answer.replace(answer);
        }
        for one in spoken {
            self.announce(self.in_words(one));
        }
    }
}
