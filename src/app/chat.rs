use std::rc::Rc;

use leptos::prelude::{ArcRwSignal, GetUntracked, Set, Update, With, WithUntracked};
use triptych_protocol::{Estimate, Role};

use super::page::Frame;
use super::signals::MessageState;
use super::{App, Core, MessageView};
use crate::client::{StreamEvent, clock, unique_key};
use crate::error::Failure;
use crate::host::HostEvent;
use crate::session::{Effect, Input, MessageId, Status};

impl App {
    /// The user typed.
    pub(crate) fn type_draft(self, text: String) {
        self.signals.draft.set(text.clone());
        self.chat(Input::Draft(text));
    }

    /// The user sends what is typed.
    pub(crate) fn send(self) {
        let Some(model) = self.chat_model() else { return };
        self.chat(Input::Send { model, key: unique_key(), now: clock::monotonic() });
    }

    /// The page sends something.
    pub(crate) fn say(self, text: String) {
        if let (Some(core), false) = (self.core(), text.trim().is_empty()) {
            core.unsent.borrow_mut().push_back(text);
            core.say_next();
        }
    }

    /// The user wants a failed answer once more.
    pub(crate) fn retry(self, message: MessageId) {
        let Some(model) = self.chat_model() else { return };
        self.chat(Input::Retry { message, model, key: unique_key(), now: clock::monotonic() });
    }

    /// The user wants no more of the answer under way.
    pub(crate) fn stop_answer(self) {
        self.chat(Input::Stop);
    }

    /// The conversation is thrown away.
    pub(crate) fn clear_chat(self) {
        self.chat(Input::Clear);
    }

    /// What a send of the draft would hold at most. Follows the draft, the conversation and the model.
    pub(crate) fn chat_estimate(self) -> Option<Estimate> {
        self.signals.draft.with(|_| ());
        self.signals.messages.with(|_| ());
        self.signals.busy.with(|_| ());
        let cargo = self.core()?.chat.borrow().cargo();
        self.signals.chat_form.with(|form| form.chat_estimate(&cargo))
    }

    /// Who said a message and what its view reads.
    pub(crate) fn message(self, id: MessageId) -> Option<(Role, MessageView)> {
        let core = self.core()?;
        let role = core.chat.borrow().message(id)?.role;
        let view = core.messages.borrow().get(&id)?.clone();
        Some((role, view))
    }

    /// The text of a message from a byte on.
    pub(crate) fn text_from(self, id: MessageId, start: usize) -> String {
        let text = self.core().and_then(|core| {
            core.chat.borrow().message(id).and_then(|message| message.text.get(start..).map(str::to_owned))
        });
        text.unwrap_or_default()
    }

    fn chat_model(self) -> Option<String> {
        self.signals.chat_form.get_untracked().model().map(|model| model.id.clone())
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
        let busy = self.chat.borrow().is_busy();
        if self.signals.busy.get_untracked() != busy {
            self.signals.busy.set(busy);
            if !busy {
                self.say_next();
            }
        }
    }

