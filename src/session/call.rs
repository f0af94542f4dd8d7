//! The answer under way: what comes of it, and the three ways in which watching it ends.

use triptych_protocol::{TriptychExtra, Usage};

use super::{CallPiece, Change, Effect, MessageId, Piece, Session, Status, can_go_on, keep, request};
use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::offer::Offer;
use crate::thread::{Citation, Live, Message, Pace, ToolCall};
use crate::tools::MOST_ARGUMENTS;

/// How often a broken stream is taken up again before the user is asked.
pub(super) const MOST_RESUMES: u32 = 5;
/// How many calls of tools, and how many sources, an answer may have.
const MOST_PARTS: usize = 64;

/// The answer under way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) live: Live,
    /// The server has taken the call.
    opened: bool,
    resumes: u32,
    paid: bool,
    pub(super) stop_asked: bool,
}

impl Call {
    pub(super) fn new(message: MessageId, key: String, offer: Offer) -> Self {
        Call::of(Live { message, key, stream: None, after: String::new(), finish: None, offer })
    }

    fn of(live: Live) -> Self {
        Call { opened: live.stream.is_some(), live, resumes: 0, paid: false, stop_asked: false }
    }
}

impl Session {
    pub(super) fn opened(&mut self, stream: Option<String>) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        if stream.is_some() {
            call.live.stream = stream;
        }
        call.opened = true;
        // A stop that was asked for before the stream had a name.
        let mut effects = match (&call.live.stream, call.stop_asked) {
            (Some(stream), true) => vec![Effect::Stop { stream: stream.clone() }],
            (None, true) => return self.hang_up(),
            // What was held is held from here on.
            _ => vec![Effect::MessageChanged(call.live.message), Effect::Balance(None)],
        };
        effects.push(Effect::Persist(Change::Thread));
        effects
    }

    pub(super) fn delta(&mut self, piece: Piece, event: String, now: f64) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        if !event.is_empty() {
            call.live.after = event;
        }
        let (id, stopping) = (call.live.message, call.stop_asked);
        call.resumes = 0;
        call.live.finish = piece.finish.or(call.live.finish.take());
        self.got_through();
        let Some(message) = self.thread.find(id) else { return Vec::new() };
        let mut effects = vec![keep(id)];
        let mut changed = !piece.calls.is_empty() || !piece.citations.is_empty() || !piece.refusal.is_empty();
        if !piece.text.is_empty() || !piece.reasoning.is_empty() || !piece.refusal.is_empty() || changed {
            message.pace.first.get_or_insert(now);
            message.pace.last = now;
            if !stopping && message.status != Status::Streaming {
                message.status = Status::Streaming;
                changed = true;
            }
        }
        if !piece.reasoning.is_empty() {
            message.reasoning.push_str(&piece.reasoning);
            message.pace.thought = now - message.pace.first.unwrap_or(now);
            effects.push(Effect::ReasoningGrew(id));
        }
        if !piece.text.is_empty() {
            message.text.push_str(&piece.text);
            effects.push(Effect::TextGrew(id));
        }
        message.refusal.push_str(&piece.refusal);
        piece.calls.into_iter().for_each(|call| add_call(&mut message.calls, call));
        piece.citations.into_iter().for_each(|citation| add_citation(&mut message.citations, citation));
        if changed {
            effects.push(Effect::MessageChanged(id));
        }
        effects
    }

    pub(super) fn paid(&mut self, usage: Option<Usage>, extra: Option<TriptychExtra>) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        let id = call.live.message;
        call.paid |= extra.is_some();
        let receipt = extra.as_ref().map(|extra| extra.cost);
        if let Some(message) = self.thread.find(id) {
            message.receipt = receipt.or(message.receipt);
            message.usage = usage.or(message.usage);
            message.pace.tokens = usage.map_or(message.pace.tokens, |usage| written(message, &usage));
        }
        let mut effects = vec![Effect::MessageChanged(id), keep(id)];
        effects.extend(extra.map(|extra| Effect::Balance(Some(extra))));
        effects
    }

    pub(super) fn ended(&mut self) -> Vec<Effect> {
        let Some(call) = &self.call else { return Vec::new() };
        let status = match (call.stop_asked, call.live.finish.as_deref()) {
            (true, _) => Status::Stopped,
            (_, Some("length")) => Status::Cut,
            (_, Some(_)) => Status::Done,
            // A stream that ends without a reason was cut off on its way.
            (_, None) => return self.failed(Failure::network()),
        };
        let (id, offer) = (call.live.message, call.live.offer.clone());
        let done = status == Status::Done;
        let mut effects = self.close(status);
        if done {
            effects.extend(self.take_calls(id, &offer));
        }
        effects
    }

    pub(super) fn failed(&mut self, mut failure: Failure) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        let (id, network) = (call.live.message, failure.kind == FailureKind::Network);
        if network
            && call.resumes < MOST_RESUMES
            && let Some(stream) = call.live.stream.clone()
            && self.thread.message(id).is_some_and(|message| can_go_on(message, &call.live))
        {
            call.resumes += 1;
            let effect = Effect::Resume { stream, after: call.live.after.clone(), attempt: call.resumes };
            let status = if call.stop_asked { Status::Stopping } else { Status::Resuming };
            if let Some(message) = self.find(id) {
                message.status = status;
            }
            return vec![Effect::MessageChanged(id), effect];
        }
        if call.stop_asked && call.live.stream.is_none() {
            return self.close(Status::Stopped);
        }
        if failure.kind == FailureKind::Gone && call.live.stream.is_some() {
            failure = Failure::ours(FailureKind::Server, Text::FailedForgotten);
        }
        let (live, wanted) = (call.live.clone(), !call.stop_asked);
        let mut effects = self.close(Status::Failed(failure.clone()));
        if network && self.thread.message(id).is_some_and(|message| can_go_on(message, &live)) {
            self.left = Some(live);
        }
        effects.push(Effect::Reported(failure.clone()));
        if wanted {
            effects.extend(self.after_failure(id, &failure));
        }
        effects
    }

    pub(super) fn stop(&mut self) -> Vec<Effect> {
        if self.is_left() {
            // Its receipt comes at the end of its stream, so it is read to there.
            let mut effects = self.watch();
            effects.extend(self.stop());
            return effects;
        }
        let Some(call) = &mut self.call else { return Vec::new() };
        if std::mem::replace(&mut call.stop_asked, true) {
            return Vec::new();
        }
        if call.opened && call.live.stream.is_none() {
            return self.hang_up();
        }
        let (id, stream) = (call.live.message, call.live.stream.clone());
        if let Some(message) = self.find(id) {
            message.status = Status::Stopping;
        }
        let mut effects = vec![Effect::MessageChanged(id)];
        effects.extend(stream.map(|stream| Effect::Stop { stream }));
        effects
    }

    /// Ends an answer that has no name to be stopped by: its server notices that nobody listens.
    fn hang_up(&mut self) -> Vec<Effect> {
        let mut effects = vec![Effect::Abandon];
        effects.extend(self.close(Status::Stopped));
        effects
    }

    pub(super) fn leave(&mut self) -> Vec<Effect> {
        let Some(call) = &self.call else { return self.leave_tools() };
        if call.opened && call.live.stream.is_none() {
            return self.hang_up();
        }
        let Some(call) = self.call.take() else { return Vec::new() };
        let id = call.live.message;
        // A stop that is on its way ends it at the server; the receipt is fetched when it is watched again.
        self.left = Some(call.live);
        if let Some(message) = self.find(id) {
            message.status = Status::Left;
            message.pace.broken = true;
        }
        vec![Effect::Abandon, Effect::MessageChanged(id), keep(id), Effect::Persist(Change::Thread)]
    }

    /// Takes up the answer that nobody reads.
    pub(super) fn watch(&mut self) -> Vec<Effect> {
        let mut effects = self.lose_others();
        let Some(live) = self.left.take().filter(|_| self.call.is_none()) else { return effects };
        let (id, stream) = (live.message, live.stream.clone());
        let Some(message) = self.thread.find(id) else { return effects };
        message.status = Status::Resuming;
        message.pace = Pace { broken: true, tokens: message.pace.tokens, ..message.pace };
        let effect = match stream {
            Some(stream) => Effect::Resume { stream, after: live.after.clone(), attempt: 0 },
            // Nobody knows whether the call was worked on: the same key makes sure that it is worked on, and paid for,
            // once.
            None => {
                let model = message.model.clone().unwrap_or_default();
                let request = request(&self.thread, id, model, &live.offer);
                Effect::Start { request, offer: live.offer.clone(), key: live.key.clone() }
            }
        };
        self.call = Some(Call::of(live));
        effects.extend(self.no_longer());
        effects.extend([Effect::MessageChanged(id), effect]);
        effects
    }

    fn close(&mut self, status: Status) -> Vec<Effect> {
        let Some(call) = self.call.take() else { return Vec::new() };
        let (id, done) = (call.live.message, !matches!(status, Status::Failed(_)));
        if let Some(message) = self.find(id) {
            message.status = status;
        }
        let mut effects =
            vec![Effect::TextGrew(id), Effect::MessageChanged(id), keep(id), Effect::Persist(Change::Thread)];
        if done {
            effects.push(Effect::Answered(id));
        }
        if !call.paid {
            effects.push(Effect::Balance(None));
        }
        effects
    }
}

