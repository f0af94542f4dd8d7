//! Who decides on a call of the page's functions, in which tab, and that it runs there once.

use std::rc::Rc;

use super::keep::lock;
use super::{App, Core};
use crate::client::tabs::Hold;
use crate::client::vault::{Trouble, Vault};
use crate::session::{Input, MessageId};
use crate::thread::{CallState, Decision};

/// A function of the page that is to run.
pub(super) struct Due {
    pub(super) message: MessageId,
    pub(super) place: usize,
    pub(super) name: String,
    pub(super) arguments: String,
}

/// A function of the page that runs.
pub(super) struct Running {
    number: u32,
    pub(super) cancel: Box<dyn FnOnce()>,
}

impl App {
    /// The user has decided on a call.
    pub(crate) fn decide(self, message: MessageId, place: usize, decision: Decision) {
        let Some(core) = self.core().filter(|_| !self.signals.desk.deciding.get_untracked()) else { return };
        let input = Input::Decide { message, place, decision };
        let Some(vault) = core.keeper.vault() else { return core.chat(input) };
        self.signals.desk.deciding.set(true);
        wasm_bindgen_futures::spawn_local(async move {
            if core.may_decide(&vault, message, place).await {
                core.chat(input);
            }
            core.signals.desk.deciding.set(false);
        });
    }

    /// What the page says of a function.
    pub(crate) fn about_tool(self, name: &str) -> String {
        let about = |core: Rc<Core>| core.chat.borrow().tool(name).map(|tool| tool.about.clone());
        self.core().and_then(about).unwrap_or_default()
    }

    /// True where a function runs without a question because the user said so.
    pub(crate) fn trusts_tool(self, name: &str) -> bool {
        self.core().is_some_and(|core| core.chat.borrow().trusts(name))
    }

    /// The user wants to be asked again before a function runs.
    pub(crate) fn ask_before(self, name: String) {
        if let Some(core) = self.core() {
            core.chat(Input::AskAgain(name));
        }
    }
}

impl Core {
    /// Waits until no other tab asks or runs anything in the conversation, and looks at what it has left. False where
    /// the call is not anymore what the user has decided on.
    async fn may_decide(self: &Rc<Self>, vault: &Vault, message: MessageId, place: usize) -> bool {
        let id = self.chat.borrow().thread().id.0.clone();
        let seen = self.call_state(message, place);
        if self.keeper.hold.borrow().as_ref().is_some_and(Hold::is_held) {
            self.save_all().await;
            return self.alive.get() && self.is_shown(&id) && self.call_state(message, place) == seen;
        }
        let hold = Hold::after_others(&lock(vault, &id)).await;
        if !self.alive.get() || !self.is_shown(&id) {
            return false;
        }
        self.follow(&id).await;
        if !self.alive.get() || !self.is_shown(&id) {
            return false;
        }
        self.keeper.hold.replace(Some(hold));
        // Whatever the other one left behind is this one's now.
        self.chat(Input::Watch);
        let same = self.call_state(message, place) == seen;
        if !same {
            self.let_go().await;
        }
        same
    }

    /// Gives up the right to ask and run in the conversation once it is not needed, and all of it is kept.
    pub(super) async fn let_go(self: &Rc<Self>) {
        self.save_all().await;
        if !self.chat.borrow().is_at_work() {
            self.keeper.hold.take();
        }
    }

    fn call_state(&self, message: MessageId, place: usize) -> Option<CallState> {
        self.chat.borrow().message(message)?.calls.get(place).map(|call| call.state)
    }

    /// Runs what is to be run, once it is kept that it does.
    pub(super) fn run_tools(self: &Rc<Self>) {
        let due = self.page.due.take();
        let Some(message) = due.first().map(|due| due.message) else { return };
        let id = self.chat.borrow().thread().id.0.clone();
        let claim = self.keeper.vault().and_then(|vault| {
            let session = self.chat.borrow();
            let places = due.iter().map(|due| due.place).collect();
            Some(vault.claim(&id, session.message(message)?, places))
        });
        let Some(claim) = claim else { return due.into_iter().for_each(|due| self.run_tool(due)) };
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let claimed: Result<bool, Trouble> = match claim {
                Ok(claim) => super::keep::in_time(claim).await.unwrap_or(Ok(true)),
                Err(trouble) => Err(trouble),
            };
            if !core.alive.get() || !core.is_shown(&id) {
                return;
            }
            if claimed == Ok(false) {
                return core.leave_to_other(id, message).await;
            }
            // What cannot be kept is told by what is kept next. Meanwhile the user may have stopped all of it.
            let wanted = |due: &Due| core.call_state(due.message, due.place) == Some(CallState::Running);
            due.into_iter().filter(wanted).for_each(|due| core.run_tool(due));
        });
    }

    /// Another tab was faster.
    async fn leave_to_other(self: &Rc<Self>, id: String, message: MessageId) {
        self.keeper.unkept.borrow_mut().changed.retain(|id| *id != message);
        self.chat(Input::Taken);
        self.follow(&id).await;
        if let Some(vault) = self.keeper.vault().filter(|_| self.chat.borrow().is_elsewhere()) {
            self.wait_for_turn(&vault, id);
        }
    }

    fn run_tool(self: &Rc<Self>, due: Due) {
        let Due { message, place, name, arguments } = due;
        let work = (self.page.functions)(&name, &arguments);
        let number = self.page.runs.get();
        self.page.runs.set(number.wrapping_add(1));
        self.page.running.borrow_mut().push(Running { number, cancel: work.cancel });
        let core = Rc::downgrade(self);
        wasm_bindgen_futures::spawn_local(async move {
            let result = work.result.await;
            let Some(core) = core.upgrade().filter(|core| core.alive.get()) else { return };
            let mut running = core.page.running.borrow_mut();
            let Some(at) = running.iter().position(|run| run.number == number) else { return };
            running.remove(at);
            drop(running);
            core.chat(Input::ToolEnded { message, place, result });
        });
    }
}
