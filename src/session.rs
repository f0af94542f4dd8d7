//! A conversation under way as a state machine: what happened goes in, what is to be done comes out. It touches neither
//! the network nor the page nor a clock; all three are in the inputs and effects.

mod again;
mod asking;
mod call;
mod request;
mod signal;
mod tabs;
mod tools;

use triptych_protocol::{ChatMessage, ChatRequest, Role};

use again::Patience;
pub use again::{Again, When};
use call::Call;
use request::{history, request, weigh};
pub use signal::{Ask, CallPiece, Change, Effect, Input, Piece};

pub use crate::thread::{Message, MessageId, Pace, Status};

use crate::attachment::{Attachment, Cargo, content};
use crate::error::{Failure, FailureKind};
use crate::offer::Offer;
use crate::thread::{Live, Thread};
use tools::Tools;

/// One conversation and the answer under way in it, of which there is at most one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    thread: Thread,
    attached: Vec<Attachment>,
    call: Option<Call>,
    /// An answer that nobody reads at present and that can be taken up again.
    left: Option<Live>,
    patience: Patience,
    tools: Tools,
}

impl Session {
    /// A conversation in which nothing is under way.
    pub fn new(thread: Thread) -> Self {
        Session { thread, ..Session::default() }
    }

    /// The conversation.
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// What the answer under way can be taken up by, to be kept together with the conversation.
    pub fn live(&self) -> Option<&Live> {
        self.call.as_ref().map(|call| &call.live).or(self.left.as_ref())
    }

    /// A message by its name.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.thread.message(id)
    }

    /// What is typed and not sent.
    pub fn draft(&self) -> &str {
        &self.thread.draft
    }

    /// True while an answer is being written, watched or not; nothing else can be asked until then.
    pub fn is_busy(&self) -> bool {
        self.call.is_some() || self.is_left() || self.is_elsewhere() || self.is_calling()
    }

    /// True while an answer is being written that nobody watches.
    pub fn is_left(&self) -> bool {
        let left = self.left.as_ref().and_then(|live| self.thread.message(live.message));
        left.is_some_and(|message| message.status == Status::Left)
    }

    /// True where the answer that is watched has a name by which it can be found again.
    pub fn can_leave(&self) -> bool {
        self.call.as_ref().is_some_and(|call| call.live.stream.is_some() && !call.stop_asked)
    }

    /// What a send would ask, to be counted and not to be sent.
    pub fn draft_request(&self, model: String, offer: &Offer) -> ChatRequest {
        let mut request = request::after(&self.thread, self.thread.head(), model, offer);
        let content = content(self.draft().trim(), &self.attached);
        request.messages.push(ChatMessage::new(Role::User, content));
        request
    }

    /// What a send would carry: the conversation, the draft and what is attached to it.
    pub fn cargo(&self) -> Cargo {
        let mut cargo = self.past();
        cargo.message(self.draft().trim(), &self.attached);
        cargo
    }

    /// What the next send carries along of what was said before.
    pub fn past(&self) -> Cargo {
        let mut cargo = Cargo::default();
        for message in history(&self.thread, self.thread.head()) {
            weigh(message, &mut cargo);
        }
        cargo
    }

    /// Takes in what happened; the effects are to be carried out in their order.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Draft(text) => {
                self.thread.draft = text;
                vec![Effect::KeepDraft(self.thread.draft.clone()), Effect::Persist(Change::Thread)]
            }
            Input::Attach(attached) => {
                self.attached = attached;
                Vec::new()
            }
            Input::Send(ask) => self.send(ask),
            Input::Retry { message, ask } => self.retry(message, ask),
            Input::Regenerate { message, ask } => self.regenerate(message, ask),
            Input::Edit { message, text, ask } => self.edit(message, &text, ask),
            Input::Choose(message) => self.choose(message),
            Input::Feedback { message, good } => self.rate(message, good),
            Input::Load(thread, live) => self.load(*thread, live),
            Input::Follow(thread, live) => self.follow(*thread, live),
            Input::Fork(id) => self.fork(id),
            Input::Title(title) => self.name(title),
            Input::Offered(tools) => self.offered(tools),
            Input::Decide { message, place, decision } => self.decide(message, place, decision),
            Input::AskAgain(name) => self.ask_again(&name),
            Input::Taken => self.drop_tools(),
            Input::ToolEnded { message, place, result } => self.tool_ended(message, place, result),
            Input::Continue { message, ask } => self.go_on(message, ask),
            Input::Stop if self.is_elsewhere() => self.stop_elsewhere(),
            Input::Stop if self.is_calling() => self.stop_tools(),
            Input::Online(online) => self.online(online),
            Input::GiveUp => self.give_up(),
            Input::Stop => self.stop(),
            Input::Leave => self.leave(),
            Input::Watch => self.watch(),
            Input::Opened { stream } => self.opened(stream),
            Input::Delta { piece, event, now } => self.delta(piece, event, now),
            Input::Paid { usage, extra } => self.paid(usage, extra),
            Input::Ended => self.ended(),
            Input::Failed(failure) => self.failed(failure),
        }
    }

    fn choose(&mut self, id: MessageId) -> Vec<Effect> {
        if !self.thread.choose(id) {
            return Vec::new();
        }
        vec![Effect::ListChanged, Effect::Persist(Change::Thread)]
    }

    fn rate(&mut self, id: MessageId, good: Option<bool>) -> Vec<Effect> {
        match self.thread.find(id) {
            Some(message) if message.role == Role::Assistant && message.feedback != good => {
                message.feedback = good;
                vec![Effect::MessageChanged(id), keep(id), Effect::Rated { message: id, good }]
            }
            _ => Vec::new(),
        }
    }

    /// What is under way in the conversation before is to be left first, so that it can be kept.
    fn load(&mut self, thread: Thread, live: Option<Live>) -> Vec<Effect> {
        let mut effects = self.give_up();
        effects.extend(self.leave_tools());
        if self.call.take().is_some() {
            effects.push(Effect::Abandon);
        }
        self.thread = thread;
        self.left = live.filter(|live| {
            let message = self.thread.message(live.message);
            message.is_some_and(|message| is_open(message) && can_go_on(message, live))
        });
        let left = self.left.as_ref().map(|live| live.message);
        let mut lost = Vec::new();
        for message in self.thread.each() {
            if Some(message.id) == left {
                message.status = Status::Left;
            } else if message.status.is_live() || message.status == Status::Left {
                // Its call was lost with the page.
                message.status = Status::Failed(Failure::network());
            }
            if tools::lose(message) {
                lost.push(keep(message.id));
            }
        }
        effects.extend([
            Effect::ThreadChanged,
            Effect::ListChanged,
            Effect::DraftReplaced,
            Effect::TrustChanged,
        ]);
        effects.extend(lost);
        effects.extend(self.watch());
        effects
    }

    fn find(&mut self, id: MessageId) -> Option<&mut Message> {
        self.thread.find(id)
    }
}

/// True for an answer of which nobody has seen the end.
fn is_open(message: &Message) -> bool {
    let open = match &message.status {
        Status::Failed(failure) => failure.kind == FailureKind::Network,
        Status::Left => true,
        status => status.is_live(),
    };
    open && message.role == Role::Assistant
}

/// True where the rest of an answer can be had without a word lost or doubled: it is known where the words end, or there
/// are none.
fn can_go_on(message: &Message, live: &Live) -> bool {
    message.is_empty() || (live.stream.is_some() && !live.after.is_empty())
}

fn keep(id: MessageId) -> Effect {
    Effect::Persist(Change::Message(id))
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
