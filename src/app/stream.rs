//! Carries out what the conversation asks for, and feeds what comes of it back.

use std::rc::Rc;

use triptych_protocol::{ChatChoice, ChatChunk};

use super::Core;
use super::consent::Due;
use crate::client::{StreamEvent, clock};
use crate::dictation;
use crate::error::Failure;
use crate::host::HostEvent;
use crate::locale::Text;
use crate::session::{CallPiece, Effect, Input, Piece};
use crate::thread::Citation;

/// From how many bytes on it is shown that a call is on its way.
const WORTH_SHOWING: u64 = 200_000;

impl Core {
    pub(super) fn run_chat(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Start { request, offer, key } => {
                let core = self.clone();
                let turn = self.next_turn();
                let carried = self.chat.borrow().past().encoded;
                self.signals.desk.sending.set((carried > WORTH_SHOWING).then_some(carried));
                wasm_bindgen_futures::spawn_local(async move {
                    if !core.secure(turn).await {
                        return;
                    }
                    let mut sink = core.sink(turn);
                    let result = core.client.chat(&request, &offer, &key, &mut sink).await;
                    core.ended(turn, result);
                });
            }
            Effect::Resume { stream, after, attempt } => {
                let core = self.clone();
                let turn = self.turn.get();
                wasm_bindgen_futures::spawn_local(async move {
                    if attempt > 0 {
                        clock::sleep(500 << (attempt - 1).min(4)).await;
                    }
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
            Effect::StopElsewhere { stream } => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.stop_elsewhere(stream).await });
            }
            Effect::RunTool { message, place, name, arguments } => {
                self.page.due.borrow_mut().push(Due { message, place, name, arguments });
            }
            Effect::CancelTools => self.cancel_tools(),
            Effect::TrustChanged => self.signals.desk.offered.set(self.page.tools.get()),
            Effect::Wanted(id) => self.ask_consent(id),
            Effect::Called { message, place } => self.tell_call(message, place),
            Effect::Continue(id) => self.go_on(id),
            Effect::Abandon => {
                self.next_turn();
            }
            Effect::KeepDraft(text) => self.keep_draft(&text),
            Effect::Persist(change) => self.persist(change),
            Effect::ThreadChanged => self.forget_messages(),
            Effect::ListChanged => self.list_messages(),
            Effect::MessageChanged(id) => self.show_message(id),
            Effect::TextGrew(id) | Effect::ReasoningGrew(id) => self.paint_soon(id),
            Effect::DraftReplaced => {
                self.dictate(dictation::Input::Replaced);
                let draft = self.chat.borrow().draft().to_owned();
                self.signals.draft.set(draft);
            }
            Effect::AttachmentsTaken => {
                self.signals.desk.attached.set(Vec::new());
                self.signals.desk.refusal.set(None);
            }
            Effect::Began => self.begin_speech(),
            Effect::Answered(id) => self.answered(id),
            Effect::Rated { message, good } => {
                let thread = self.chat.borrow().thread().id.0.clone();
                self.tell(HostEvent::Feedback { thread, id: message.0.to_string(), good });
            }
            Effect::Reported(failure) => {
                self.correct_balance(&failure);
                self.announce(self.words().fill(Text::SaidAnswerFailed, &[&self.words().failure(&failure)]));
                self.report(&failure);
            }
            Effect::Again(again) => self.ask_again(again),
            Effect::Balance(extra) => self.settle(extra),
        }
    }

    /// From here on only the next call is listened to.
    fn next_turn(&self) -> u32 {
        if let Some(reader) = self.reader.take() {
            reader.hang_up();
        }
        self.signals.desk.sending.set(None);
        self.turn.set(self.turn.get().wrapping_add(1));
        self.turn.get()
    }

    fn ended(self: &Rc<Self>, turn: u32, result: Result<(), Failure>) {
        if self.turn.get() == turn {
            self.reader.take();
            self.signals.desk.sending.set(None);
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
                core.signals.desk.sending.set(None);
                core.chat(Input::Opened { stream });
            }
            StreamEvent::Words { words, event } => {
                let piece = Piece { text: words.said, reasoning: words.thought, ..Piece::default() };
                core.chat(Input::Delta { piece, event, now: clock::monotonic() });
            }
            StreamEvent::Chunk { mut chunk, event } => {
                if let Some(piece) = piece(&mut chunk) {
                    core.chat(Input::Delta { piece, event, now: clock::monotonic() });
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
}

/// What a chunk adds to the answer.
fn piece(chunk: &mut ChatChunk) -> Option<Piece> {
    let choice = chunk.choices.iter_mut().find(|choice| choice.index == 0).map(std::mem::take);
    let addresses = chunk.citations.take().unwrap_or_default();
    if choice.is_none() && addresses.is_empty() {
        return None;
    }
    let ChatChoice { delta, finish_reason, .. } = choice.unwrap_or_default();
    let calls = (0..).zip(delta.tool_calls.unwrap_or_default()).map(|(place, call)| {
        let function = call.function.unwrap_or_default();
        CallPiece {
            index: call.index.unwrap_or(place),
            id: call.id.unwrap_or_default(),
            name: function.name.unwrap_or_default(),
            arguments: function.arguments.unwrap_or_default(),
        }
    });
    let pages = delta.annotations.unwrap_or_default().into_iter().filter_map(|one| one.url_citation);
    let pages = pages.map(|page| Citation { url: page.url, title: page.title.unwrap_or_default() });
    let bare = addresses.into_iter().map(|url| Citation { url, title: String::new() });
    Some(Piece {
        text: delta.content.unwrap_or_default(),
        // Some servers send them under both names.
        reasoning: delta.reasoning_content.or(delta.reasoning).unwrap_or_default(),
        refusal: delta.refusal.unwrap_or_default(),
        calls: calls.collect(),
        citations: pages.chain(bare).collect(),
        finish: finish_reason,
    })
}

fn outcome(result: Result<(), Failure>) -> Input {
    match result {
        Ok(()) => Input::Ended,
        Err(failure) => Input::Failed(failure),
    }
}
