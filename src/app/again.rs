//! Asks again for answers that the conversation wants again, and counts down to it.

use std::rc::Rc;

use super::{App, Core};
use crate::client::clock::{self, Timer};
use crate::locale::Text;
use crate::session::{Again, Input, MessageId, When};

/// A failed answer that is asked for again by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) message: MessageId,
    /// Until then; none where the network is waited for.
    pub(crate) seconds: Option<u32>,
}

impl App {
    /// The user does not want the failed answer to be asked for again by itself.
    pub(crate) fn give_up(self) {
        if let Some(core) = self.core() {
            core.chat(Input::GiveUp);
        }
    }
}

impl Core {
    pub(super) fn ask_again(self: &Rc<Self>, again: Option<Again>) {
        self.again.take();
        match again {
            None => self.signals.again.set(None),
            Some(Again { message, when: When::Online }) => {
                self.signals.again.set(Some(Waiting { message, seconds: None }));
                self.announce(self.text(Text::SentWhenOnline));
            }
            Some(Again { message, when: When::After(wait) }) => {
                self.count_down(message, clock::monotonic() + wait as f64);
            }
        }
    }

    fn count_down(self: &Rc<Self>, message: MessageId, due: f64) {
        let rest = due - clock::monotonic();
        if rest <= 0.0 {
            if let Some(ask) = self.ask() {
                self.chat(Input::Retry { message, ask });
            }
            return;
        }
        let seconds = (rest / 1_000.0).ceil();
        self.signals.again.set(Some(Waiting { message, seconds: Some(seconds as u32) }));
        let core = Rc::downgrade(self);
        // Until the number changes.
        let step = rest - (seconds - 1.0) * 1_000.0;
        let timer = Timer::new(step.ceil() as i32, move || {
            // Later: what is done then drops this timer, and with it the closure that is running.
            wasm_bindgen_futures::spawn_local(async move {
                let Some(core) = core.upgrade().filter(|core| core.alive.get()) else { return };
                let waiting = core.signals.again.get_untracked();
                if waiting.is_some_and(|waiting| waiting.message == message) {
                    core.count_down(message, due);
                }
            });
        });
        self.again.replace(timer);
    }
}
