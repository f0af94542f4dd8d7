//! What the tab itself keeps, on its shelf: which thread it shows and what is typed.

use std::rc::Rc;

use super::Core;
use super::slot::Slot;
use crate::client::clock;
use crate::client::storage::Shelf;
use crate::config::{History, Panel};
use crate::session::Input;

/// A thread in which something was said within this time is gone on with on the next page, in milliseconds.
const CONTINUED: f64 = 60.0 * 60_000.0;

/// How many messages a thread has when the first one is sent: that one, and the answer to come.
const BEGINNING: usize = 2;

impl Core {
    /// The one that this tab showed, or one in which something goes on.
    pub(super) fn thread_to_go_on_with(&self) -> Option<String> {
        if !self.is_untouched() {
            return None;
        }
        let list = self.keeper.list.borrow();
        match self.shelved("thread") {
            Some(id) => list.row(&id).map(|row| row.id.clone()),
            None if self.slot_number() > 0 || self.shelved("draft").is_some() => None,
            None => {
                let newest = list.rows().first()?;
                let recent = clock::now() - newest.updated < CONTINUED;
                (newest.running || recent).then(|| newest.id.clone())
            }
        }
    }

    pub(super) fn is_untouched(&self) -> bool {
        self.chat.borrow().thread().head().is_none() && self.unsent.borrow().is_empty()
    }

    /// Brings back what was typed for a conversation that has not begun.
    pub(super) fn restore_draft(self: &Rc<Self>) {
        let draft = self.shelved("draft").filter(|_| self.is_untouched());
        if let Some(draft) = draft.filter(|_| self.chat.borrow().draft().is_empty()) {
            self.chat(Input::Draft(draft.clone()));
            self.signals.draft.set(draft);
        }
    }

    pub(super) fn keep_draft(&self, draft: &str) {
        self.keeper.unkept.borrow_mut().draft = true;
        let session = self.chat.borrow();
        let begun = session.thread().head().is_some();
        if begun && draft.is_empty() && session.thread().path().len() == BEGINNING {
            // What was typed before it had begun is its first message now.
            self.shelve("draft", "");
        }
        self.shelve(if begun { "draft:thread" } else { "draft" }, draft);
    }

    pub(super) fn shelve_place(&self) {
        let session = self.chat.borrow();
        let thread = session.thread();
        if thread.head().is_some() {
            self.shelve("thread", &thread.id.0);
            self.shelve("draft:thread", &thread.draft);
        } else {
            self.shelve("thread", "");
        }
    }

    pub(super) fn shelved(&self, name: &str) -> Option<String> {
        self.shelf.borrow().as_ref()?.text(&self.slot_name(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn shelve(&self, name: &str, text: &str) {
        if let Some(shelf) = &*self.shelf.borrow() {
            shelf.set_text(&self.slot_name(name), text);
        }
    }

    pub(super) fn slot_name(&self, name: &str) -> String {
        match self.slot_number() {
            0 => name.to_owned(),
            slot => format!("{name}:{slot}"),
        }
    }

    pub(super) fn slot_number(&self) -> u32 {
        self.slot.borrow().as_ref().map_or(0, |slot| slot.number)
    }

    /// Brings back what earlier visits left behind for this user.
    pub(super) async fn settle_in(self: &Rc<Self>, user: Option<Option<String>>) {
        // Without a token nobody knows whose things they are, and the next try asks again.
        let Some(user) = user.filter(|_| self.slot.borrow().is_none()) else { return };
        self.keeper.user.replace(Some(user.clone()));
        let shelf = Shelf::new(&self.gateway, user.as_deref().unwrap_or_default());
        self.slot.replace(Some(Slot::take(shelf.owner())));
        let owner = user.map(|_| shelf.owner().to_owned()).filter(|_| self.history == History::On);
        let panels = self.signals.panels.get_untracked();
        let mut pending = None;
        if self.history == History::On {
            pending = shelf.text("pending");
            self.shelf.replace(Some(shelf));
        }
        if panels.contains(&Panel::Video) {
            self.restore_jobs(pending);
        }
        self.open_vault(owner.filter(|_| panels.contains(&Panel::Chat))).await;
    }
}
