//! Writes the conversation to where it is kept, now and then while words come.

use std::rc::Rc;

use super::Core;
use super::keep::{Place, in_time};
use crate::client::clock::Timer;
use crate::session::Change;
use crate::threads::{self, Row};

/// How soon a change is written, in milliseconds.
const SAVE_AFTER: i32 = 300;
/// How often the words of an answer under way are written, which is all of it each time.
const SAVE_WORDS_AFTER: i32 = 1_000;

impl Core {
    /// Notes what is to be kept. It is written soon, and many changes at once.
    pub(super) fn persist(self: &Rc<Self>, change: Change) {
        if self.keeper.place.get() == Place::None {
            return;
        }
        let mut unkept = self.keeper.unkept.borrow_mut();
        unkept.thread = true;
        let session = self.chat.borrow();
        let only_words =
            matches!(change, Change::Message(_)) && session.live().is_some() && !session.is_calling();
        drop(session);
        match change {
            Change::Thread => {}
            Change::Message(id) if unkept.changed.contains(&id) => {}
            Change::Message(id) => unkept.changed.push(id),
            Change::Removed(id) => unkept.removed.push(id),
        }
        drop(unkept);
        self.save_in(if only_words { SAVE_WORDS_AFTER } else { SAVE_AFTER });
    }

    pub(super) fn save_soon(self: &Rc<Self>) {
        self.save_in(SAVE_AFTER);
    }

    fn save_in(self: &Rc<Self>, wait: i32) {
        let unhurried = wait > SAVE_AFTER;
        let waits = self.keeper.timer.borrow().is_some() && (unhurried || !self.keeper.unhurried.get());
        if !waits && self.keeper.unkept.borrow().thread && self.keeper.vault.borrow().is_some() {
            let core = self.clone();
            self.keeper.unhurried.set(unhurried);
            let timer = Timer::new(wait, move || {
                let timer = core.keeper.timer.take();
                core.flush();
                // Dropped last: it owns the closure that is running.
                drop(timer);
            });
            self.keeper.timer.replace(timer);
        }
    }

    /// Writes what is not kept yet, without waiting for it.
    pub(super) fn flush(self: &Rc<Self>) {
        if let Some(saving) = self.save() {
            wasm_bindgen_futures::spawn_local(saving);
        }
    }

    /// Writes what is not kept yet, and waits for it for a while.
    pub(super) async fn save_all(self: &Rc<Self>) {
        if let Some(saving) = self.save() {
            let _ = in_time(saving).await;
        }
    }

    /// The words and the event after which the next ones come are taken here and now, together.
    fn save(self: &Rc<Self>) -> Option<impl Future<Output = ()> + use<>> {
        let vault = self.keeper.vault().filter(|_| !self.keeper.paused.get())?;
        let session = self.chat.borrow();
        let thread = session.thread();
        // A conversation that has not begun is not listed; what is typed for it is on the tab's shelf.
        if !self.keeper.unkept.borrow().thread || thread.head().is_none() {
            return None;
        }
        let unkept = self.keeper.unkept.take();
        let row = Row {
            id: thread.id.0.clone(),
            title: thread.title.clone(),
            updated: thread.updated,
            running: session.live().is_some(),
            deleted: None,
        };
        let saving = vault.save(&session, &unkept);
        let core = self.clone();
        Some(async move {
            let saved = match saving {
                Ok(saving) => saving.await,
                Err(trouble) => Err(trouble),
            };
            match saved {
                Ok(()) => core.saved(row),
                Err(trouble) => core.troubled(trouble).await,
            }
        })
    }

    fn saved(self: &Rc<Self>, row: Row) {
        let id = row.id.clone();
        let shown = self.is_shown(&id);
        self.list(threads::Input::Changed(row));
        if shown && self.keeper.list.borrow().current() != Some(&id) {
            self.shelve_place();
            self.list(threads::Input::Shown(Some(id.clone())));
        }
        self.tell_tabs(&id);
        if shown && !self.chat.borrow().is_at_work() {
            self.keeper.hold.take();
        }
    }
}
