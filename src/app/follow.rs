//! In step with the other tabs: one of them asks and reads in a thread at a time, and the others show what it keeps.

use std::rc::Rc;

use triptych_protocol::Role;

use super::keep::lock;
use super::{Core, new_thread};
use crate::client::tabs::Hold;
use crate::client::vault::Vault;
use crate::client::{clock, unique_key};
use crate::session::Input;
use crate::thread::ThreadId;
use crate::threads;

/// What begins the word to the tab that reads a thread's answer.
const STOP: &str = "stop:";
/// How long that tab has to stop it, in milliseconds.
const STOP_HEARD: i32 = 500;

impl Core {
    /// Before a call leaves: no other tab asks in this thread, and the key of the call is kept. False where the call is
    /// not wanted any more.
    pub(super) async fn secure(self: &Rc<Self>, turn: u32) -> bool {
        if let Some(vault) = self.keeper.vault() {
            if let Some(user) = self.other_user().await {
                self.change_user(user).await;
                return false;
            }
            let id = self.chat.borrow().thread().id.0.clone();
            if self.keeper.hold.borrow().is_none() {
                let hold = Hold::take(&lock(&vault, &id)).await;
                if self.turn.get() != turn || !self.alive.get() {
                    return false;
                }
                if hold.is_none() {
                    // Another tab was faster, so this is a conversation of its own from here on.
                    self.chat(Input::Fork(ThreadId(unique_key())));
                }
                self.keeper.hold.replace(hold);
            }
            self.save_all().await;
        }
        self.turn.get() == turn && self.alive.get()
    }

    /// Who is signed in now, where that is not who was.
    async fn other_user(&self) -> Option<Option<String>> {
        self.keeper.paused.set(true);
        let user = self.client.user().await;
        self.keeper.paused.set(false);
        let known = self.keeper.user.borrow();
        user.ok().filter(|user| known.as_ref().is_some_and(|known| known != user))
    }

    /// Somebody else has signed in on the same page: they see none of what was there, and have what they typed.
    async fn change_user(self: &Rc<Self>, user: Option<String>) {
        let mut thread = new_thread();
        let typed = self
            .chat
            .borrow()
            .thread()
            .path()
            .iter()
            .rev()
            .find(|said| said.role == Role::User)
            .map(|said| said.text.clone());
        thread.draft = typed.unwrap_or_default();
        self.shelf.take();
        self.switch(Input::Load(Box::new(thread), None), false);
        self.keeper.leave();
        self.slot.take();
        self.signals.chats.kept.set(false);
        self.list(threads::Input::Listed { rows: Vec::new(), now: clock::now() });
        self.settle_in(Some(user)).await;
    }

    /// Takes the reading over as soon as the tab that does it is gone or done.
    pub(super) fn wait_for_turn(self: &Rc<Self>, vault: &Rc<Vault>, id: String) {
        let core = Rc::downgrade(self);
        let granted = {
            let id = id.clone();
            move || {
                if let Some(core) = core.upgrade().filter(|core| core.alive.get() && core.is_shown(&id)) {
                    wasm_bindgen_futures::spawn_local(async move {
                        core.follow(&id).await;
                        core.chat(Input::Watch);
                        core.let_go().await;
                    });
                }
            }
        };
        self.keeper.hold.replace(Some(Hold::wait(&lock(vault, &id), granted)));
    }

    /// The user wants no more of an answer that another tab reads. That tab is asked; where it does not answer, such as
    /// one that the browser has put to sleep, the server is.
    pub(super) async fn stop_elsewhere(self: &Rc<Self>, stream: Option<String>) {
        let id = self.chat.borrow().thread().id.0.clone();
        self.tell_tabs(&[STOP, &id].concat());
        clock::sleep(STOP_HEARD).await;
        if !self.is_shown(&id) || !self.chat.borrow().is_elsewhere() {
            return;
        }
        match stream.filter(|_| self.chat.borrow().is_followed()) {
            Some(stream) => drop(self.client.stop_stream(&stream).await),
            // What it ran, nobody knows; it is asked about again.
            None if !self.chat.borrow().is_followed() => self.chat(Input::Watch),
            None => {}
        }
    }

    /// Another tab has changed a thread, or wants its answer to be stopped.
    pub(super) async fn heard(self: &Rc<Self>, word: &str) {
        if let Some(id) = word.strip_prefix(STOP) {
            let session = self.chat.borrow();
            let here = session.is_watching() || session.runs_here();
            drop(session);
            if self.is_shown(id) && here {
                self.chat(Input::Stop);
            }
            return;
        }
        let id = word;
        let Some(vault) = self.keeper.vault() else { return };
        match vault.row(id).await {
            Ok(Some(row)) => {
                let title = row.title.clone();
                self.list(threads::Input::Changed(row));
                if self.is_shown(id) {
                    self.chat(Input::Title(title));
                }
            }
            Ok(None) => self.list(threads::Input::Gone(id.to_owned())),
            Err(_) => return,
        }
        if !self.is_shown(id) {
            return;
        }
        self.keeper.missed.set(true);
        if !self.keeper.following.replace(true) {
            while self.keeper.missed.replace(false) {
                self.follow(id).await;
            }
            self.keeper.following.set(false);
            let waits = self.keeper.hold.borrow().is_some();
            if !waits && self.is_shown(id) && self.chat.borrow().is_elsewhere() {
                self.wait_for_turn(&vault, id.to_owned());
            }
        }
    }

    /// Shows what another tab has made of the thread that is shown here.
    pub(super) async fn follow(self: &Rc<Self>, id: &str) {
        let Some(vault) = self.keeper.vault() else { return };
        // What has changed here, changed while it was this tab's turn.
        if !self.keeper.unkept.borrow().changed.is_empty() {
            self.save_all().await;
        }
        let Ok(Some((mut thread, live))) = vault.load(id).await else { return };
        if !self.is_shown(id) || self.chat.borrow().is_watching() {
            return;
        }
        // Each tab goes on with its own words.
        self.chat.borrow().draft().clone_into(&mut thread.draft);
        self.chat(Input::Follow(Box::new(thread), live));
    }

    pub(super) fn tell_tabs(&self, id: &str) {
        if let Some(tabs) = &*self.keeper.tabs.borrow() {
            tabs.tell(id);
        }
    }
}
