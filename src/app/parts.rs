//! Fetching the parts of the widget, and calls that wait for one.

use std::cell::RefCell;
use std::rc::Rc;

use super::page::sight;
use super::{App, Core};
use crate::locale::Text;
use crate::part::{Part, Place, fetch};

/// Calls that wait for their parts, in the order in which they came.
#[derive(Default)]
pub(super) struct Waiting(RefCell<Vec<Call>>);

struct Call {
    part: Part,
    /// Pressed by somebody who will not wait for another day: where the part cannot be fetched, that is said instead.
    pressed: bool,
    run: Run,
}

type Run = Box<dyn FnOnce(&Rc<Core>)>;

impl App {
    /// Where a part is. Whoever asks follows it.
    pub(crate) fn place(self, part: Part) -> Place {
        self.signals.parts.with(|parts| parts.place(part))
    }

    /// Fetches a part, unless it is there or on its way.
    pub(crate) fn fetch(self, part: Part) {
        if let Some(core) = self.core() {
            core.fetch(part);
        }
    }
}

impl Core {
    /// Calls once the part is there, which may be now. What waits for a part that cannot be fetched waits for the next
    /// try.
    pub(super) fn within(self: &Rc<Self>, part: Part, call: impl FnOnce(&Rc<Core>) + 'static) {
        self.call(Call { part, pressed: false, run: Box::new(call) });
    }

    /// Calls once the part is there. Of several presses meanwhile the last one counts.
    pub(super) fn press_within(self: &Rc<Self>, part: Part, call: impl FnOnce(&Rc<Core>) + 'static) {
        self.waiting.0.borrow_mut().retain(|one| !one.pressed);
        self.call(Call { part, pressed: true, run: Box::new(call) });
    }

    fn call(self: &Rc<Self>, call: Call) {
        let part = call.part;
        if self.has(part) {
            (call.run)(self);
        } else {
            self.waiting.0.borrow_mut().push(call);
            self.fetch(part);
        }
    }

    pub(super) fn has(&self, part: Part) -> bool {
        self.place(part) == Place::Here
    }

    /// Another try for what could not be fetched.
    pub(super) fn fetch_missing(self: &Rc<Self>) {
        for part in [Part::Panels, Part::More] {
            if self.place(part) == Place::Missing {
                self.fetch(part);
            }
        }
    }

    fn place(&self, part: Part) -> Place {
        self.signals.parts.with_untracked(|parts| parts.place(part))
    }

    fn fetch(self: &Rc<Self>, part: Part) {
        if matches!(self.place(part), Place::Here | Place::Coming) {
            return;
        }
        self.put(part, Place::Coming);
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let came = fetch(part).await;
            if !core.alive.get() {
                return;
            }
            core.put(part, if came { Place::Here } else { Place::Missing });
            let (now, later): (Vec<_>, Vec<_>) =
                core.waiting.0.take().into_iter().partition(|call| call.part == part);
            core.waiting.0.replace(later);
            if came {
                if part == Part::Panels {
                    // Nobody told them before.
                    core.wake_jobs(sight().1);
                }
                for call in now {
                    (call.run)(&core);
                }
                return;
            }
            if part == Part::More && !now.is_empty() {
                let lost = core.text(Text::FailedNetwork).to_owned();
                core.signals.voice.note.set(Some(lost));
            }
            core.waiting.0.borrow_mut().extend(now.into_iter().filter(|call| !call.pressed));
        });
    }

    fn put(&self, part: Part, place: Place) {
        self.signals.parts.update(|parts| parts.put(part, place));
    }
}