    fn run_chat(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Start { request, key } => {
                let core = self.clone();
                let turn = self.next_turn();
                wasm_bindgen_futures::spawn_local(async move {
                    let mut sink = core.sink(turn);
                    let result = core.client.chat(&request, &key, &mut sink).await;
                    core.ended(turn, result);
                });
            }
            Effect::Resume { stream, after, attempt } => {
                let core = self.clone();
                let turn = self.turn.get();
                wasm_bindgen_futures::spawn_local(async move {
                    clock::sleep(500 * (1 << attempt.min(4))).await;
                    let mut sink = core.sink(turn);
                    let result = core.client.resume(&stream, &after, &mut sink).await;
                    core.ended(turn, result);
                });
            }
            Effect::Stop { stream } => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    // The stream itself says how it ended; a lost stop shows in words that go on.
                    let _ = core.client.stop_stream(&stream).await;
                });
            }
            Effect::Abandon => {
                self.next_turn();
            }
            Effect::KeepDraft(text) => {
                if let Some(shelf) = &*self.shelf.borrow() {
                    shelf.set_text("draft", &text);
                }
            }
            Effect::ListChanged => self.list_messages(),
            Effect::MessageChanged(id) => self.show_message(id),
            Effect::TextGrew(id) => self.paint_soon(id),
            Effect::DraftReplaced => {
                let draft = self.chat.borrow().draft().to_owned();
                self.signals.draft.set(draft);
            }
            Effect::AttachmentsTaken => {}
            Effect::Began => self.announce("Sent. The answer is coming."),
            Effect::Answered(id) => self.answered(id),
            Effect::Reported(failure) => {
                self.correct_balance(&failure);
                self.announce(format!("The answer failed. {failure}"));
                self.report(&failure);
            }
            Effect::Balance(extra) => self.settle(extra),
        }
    }

    /// Sends what the page wanted to send before there was a model to ask, or while another answer was under way.
    pub(super) fn say_next(self: &Rc<Self>) {
        let model = self.signals.chat_form.with_untracked(|form| form.model().map(|model| model.id.clone()));
        let Some(model) = model else { return };
        if self.chat.borrow().is_busy() {
            return;
        }
        let Some(text) = self.unsent.borrow_mut().pop_front() else { return };
        let typed = self.chat.borrow().draft().to_owned();
        self.chat(Input::Draft(text));
        self.chat(Input::Send { model, key: unique_key(), now: clock::monotonic() });
        self.chat(Input::Draft(typed.clone()));
        self.signals.draft.set(typed);
    }

    /// From here on only the next call is listened to.
    fn next_turn(&self) -> u32 {
        if let Some(reader) = self.reader.take() {
            reader.hang_up();
        }
        self.turn.set(self.turn.get().wrapping_add(1));
        self.turn.get()
    }

    fn ended(self: &Rc<Self>, turn: u32, result: Result<(), Failure>) {
        if self.turn.get() == turn {
            self.reader.take();
            self.chat(outcome(result));
        }
    }

    /// Feeds what comes over a stream into the conversation.
    fn sink(self: &Rc<Self>, turn: u32) -> impl FnMut(StreamEvent) + use<> {
        let core = self.clone();
        move |event| match event {
            StreamEvent::Opened { reader, .. } if core.turn.get() != turn => reader.hang_up(),
            _ if core.turn.get() != turn => {}
            StreamEvent::Opened { stream, reader } => {
                core.reader.replace(Some(reader));
                core.chat(Input::Opened { stream });
            }
            StreamEvent::Words { text, event } => {
                core.chat(Input::Delta { text, event, now: clock::monotonic() });
            }
            StreamEvent::Chunk { chunk, event } => {
                for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
                    if let Some(text) =
                        choice.delta.content.or(choice.delta.refusal).filter(|text| !text.is_empty())
                    {
                        core.chat(Input::Delta { text, event: event.clone(), now: clock::monotonic() });
                    }
                    if let Some(reason) = choice.finish_reason {
                        core.chat(Input::Finished(reason));
                    }
                }
                if chunk.usage.is_some() || chunk.triptych.is_some() {
                    core.chat(Input::Paid { usage: chunk.usage, extra: chunk.triptych });
                }
                if let Some(detail) = chunk.error {
                    core.chat(Input::Failed(Failure::from_detail(502, detail)));
                }
            }
        }
    }

    fn list_messages(self: &Rc<Self>) {
        let session = self.chat.borrow();
        let mut views = self.messages.borrow_mut();
        views.retain(|id, _| session.message(*id).is_some());
        for message in session.messages() {
            views.entry(message.id).or_insert_with(|| MessageView {
                state: ArcRwSignal::new(MessageState::from(message)),
                length: ArcRwSignal::new(message.text.len()),
            });
        }
        let ids = session.messages().iter().map(|message| message.id).collect();
        drop((session, views));
        self.signals.messages.set(ids);
    }

    fn show_message(&self, id: MessageId) {
        let state = self.chat.borrow().message(id).map(MessageState::from);
        let view = self.messages.borrow().get(&id).cloned();
        if let (Some(state), Some(view)) = (state, view) {
            view.state.update(|shown| *shown = state);
        }
    }

    /// Paints at most once a frame, however many tokens come. A hidden page paints once when it is shown again.
    fn paint_soon(self: &Rc<Self>, id: MessageId) {
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

    fn answered(&self, id: MessageId) {
        let session = self.chat.borrow();
        let Some(message) = session.message(id) else { return };
        let (text, status) = (message.text.clone(), message.status.clone());
        drop(session);
        self.announce(match status {
            Status::Stopped => "The answer was stopped.".to_owned(),
            Status::Cut => format!("The answer reached its longest length. {text}"),
            _ => format!("Answer: {text}"),
        });
        self.tell(HostEvent::Message { text });
    }
}

fn outcome(result: Result<(), Failure>) -> Input {
    match result {
        Ok(()) => Input::Ended,
        Err(failure) => Input::Failed(failure),
    }
}
