//! Keeps the conversation beyond the page: where it is kept, and how it is opened again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::{Core, new_thread};
use crate::client::clock::{self, Timer};
use crate::client::tabs::{Hold, Tabs};
use crate::client::vault::{Trouble, Unkept, Vault};
use crate::locale::Text;
use crate::session::{Change, Input};
use crate::thread::{Message, MessageId, Thread};
use crate::threads::{self, Threads};

/// How long anything waits for the storage, in milliseconds: a browser whose storage hangs still has a chat.
const PATIENCE: i32 = 2_000;
/// What keeps conversations, and what of the present one is not kept yet.
#[derive(Default)]
pub(super) struct Keeper {
    pub(super) list: RefCell<Threads>,
    pub(super) search: RefCell<Option<Timer>>,
    pub(super) undo: RefCell<Option<Timer>>,
    pub(super) vault: RefCell<Option<Rc<Vault>>>,
    pub(super) tabs: RefCell<Option<Tabs>>,
    pub(super) hold: RefCell<Option<Hold>>,
    pub(super) place: Cell<Place>,
    pub(super) unkept: RefCell<Unkept>,
    pub(super) timer: RefCell<Option<Timer>>,
    /// The timer is that for words.
    pub(super) unhurried: Cell<bool>,
    reopened: Cell<bool>,
    /// Whose conversations these are, as the token said.
    pub(super) user: RefCell<Option<Option<String>>>,
    /// Nothing is written until it is known whose it is.
    pub(super) paused: Cell<bool>,
    /// Counts what was chosen to be shown: only the last choice is.
    choice: Cell<u32>,
    pub(super) following: Cell<bool>,
    /// There is more to follow than what is being looked at.
    pub(super) missed: Cell<bool>,
}

/// Whether there is a place to keep anything.
#[derive(Clone, Copy, Default, PartialEq)]
pub(super) enum Place {
    /// It is being looked for.
    #[default]
    Awaited,
    There,
    None,
}

impl Keeper {
    pub(super) fn vault(&self) -> Option<Rc<Vault>> {
        self.vault.borrow().clone()
    }

    /// Lets go of the storage.
    pub(super) fn leave(&self) {
        self.close();
        self.vault.take();
        self.place.set(Place::Awaited);
        self.reopened.set(false);
    }

    pub(super) fn close(&self) {
        self.tabs.take();
        self.hold.take();
        self.timer.take();
        self.search.take();
        self.undo.take();
    }
}

impl Core {
    /// Finds the place where this user's conversations are kept, and goes on with the one that was left.
    pub(super) async fn open_vault(self: &Rc<Self>, owner: Option<String>) {
        let opened = match owner {
            Some(owner) => in_time(Vault::open(owner)).await.unwrap_or(Err(Trouble::Missing)).map(Some),
            None => Ok(None),
        };
        if !self.alive.get() {
            return;
        }
        let vault = match opened {
            Ok(Some(vault)) => Rc::new(vault),
            nothing => {
                self.keeper.place.set(Place::None);
                if let Err(trouble) = nothing {
                    self.note(trouble);
                }
                self.restore_draft();
                return;
            }
        };
        self.take_vault(&vault);
        let rows = in_time(vault.rows()).await.unwrap_or(Err(Trouble::Lost)).unwrap_or_default();
        self.list(threads::Input::Listed { rows, now: clock::now() });
        match self.thread_to_go_on_with() {
            Some(id) => self.show_thread(id, true).await,
            None => self.restore_draft(),
        }
        // What was said meanwhile.
        self.save_soon();
    }

    fn take_vault(self: &Rc<Self>, vault: &Rc<Vault>) {
        self.keeper.vault.replace(Some(vault.clone()));
        self.keeper.place.set(Place::There);
        self.signals.chats.kept.set(true);
        let core = Rc::downgrade(self);
        let tabs = Tabs::join(vault.owner(), move |thread| {
            if let Some(core) = core.upgrade().filter(|core| core.alive.get()) {
                wasm_bindgen_futures::spawn_local(async move { core.heard(&thread).await });
            }
        });
        self.keeper.tabs.replace(tabs);
    }