/// The tokens that the answer's times are about: thoughts count where they were sent.
fn written(message: &Message, usage: &Usage) -> u64 {
    let hidden = usage.completion_tokens_details.and_then(|details| details.reasoning_tokens);
    let hidden = hidden.filter(|_| message.reasoning.is_empty()).unwrap_or(0);
    usage.completion_tokens.saturating_sub(hidden)
}

fn add_call(calls: &mut Vec<ToolCall>, piece: CallPiece) {
    let place = calls.iter().position(|call| call.index == piece.index);
    let place = place.or_else(|| {
        (calls.len() < MOST_PARTS).then(|| {
            calls.push(ToolCall { index: piece.index, ..ToolCall::default() });
            calls.len() - 1
        })
    });
    let Some(call) = place.and_then(|place| calls.get_mut(place)) else { return };
    if call.id.is_empty() {
        call.id = piece.id;
    }
    if call.name.is_empty() {
        call.name = piece.name;
    }
    if call.arguments.len() <= MOST_ARGUMENTS {
        call.arguments.push_str(&piece.arguments);
    }
}

fn add_citation(citations: &mut Vec<Citation>, citation: Citation) {
    // Some servers send the whole list with each event.
    if citations.len() < MOST_PARTS && citations.iter().all(|known| known.url != citation.url) {
        citations.push(citation);
    }
}
