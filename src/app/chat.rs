use std::rc::Rc;

use triptych_protocol::{Estimate, Role};

use super::{App, Core, MessageView};
use crate::client::{clock, unique_key};
use crate::dictation;
use crate::locale::Text;
use crate::session::{Ask, Input, Message, MessageId};

impl App {
    /// The user typed.
    pub(crate) fn type_draft(self, text: String) {
        if let Some(core) = self.core() {
            core.dictate(dictation::Input::Typed(text.clone()));
        }
        self.signals.draft.set(text.clone());
        self.chat(Input::Draft(text));
    }

    /// The user sends what is typed.
    pub(crate) fn send(self) {
        let Some(ask) = self.ask() else { return };
        self.chat(Input::Send(ask));
    }

    /// The user wants a failed answer once more.
    pub(crate) fn retry(self, message: MessageId) {
        let Some(ask) = self.ask() else { return };
        self.chat(Input::Retry { message, ask });
    }

    /// The user wants no more of the answer under way.
    pub(crate) fn stop_answer(self) {
        self.chat(Input::Stop);
    }

    /// The user wants another answer to the same.
    pub(crate) fn regenerate(self, message: MessageId) {
        let Some(ask) = self.ask() else { return };
        self.chat(Input::Regenerate { message, ask });
    }

    /// The user says it differently.
    pub(crate) fn edit(self, message: MessageId, text: String) {
        self.signals.editing.set(None);
        let Some(ask) = self.ask() else { return };
        self.chat(Input::Edit { message, text, ask });
    }

    /// The user wants to see the next or the previous version of a message. Gives that version's name.
    pub(crate) fn turn(self, message: MessageId, by: isize) -> Option<MessageId> {
        let siblings = self.core()?.chat.borrow().thread().siblings(message);
        let place = siblings.iter().position(|sibling| *sibling == message)?;
        let other = *siblings.get(place.checked_add_signed(by)?)?;
        self.chat(Input::Choose(other));
        Some(other)
    }

    /// Which one of how many versions a message is, where there are several.
    pub(crate) fn version(self, message: MessageId) -> Option<(u32, u32)> {
        let view = self.core()?.messages.borrow().get(message).cloned()?;
        view.state.with_untracked(|state| state.version)
    }

    /// The user says what an answer is worth; the same again takes it back.
    pub(crate) fn rate(self, message: MessageId, good: bool) {
        let before = self.core().and_then(|core| core.chat.borrow().message(message)?.feedback);
        let good = (before != Some(good)).then_some(good);
        self.chat(Input::Feedback { message, good });
        if good.is_some() {
            self.announce(self.text(Text::SaidRated));
        }
    }

    /// The user does not want to watch the answer under way, which goes on at the server.
    pub(crate) fn leave_answer(self) {
        self.chat(Input::Leave);
        self.announce(self.text(Text::SaidLeft));
    }

    /// The user wants to see what a left answer has become.
    pub(crate) fn watch_answer(self) {
        self.chat(Input::Watch);
    }

    /// A new conversation takes the place of this one.
    pub(crate) fn clear_chat(self) {
        if let Some(core) = self.core() {
            core.new_chat();
        }
    }

    /// What a send of the draft would hold at most. Follows the draft, the conversation and the model.
    pub(crate) fn chat_estimate(self) -> Option<Estimate> {
        let cargo = self.cargo();
        self.signals.chat_form.with(|form| form.chat_estimate(&cargo))
    }

    /// Who said a message and what its view reads.
    pub(crate) fn message(self, id: MessageId) -> Option<(Role, MessageView)> {
        let core = self.core()?;
        let role = core.chat.borrow().message(id)?.role;
        let view = core.messages.borrow().get(id)?.clone();
        Some((role, view))
    }

    /// The text of a message from a byte on.
    pub(crate) fn text_from(self, id: MessageId, start: usize) -> String {
        self.read(id, |message| message.text.get(start..).unwrap_or_default().to_owned())
    }

    /// The thoughts before an answer from a byte on.
    pub(crate) fn reasoning_from(self, id: MessageId, start: usize) -> String {
        self.read(id, |message| message.reasoning.get(start..).unwrap_or_default().to_owned())
    }

    /// True for an answer that was asked for as JSON.
    pub(crate) fn is_json(self, id: MessageId) -> bool {
        self.core().is_some_and(|core| core.chat.borrow().message(id).is_some_and(|message| message.is_json))
    }

    /// What a message says: its Markdown.
    pub(crate) fn said(self, id: MessageId) -> String {
        self.read(id, |message| message.said().to_owned())
    }

    fn read(self, id: MessageId, of: impl Fn(&Message) -> String) -> String {
        self.core().and_then(|core| core.chat.borrow().message(id).map(of)).unwrap_or_default()
    }

    fn ask(self) -> Option<Ask> {
        self.core()?.ask()
    }

    fn chat(self, input: Input) {
        if let Some(core) = self.core() {
            core.chat(input);
        }
    }
}

impl Core {
    pub(super) fn chat(self: &Rc<Self>, input: Input) {
        if !self.alive.get() {
            return;
        }
        let effects = self.chat.borrow_mut().handle(input);
        for effect in effects {
            self.run_chat(effect);
        }
        self.run_tools();
        let (busy, can_leave) = (self.chat.borrow().is_busy(), self.chat.borrow().can_leave());
        if self.signals.can_leave.get_untracked() != can_leave {
            self.signals.can_leave.set(can_leave);
        }
        if self.signals.busy.get_untracked() != busy {
            self.signals.busy.set(busy);
            if !busy {
                self.say_next();
            }
        }
        self.settle_question();
    }

    /// What a call of the model needs besides the conversation; none before there is a model.
    pub(super) fn ask(&self) -> Option<Ask> {
        let model =
            self.signals.chat_form.with_untracked(|form| form.model().map(|model| model.id.clone()))?;
        let offer = self.offer(&model);
        Some(Ask { model, key: unique_key(), now: clock::monotonic(), at: clock::now(), offer })
    }
}
