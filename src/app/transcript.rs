//! Keeps what the views of messages read in step with the conversation.

use std::rc::Rc;

use super::page::Frame;
use super::signals::MessageState;
use super::{Core, MessageView};
use crate::config::Announce;
use crate::host::HostEvent;
use crate::locale::Text;
use crate::reactive::ArcRwSignal;
use crate::session::{MessageId, Status};

/// How many of the last messages are drawn at once; more than fit on a screen.
const DRAWN_AT_ONCE: usize = 24;
/// How many of the others are drawn in each frame after that.
const DRAWN_IN_A_FRAME: usize = 6;

impl Core {
    /// Another conversation is shown: its messages have the same names as those of the one before.
    pub(super) fn forget_messages(self: &Rc<Self>) {
        self.stop_reading();
        self.messages.borrow_mut().clear();
        self.grown.borrow_mut().clear();
        self.undrawn.borrow_mut().clear();
        self.signals.thread.update(|thread| *thread = thread.wrapping_add(1));
    }

    pub(super) fn list_messages(self: &Rc<Self>) {
        let session = self.chat.borrow();
        let mut views = self.messages.borrow_mut();
        views.retain(|id| session.message(id).is_some());
        let path = session.thread().path();
        let forks = session.thread().forks();
        let version = |id| forks.iter().find(|fork| fork.0 == id).map(|(_, place, count)| (*place, *count));
        let mut moved = Vec::new();
        let mut later = Vec::new();
        let first_drawn = path.len().saturating_sub(DRAWN_AT_ONCE);
        for (place, message) in path.iter().enumerate() {
            let version = version(message.id);
            if let Some(view) = views.get(message.id) {
                if view.state.with_untracked(|state| state.version != version) {
                    moved.push((view.state.clone(), version));
                }
                if !view.drawn.get_untracked() {
                    later.push(message.id);
                }
                continue;
            }
            let drawn = place >= first_drawn;
            if !drawn {
                later.push(message.id);
            }
            let view = MessageView {
                state: ArcRwSignal::new(MessageState::new(message, version)),
                length: ArcRwSignal::new(message.text.len()),
                thought: ArcRwSignal::new(message.reasoning.len()),
                drawn: ArcRwSignal::new(drawn),
            };
            views.insert(message.id, view);
        }
        let ids: Vec<MessageId> = path.into_iter().map(|message| message.id).collect();
        drop((session, views));
        for (state, version) in moved {
            state.update(|state| state.version = version);
        }
        self.read_only(&ids);
        self.signals.messages.set(ids);
        if !later.is_empty() {
            self.undrawn.replace(later);
            self.frame();
        }
    }

    pub(super) fn show_message(&self, id: MessageId) {
        let view = self.messages.borrow().get(id).cloned();
        let session = self.chat.borrow();
        let (Some(message), Some(view)) = (session.message(id), view) else { return };
        let version = view.state.with_untracked(|state| state.version);
        let state = MessageState::new(message, version);
        drop(session);
        view.state.set(state);
    }

    /// Paints at most once a frame, however many tokens come. A hidden page paints once when it is shown again.
    pub(super) fn paint_soon(self: &Rc<Self>, id: MessageId) {
        let mut grown = self.grown.borrow_mut();
        if !grown.contains(&id) {
            grown.push(id);
        }
        drop(grown);
        self.frame();
    }

    fn frame(self: &Rc<Self>) {
        if self.paint.borrow().is_none() {
            let core = self.clone();
            *self.paint.borrow_mut() = Frame::new(move || core.paint());
        }
    }

    fn paint(self: &Rc<Self>) {
        let frame = self.paint.take();
        for id in self.grown.take() {
            let lengths =
                self.chat.borrow().message(id).map(|message| (message.text.len(), message.reasoning.len()));
            let view = self.messages.borrow().get(id).cloned();
            if let (Some((length, thought)), Some(view)) = (lengths, view) {
                view.length.set(length);
                if view.thought.with_untracked(|known| *known != thought) {
                    view.thought.set(thought);
                }
            }
            self.speak(id, false);
        }
        self.draw_more();
        // Dropped last: it owns the closure that is running.
        drop(frame);
    }

    /// Draws messages that are not drawn yet, the last ones first, a few in each frame.
    fn draw_more(self: &Rc<Self>) {
        for _ in 0..DRAWN_IN_A_FRAME {
            let Some(id) = self.undrawn.borrow_mut().pop() else { return };
            let view = self.messages.borrow().get(id).cloned();
            if let Some(view) = view {
                view.drawn.set(true);
            }
        }
        self.frame();
    }

    pub(super) fn answered(&self, id: MessageId) {
        self.speak(id, true);
        let session = self.chat.borrow();
        if session.is_calling() {
            // It goes on when its calls have ended.
            return;
        }
        let Some(message) = session.message(id) else { return };
        let (text, status) = (message.said().to_owned(), message.status.clone());
        let (thread, id) = (session.thread().id.0.clone(), id.0.to_string());
        drop(session);
        if self.announces() != Announce::Off {
            self.announce(self.text(match status {
                Status::Stopped => Text::SaidAnswerStopped,
                Status::Cut => Text::SaidAnswerCut,
                _ => Text::SaidAnswerFinished,
            }));
        }
        self.tell(HostEvent::Message { thread, id, text });
    }
}
