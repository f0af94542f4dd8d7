//! What asks for an answer: something said, said otherwise, or wanted once more.

use triptych_protocol::Role;

use super::call::Call;
use super::request::request;
use super::{Ask, Change, Effect, MessageId, Session, Status, keep};
use crate::attachment::Attachment;
use crate::error::FailureKind;

impl Session {
    pub(super) fn send(&mut self, ask: Ask) -> Vec<Effect> {
        let text = self.draft().trim().to_owned();
        if (text.is_empty() && self.attached.is_empty()) || self.is_busy() {
            return Vec::new();
        }
        self.thread.draft.clear();
        let attachments = std::mem::take(&mut self.attached);
        let mut effects = vec![Effect::DraftReplaced, Effect::KeepDraft(String::new())];
        if !attachments.is_empty() {
            effects.push(Effect::AttachmentsTaken);
        }
        effects.extend(self.say(self.thread.head(), text, attachments, ask));
        effects
    }

    pub(super) fn retry(&mut self, id: MessageId, ask: Ask) -> Vec<Effect> {
        let Some(message) = self.thread.message(id) else { return Vec::new() };
        let Status::Failed(failure) = &message.status else { return Vec::new() };
        if self.is_busy() {
            return Vec::new();
        }
        // Where the connection was lost the answer may be there, and paid for: it is looked for before another is
        // asked for.
        if failure.kind == FailureKind::Network && self.left.as_ref().is_some_and(|left| left.message == id) {
            return self.watch();
        }
        let parent = message.parent;
        let mut effects = Vec::new();
        if self.thread.remove_empty(id) {
            effects.push(Effect::Persist(Change::Removed(id)));
        }
        effects.extend(self.answer(parent, ask));
        effects
    }

    pub(super) fn regenerate(&mut self, id: MessageId, ask: Ask) -> Vec<Effect> {
        match self.thread.message(id) {
            Some(message) if message.role == Role::Assistant && !self.is_busy() => {
                let parent = message.parent;
                self.answer(parent, ask)
            }
            _ => Vec::new(),
        }
    }

    pub(super) fn edit(&mut self, id: MessageId, text: &str, mut ask: Ask) -> Vec<Effect> {
        let Some(message) = self.thread.message(id).filter(|message| message.role == Role::User) else {
            return Vec::new();
        };
        let text = text.trim();
        if self.is_busy() || text.is_empty() && message.attachments.is_empty() {
            return Vec::new();
        }
        let (parent, attachments, format) =
            (message.parent, message.attachments.clone(), message.format.clone());
        ask.offer.format = format;
        self.say(parent, text.to_owned(), attachments, ask)
    }

    /// Says something after `parent` and asks for an answer to it.
    fn say(
        &mut self,
        parent: Option<MessageId>,
        text: String,
        attachments: Vec<Attachment>,
        ask: Ask,
    ) -> Vec<Effect> {
        let said = self.thread.add(parent, Role::User, text, ask.at);
        if let Some(message) = self.thread.find(said) {
            message.attachments = attachments;
            message.format.clone_from(&ask.offer.format);
        }
        let mut effects = vec![keep(said)];
        effects.extend(self.answer(Some(said), ask));
        effects
    }

    /// Asks for an answer to `parent`.
    pub(super) fn answer(&mut self, parent: Option<MessageId>, mut ask: Ask) -> Vec<Effect> {
        ask.offer.words_only = self.is_enough(parent);
        ask.offer.format = self.format(parent);
        let answer = self.thread.add(parent, Role::Assistant, String::new(), ask.at);
        if let Some(message) = self.thread.find(answer) {
            message.status = Status::Waiting;
            message.pace.sent = ask.now;
            message.model = Some(ask.model.clone());
            message.is_json = !ask.offer.format.is_empty();
        }
        self.left = None;
        let request = request(&self.thread, answer, ask.model.clone(), &ask.offer);
        self.call = Some(Call::new(answer, ask.key.clone(), ask.offer.clone()));
        self.thread.model = Some(ask.model);
        let mut effects = self.no_longer();
        effects.extend([
            Effect::ListChanged,
            keep(answer),
            Effect::Persist(Change::Thread),
            Effect::Began,
            Effect::Start { request, offer: ask.offer, key: ask.key },
        ]);
        effects
    }

    /// The form that was wanted by whoever asked last.
    fn format(&self, before: Option<MessageId>) -> String {
        let path = self.thread.path_to(before);
        let asked = path.iter().rev().find(|message| message.role == Role::User);
        asked.map(|message| message.format.clone()).unwrap_or_default()
    }
}
