//! What the page gives to the conversation: functions that are called, and what it shares.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::consent::{Due, Running};
use super::desk::Shared;
use super::question::Awaited;
use super::{App, Core};
use crate::attachment::Cargo;
use crate::form::Form;
use crate::host::{Functions, HostEvent};
use crate::locale::Text;
use crate::offer::Offer;
use crate::session::{Input, MessageId};
use crate::tools::Tool;

/// What the page has given.
pub(super) struct Page {
    pub(super) functions: Functions,
    offer: RefCell<Offer>,
    pub(super) tools: Cell<usize>,
    pub(super) due: RefCell<Vec<Due>>,
    pub(super) running: RefCell<Vec<Running>>,
    pub(super) runs: Cell<u32>,
    pub(super) awaited: RefCell<Option<Awaited>>,
}

impl Page {
    pub(super) fn new(functions: Functions) -> Self {
        Page {
            functions,
            offer: RefCell::default(),
            tools: Cell::new(0),
            due: RefCell::default(),
            running: RefCell::default(),
            runs: Cell::new(0),
            awaited: RefCell::default(),
        }
    }
}

impl App {
    /// The page offers these functions from here on.
    pub(crate) fn offer(self, tools: Vec<Tool>, definitions: &str) {
        let Some(core) = self.core() else { return };
        core.page.tools.set(tools.len());
        core.page.offer.borrow_mut().tools = match tools.len() {
            0 => String::new(),
            _ => ["[", &definitions.replace('\n', ","), "]"].concat(),
        };
        core.chat(Input::Offered(tools));
    }

    /// The page shows this from here on.
    pub(crate) fn share(self, title: String, text: String, json: String) {
        let Some(core) = self.core() else { return };
        core.page.offer.borrow_mut().context = json;
        self.signals.desk.shared.set((!text.is_empty()).then_some(Shared { title, text }));
    }

    /// The user wants the model to be told what came of the calls of an answer.
    pub(crate) fn go_on(self, message: MessageId) {
        if let Some(core) = self.core() {
            core.go_on(message);
        }
    }

    /// True where the calls of an answer have ended and the model does not know.
    pub(crate) fn can_go_on(self, message: MessageId) -> bool {
        self.core().is_some_and(|core| core.chat.borrow().can_go_on(message))
    }
}

impl Core {
    /// What goes along with a call of a model. Where it cannot call functions, none are offered to it.
    pub(super) fn offer(&self, model: &str) -> Offer {
        let mut offer = self.page.offer.borrow().clone();
        if !self.signals.chat_form.with_untracked(|form| form.takes_tools(model)) {
            offer.tools.clear();
        }
        offer
    }

    /// What the next send carries.
    pub(super) fn cargo(&self) -> Cargo {
        let mut cargo = self.chat.borrow().cargo();
        let takes = |form: &Form| form.model().is_none_or(|model| form.takes_tools(&model.id));
        let offer = self.page.offer.borrow();
        match self.signals.chat_form.with_untracked(takes) {
            true => offer.weigh(self.page.tools.get(), &mut cargo),
            false => {
                Offer { tools: String::new(), context: offer.context.clone(), ..Offer::default() }
                    .weigh(0, &mut cargo);
            }
        }
        cargo
    }

    pub(super) fn cancel_tools(&self) {
        // Taken first: what hears of it may call back.
        for run in self.page.running.take() {
            (run.cancel)();
        }
    }

    pub(super) fn tell_call(&self, id: MessageId, place: usize) {
        let session = self.chat.borrow();
        let call = session.message(id).and_then(|message| message.calls.get(place)).cloned();
        let thread = session.thread().id.0.clone();
        drop(session);
        if let Some(call) = call {
            self.tell(HostEvent::ToolCall { thread, id: id.0.to_string(), call });
        }
    }

    pub(super) fn go_on(self: &Rc<Self>, message: MessageId) {
        let Some(mut ask) = self.ask() else { return };
        // The model that has called is the one that waits.
        let model = self.chat.borrow().message(message).and_then(|message| message.model.clone());
        ask.model = model.unwrap_or(ask.model);
        ask.offer = self.offer(&ask.model);
        self.chat(Input::Continue { message, ask });
    }

    pub(super) fn ask_consent(&self, id: MessageId) {
        let session = self.chat.borrow();
        let calls = session.message(id).map(|message| &message.calls[..]).unwrap_or_default();
        let wanted: Vec<&str> =
            calls.iter().filter(|call| call.state.is_asked()).map(|call| call.name.as_str()).collect();
        let said = self.words().fill(Text::SaidConsent, &[&wanted.join(", ")]);
        drop(session);
        self.announce(said);
    }
}