    /// Shows a kept thread. An answer that is being written in it is read by this tab, or followed where another one
    /// reads it.
    pub(super) async fn show_thread(self: &Rc<Self>, id: String, first: bool) {
        let Some(vault) = self.keeper.vault() else { return };
        let (choice, untouched) = (self.keeper.choice.get().wrapping_add(1), self.is_untouched());
        self.keeper.choice.set(choice);
        self.save_all().await;
        let kept = vault.load(&id).await;
        let Ok(Some((mut thread, mut live))) = kept else {
            return match kept {
                Err(trouble) => self.troubled(trouble).await,
                Ok(_) => self.list(threads::Input::Gone(id)),
            };
        };
        let mut hold = None;
        if live.is_some() || runs(&thread) {
            hold = Hold::take(&lock(&vault, &id)).await;
            // What the last reader wrote before it let go.
            if let (Some(_), Ok(Some(newer))) = (&hold, vault.load(&id).await) {
                (thread, live) = newer;
            }
        }
        // Meanwhile another one was chosen, or something was said.
        if !self.alive.get() || self.keeper.choice.get() != choice || (untouched && !self.is_untouched()) {
            return;
        }
        // What this tab has typed in it wins over what another one has.
        let own = self.shelved("thread").as_ref() == Some(&id) || self.is_shown(&id);
        let typed = self.chat.borrow().draft().to_owned();
        if first && !typed.is_empty() {
            // Typed before there was anything to show.
            thread.draft = typed;
            self.shelve("draft", "");
        } else if let Some(draft) = self.shelved("draft:thread").filter(|_| own) {
            thread.draft = draft;
        }
        match hold {
            None if live.is_some() || runs(&thread) => {
                self.switch(Input::Follow(Box::new(thread), live), true);
                self.wait_for_turn(&vault, id);
            }
            hold => {
                self.switch(Input::Load(Box::new(thread), live), true);
                self.keeper.hold.replace(hold);
            }
        }
    }

    /// Shows another conversation. The answer under way in the one before goes on at the server.
    pub(super) fn switch(self: &Rc<Self>, to: Input, keep: bool) {
        self.keeper.choice.set(self.keeper.choice.get().wrapping_add(1));
        self.chat(Input::Leave);
        self.give_up_question();
        if keep {
            self.flush();
        }
        self.keeper.unkept.take();
        self.keeper.hold.take();
        self.signals.desk.deciding.set(false);
        self.chat(to);
        self.shelve_place();
        let id = self.chat.borrow().thread().head().map(|_| self.chat.borrow().thread().id.0.clone());
        self.list(threads::Input::Shown(id));
    }

    /// A conversation that has not begun takes the place of this one, with what was typed for it.
    pub(super) fn new_chat(self: &Rc<Self>) {
        let mut thread = new_thread();
        thread.draft = self.shelved("draft").unwrap_or_default();
        self.switch(Input::Load(Box::new(thread), None), true);
    }

    pub(super) fn is_shown(&self, id: &str) -> bool {
        self.chat.borrow().thread().id.0 == id
    }

    /// What could not be kept is still on the page. A storage that was deleted under us is made anew, once.
    pub(super) async fn troubled(self: &Rc<Self>, trouble: Trouble) {
        let Some(owner) = self.keeper.vault.take().map(|vault| vault.owner().to_owned()) else { return };
        if trouble == Trouble::Lost
            && !self.keeper.reopened.replace(true)
            && let Some(Ok(vault)) = in_time(Vault::open(owner)).await
        {
            self.take_vault(&Rc::new(vault));
            let all: Vec<MessageId> =
                self.chat.borrow().thread().messages().iter().map(|message| message.id).collect();
            all.into_iter().for_each(|id| self.persist(Change::Message(id)));
            return;
        }
        self.keeper.place.set(Place::None);
        self.keeper.close();
        self.signals.chats.kept.set(false);
        self.note(trouble);
    }

    fn note(&self, trouble: Trouble) {
        self.signals.chats.note.set(Some(match trouble {
            Trouble::Missing => Text::NotKept,
            Trouble::Full => Text::StorageFull,
            Trouble::Blocked => Text::StorageBlocked,
            Trouble::Lost => Text::StorageLost,
        }));
    }
}

/// True where a function of the page ran when a thread was kept.
fn runs(thread: &Thread) -> bool {
    thread.head().and_then(|head| thread.message(head)).is_some_and(Message::has_running)
}

/// Waits, but not for ever.
pub(super) async fn in_time<T>(what: impl Future<Output = T>) -> Option<T> {
    match select(std::pin::pin!(what), clock::sleep(PATIENCE)).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// The name of the right to read a thread's answer.
pub(super) fn lock(vault: &Vault, id: &str) -> String {
    format!("{}:{id}", vault.owner())
}
