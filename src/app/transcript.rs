//! Keeps what the views of messages read in step with the conversation.

use std::rc::Rc;

use leptos::prelude::{ArcRwSignal, Set, Update, UpdateUntracked};

use super::page::Frame;
use super::signals::MessageState;
use super::{Core, MessageView};
use crate::host::HostEvent;
use crate::locale::Text;
use crate::session::{MessageId, Status};

impl Core {
    /// Another conversation is shown: its messages have the same names as those of the one before.
    pub(super) fn forget_messages(&self) {
        self.messages.borrow_mut().clear();
        self.grown.borrow_mut().clear();
        self.signals.thread.update_untracked(|thread| *thread = thread.wrapping_add(1));
    }

    pub(super) fn list_messages(self: &Rc<Self>) {
        let session = self.chat.borrow();
        let mut views = self.messages.borrow_mut();
        views.retain(|id, _| session.message(*id).is_some());
        let path = session.thread().path();
        for message in &path {
            views.entry(message.id).or_insert_with(|| MessageView {
                state: ArcRwSignal::new(MessageState::from(*message)),
                length: ArcRwSignal::new(message.text.len()),
            });
        }
        let ids = path.into_iter().map(|message| message.id).collect();
        drop((session, views));
        self.signals.messages.set(ids);
    }

    pub(super) fn show_message(&self, id: MessageId) {
        let state = self.chat.borrow().message(id).map(MessageState::from);
        let view = self.messages.borrow().get(&id).cloned();
        if let (Some(state), Some(view)) = (state, view) {
            view.state.update(|shown| *shown = state);
        }
    }

    /// Paints at most once a frame, however many tokens come. A hidden page paints once when it is shown again.
    pub(super) fn paint_soon(self: &Rc<Self>, id: MessageId) {
        let mut grown = self.grown.borrow_mut();
        if !grown.contains(&id) {
            grown.push(id);
        }
        drop(grown);
        if self.paint.borrow().is_none() {
            let core = self.clone();
            *self.paint.borrow_mut() = Frame::new(move || core.paint());
        }
    }

    fn paint(&self) {
        let frame = self.paint.take();
        for id in self.grown.take() {
            let length = self.chat.borrow().message(id).map(|message| message.text.len());
            let view = self.messages.borrow().get(&id).cloned();
            if let (Some(length), Some(view)) = (length, view) {
                view.length.set(length);
            }
        }
        // Dropped last: it owns the closure that is running.
        drop(frame);
    }

    pub(super) fn answered(&self, id: MessageId) {
        let session = self.chat.borrow();
        let Some(message) = session.message(id) else { return };
        let (text, status) = (message.text.clone(), message.status.clone());
        drop(session);
        self.announce(match status {
            Status::Stopped => self.text(Text::SaidAnswerStopped).to_owned(),
            Status::Cut => self.words().fill(Text::SaidAnswerCut, &[&text]),
            _ => self.words().fill(Text::SaidAnswer, &[&text]),
        });
        self.tell(HostEvent::Message { text });
    }
}
