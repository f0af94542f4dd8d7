//! A conversation that is open in several tabs: one of them reads the answer, the others show what it has kept.

use super::{Change, Effect, Live, MessageId, Session, Status, can_go_on, is_open, keep};
use crate::error::Failure;
use crate::thread::{Message, Thread, ThreadId};

impl Session {
    /// True while an answer is being written that another tab reads.
    pub fn is_followed(&self) -> bool {
        let followed = self.left.as_ref().and_then(|live| self.thread().message(live.message));
        self.call.is_none() && followed.is_some_and(|message| message.status.is_live())
    }

    /// True while another tab reads an answer or runs what it calls.
    pub fn is_elsewhere(&self) -> bool {
        self.is_followed() || self.is_run_elsewhere()
    }

    /// True while this tab alone may ask and run in the conversation: it reads an answer, or runs what it calls.
    pub fn is_at_work(&self) -> bool {
        self.live().is_some() || self.runs_here()
    }

    /// True while an answer is read here.
    pub fn is_watching(&self) -> bool {
        self.call.is_some()
    }

    /// Takes over what another tab has made of the conversation.
    pub(super) fn follow(&mut self, mut thread: Thread, live: Option<Live>) -> Vec<Effect> {
        if self.call.is_some() {
            // What is read here is newer than what is kept.
            return Vec::new();
        }
        let same = self.thread.head() == thread.head();
        if self.runs_here() && same {
            // What runs here is newer too, until somebody went on elsewhere.
            return Vec::new();
        }
        let asks = |message: &Message| message.calls.iter().any(|call| call.state.is_open());
        let mut effects = match self.is_calling() && same {
            // Decided on elsewhere or here: it goes on until all of it has ended.
            true if thread.head().and_then(|id| thread.message(id)).is_some_and(asks) => Vec::new(),
            _ => self.drop_tools(),
        };
        if thread.trusts != self.thread.trusts {
            effects.push(Effect::TrustChanged);
        }
        self.left = live.filter(|live| {
            thread.message(live.message).is_some_and(|message| is_open(message) && can_go_on(message, live))
        });
        let left = self.left.as_ref().map(|live| live.message);
        for message in thread.each() {
            let open = message.status.is_live() || message.status == Status::Left;
            if Some(message.id) == left {
                message.status = if message.is_empty() { Status::Waiting } else { Status::Streaming };
            } else if open {
                message.status = Status::Failed(Failure::network());
            }
        }
        effects.extend(self.differences(&thread));
        self.thread = thread;
        effects
    }

    fn differences(&self, thread: &Thread) -> Vec<Effect> {
        let before = |message: &Message| self.thread().message(message.id);
        let rewritten = |new: &Message| {
            let old = before(new)?;
            (!new.text.starts_with(&old.text) || old.role != new.role).then_some(())
        };
        let mut effects = Vec::new();
        if thread.id != self.thread().id || thread.messages().iter().any(|new| rewritten(new).is_some()) {
            // Words are painted once and for all, so what is not more of the same is drawn anew.
            effects.push(Effect::ThreadChanged);
        }
        effects.push(Effect::ListChanged);
        for new in thread.messages() {
            let Some(old) = before(new).filter(|old| *old != new) else { continue };
            effects.push(Effect::MessageChanged(new.id));
            if old.text != new.text {
                effects.push(Effect::TextGrew(new.id));
            }
            if old.reasoning != new.reasoning {
                effects.push(Effect::ReasoningGrew(new.id));
            }
        }
        if thread.draft != self.draft() {
            effects.push(Effect::DraftReplaced);
        }
        effects
    }

    /// Ends an answer that another tab reads, or what it calls.
    pub(super) fn stop_elsewhere(&mut self) -> Vec<Effect> {
        let Some((id, stream)) = self.left.as_ref().map(|live| (live.message, live.stream.clone())) else {
            return vec![Effect::StopElsewhere { stream: None }];
        };
        if let Some(message) = self.find(id) {
            message.status = Status::Stopping;
        }
        vec![Effect::MessageChanged(id), Effect::StopElsewhere { stream }]
    }

    /// Becomes a conversation of its own, because another tab went on with the one that this was.
    pub(super) fn fork(&mut self, id: ThreadId) -> Vec<Effect> {
        self.thread.id = id;
        let all: Vec<MessageId> = self.thread().messages().iter().map(|message| message.id).collect();
        all.into_iter().map(keep).chain([Effect::Persist(Change::Thread)]).collect()
    }

    pub(super) fn name(&mut self, title: String) -> Vec<Effect> {
        if !title.is_empty() {
            self.thread.title = title;
        }
        Vec::new()
    }
}
