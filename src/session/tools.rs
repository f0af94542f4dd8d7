//! Calls of the page's functions: who decides on them, what comes of them, and when the model is told.

use super::{Ask, Change, Effect, MessageId, Session, keep};
use crate::offer::Offer;
use crate::thread::{CallState, Decision, Message, Trust};
use crate::tools::{MOST_CALLS, MOST_ROUNDS, Tool, arguments, bounded, is_usable_id};

// What a model is told, in the language that models know best.
const UNKNOWN: &str = "Error: there is no function of this name.";
const NO_OBJECT: &str = "Error: the arguments are not a JSON object.";
const TOO_MANY: &str = "Error: not run, too many calls at once.";
const TOO_OFTEN: &str = "Error: not run, too many calls for one question. Answer with what is known.";
const DECLINED: &str = "The user declined this call.";
const STOPPED: &str = "The user stopped before this call ended.";

/// What the page offers, and what is let through at present.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tools {
    offered: Vec<Tool>,
    /// The answer whose calls are decided on and run here.
    turn: Option<MessageId>,
    /// Which of them run here, by their places.
    running: Vec<usize>,
}

impl Session {
    /// True while calls of an answer are decided on or run here.
    pub fn is_calling(&self) -> bool {
        self.tools.turn.is_some()
    }

    /// True where all calls of the last answer have ended and the model was not told, because the page went.
    pub fn can_go_on(&self, id: MessageId) -> bool {
        let message = self.message(id).filter(|_| self.thread.head() == Some(id) && !self.is_busy());
        message.is_some_and(|message| {
            message.has_calls() && !message.calls.iter().any(|call| call.state.is_open())
        })
    }

    /// What the page offers under this name.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.offered.iter().find(|tool| tool.name == name)
    }

    /// True where a function runs without a question because the user said so.
    pub fn trusts(&self, name: &str) -> bool {
        let covers = |tool| self.thread.trusts.iter().any(|trust| trust.covers(tool));
        self.tool(name).is_some_and(covers)
    }

    /// True while a function of the page runs here.
    pub fn runs_here(&self) -> bool {
        !self.tools.running.is_empty()
    }

    /// True while another tab runs what the last answer calls.
    pub(super) fn is_run_elsewhere(&self) -> bool {
        let message = self.thread.head().and_then(|id| self.message(id));
        message.is_some_and(Message::has_running) && !self.runs_here()
    }

    /// What another tab ran, and that tab is gone.
    pub(super) fn lose_others(&mut self) -> Vec<Effect> {
        let Some(id) = self.thread.head().filter(|_| self.is_run_elsewhere()) else { return Vec::new() };
        self.thread.find(id).map(lose);
        vec![Effect::MessageChanged(id), keep(id)]
    }

    pub(super) fn offered(&mut self, tools: Vec<Tool>) -> Vec<Effect> {
        self.tools.offered = tools;
        vec![Effect::TrustChanged]
    }

    pub(super) fn ask_again(&mut self, name: &str) -> Vec<Effect> {
        self.thread.trusts.retain(|trust| trust.name != name);
        vec![Effect::TrustChanged, Effect::Persist(Change::Thread)]
    }

    /// Whose word lets a call through without a question.
    fn free(&self, name: &str) -> Option<Decision> {
        let tool = self.tool(name)?;
        let unasked = (!tool.asks).then_some(Decision::Unasked);
        if self.trusts(name) { Some(Decision::Always) } else { unasked }
    }

    /// An answer that was offered tools has ended.
    pub(super) fn take_calls(&mut self, id: MessageId, offer: &Offer) -> Vec<Effect> {
        let Some(message) = self.thread.find(id).filter(|_| !offer.tools.is_empty()) else {
            return Vec::new();
        };
        if message.calls.is_empty() {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for place in 0..message.calls.len() {
            let own = format!("call_{}_{place}", id.0);
            let (before, rest) = message.calls.split_at_mut(place);
            let Some(call) = rest.first_mut() else { break };
            if !is_usable_id(&call.id) || before.iter().any(|other| other.id == call.id) {
                call.id = own;
            }
            let known = self.tools.offered.iter().any(|tool| tool.name == call.name);
            let refused = match () {
                () if offer.words_only => Some(TOO_OFTEN),
                () if place >= MOST_CALLS => Some(TOO_MANY),
                () if !known => Some(UNKNOWN),
                () if arguments(&call.arguments).is_none() => Some(NO_OBJECT),
                () => None,
            };
            match refused {
                Some(why) => {
                    call.end(CallState::Failed, why);
                    effects.push(Effect::Called { message: id, place });
                }
                None => call.state = CallState::Asked,
            }
        }
        self.tools.turn = Some(id);
        effects.extend(self.advance(id));
        let asked = |message: &Message| message.calls.iter().any(|call| call.state.is_asked());
        if self.message(id).is_some_and(asked) {
            effects.push(Effect::Wanted(id));
        }
        if offer.words_only {
            // It was told to use words and did not; there is nothing more to tell it.
            effects.retain(|effect| *effect != Effect::Continue(id));
            self.tools.turn = None;
        }
        effects
    }

    pub(super) fn decide(&mut self, id: MessageId, place: usize, decision: Decision) -> Vec<Effect> {
        let elsewhere = self.is_elsewhere() || self.is_busy() && self.tools.turn != Some(id);
        if elsewhere || self.thread.head() != Some(id) {
            return Vec::new();
        }
        let Some(call) = self.thread.find(id).and_then(|message| message.calls.get_mut(place)) else {
            return Vec::new();
        };
        if !call.state.is_asked() {
            return Vec::new();
        }
        call.decision = Some(decision);
        let name = call.name.clone();
        self.tools.turn = Some(id);
        let mut effects = Vec::new();
        if decision == Decision::Declined {
            call.end(CallState::Declined, DECLINED);
            effects.push(Effect::Called { message: id, place });
        } else {
            effects.extend(self.run(id, place));
        }
        if decision == Decision::Always
            && let Some(tool) = self.tools.offered.iter().find(|tool| tool.name == name)
        {
            Trust::add(&mut self.thread.trusts, tool);
            effects.push(Effect::TrustChanged);
        }
        effects.extend(self.advance(id));
        effects
    }

    pub(super) fn tool_ended(
        &mut self,
        id: MessageId,
        place: usize,
        result: Result<String, String>,
    ) -> Vec<Effect> {
        let here = self.tools.turn == Some(id) && self.tools.running.contains(&place);
        let call = self.thread.find(id).filter(|_| here).and_then(|message| message.calls.get_mut(place));
        let Some(call) = call.filter(|call| call.state == CallState::Running) else { return Vec::new() };
        match result {
            Ok(result) => call.end(CallState::Done, bounded(result)),
            Err(error) => call.end(CallState::Failed, bounded(["Error: ", &error].concat())),
        }
        self.tools.running.retain(|running| *running != place);
        let mut effects = vec![Effect::Called { message: id, place }];
        effects.extend(self.advance(id));
        effects
    }

    /// Tells the model what came of the calls.
    pub(super) fn go_on(&mut self, id: MessageId, ask: Ask) -> Vec<Effect> {
        if self.tools.turn == Some(id) {
            self.tools.turn = None;
        }
        if !self.can_go_on(id) {
            return Vec::new();
        }
        self.answer(Some(id), ask)
    }

    pub(super) fn stop_tools(&mut self) -> Vec<Effect> {
        let Some(id) = self.tools.turn.take() else { return Vec::new() };
        self.tools.running.clear();
        let mut effects = vec![Effect::CancelTools, Effect::MessageChanged(id), keep(id)];
        let Some(message) = self.thread.find(id) else { return effects };
        for (place, call) in message.calls.iter_mut().enumerate().filter(|(_, call)| call.state.is_open()) {
            call.end(CallState::Stopped, STOPPED);
            effects.push(Effect::Called { message: id, place });
        }
        effects
    }

    /// What runs is given up with the conversation: nobody will hear what comes of it.
    pub(super) fn leave_tools(&mut self) -> Vec<Effect> {
        let Some(id) = self.tools.turn.take() else { return Vec::new() };
        if std::mem::take(&mut self.tools.running).is_empty() {
            return vec![Effect::MessageChanged(id)];
        }
        self.thread.find(id).map(lose);
        vec![Effect::CancelTools, Effect::MessageChanged(id), keep(id)]
    }

    /// Somebody else has gone on.
    pub(super) fn drop_tools(&mut self) -> Vec<Effect> {
        self.tools.running.clear();
        self.tools.turn.take().map(|_| Effect::CancelTools).into_iter().collect()
    }

    /// Runs what may be run without a question; where nothing is open any more the model is told.
    fn advance(&mut self, id: MessageId) -> Vec<Effect> {
        let mut effects = vec![Effect::MessageChanged(id), keep(id), Effect::Persist(Change::Thread)];
        let count = self.message(id).map_or(0, |message| message.calls.len());
        for place in 0..count {
            let call = self.thread.find(id).and_then(|message| message.calls.get_mut(place));
            // What was lost may have been done already, so that is the user's to decide.
            let Some(call) = call.filter(|call| call.state == CallState::Asked) else { continue };
            let name = call.name.clone();
            let Some(decision) = self.free(&name) else { continue };
            if let Some(call) = self.thread.find(id).and_then(|message| message.calls.get_mut(place)) {
                call.decision = Some(decision);
            }
            effects.extend(self.run(id, place));
        }
        let open =
            self.message(id).is_some_and(|message| message.calls.iter().any(|call| call.state.is_open()));
        if !open {
            if self.thread.head() == Some(id) && self.is_calling() {
                effects.push(Effect::Continue(id));
            } else {
                self.tools.turn = None;
            }
        }
        effects
    }

    fn run(&mut self, id: MessageId, place: usize) -> Option<Effect> {
        let call = self.thread.find(id)?.calls.get_mut(place)?;
        call.state = CallState::Running;
        self.tools.running.push(place);
        let arguments = arguments(&call.arguments).unwrap_or("{}").to_owned();
        Some(Effect::RunTool { message: id, place, name: call.name.clone(), arguments })
    }

    /// True where so many answers in a row have called something that the next one is to be words.
    pub(super) fn is_enough(&self, before: Option<MessageId>) -> bool {
        let path = self.thread.path_to(before);
        path.iter().rev().take_while(|message| message.has_calls()).count() >= MOST_ROUNDS
    }
}

/// What ran when the page went, or another conversation was opened, is the user's to decide on once more. True where
/// something did.
pub(super) fn lose(message: &mut Message) -> bool {
    let lost = message.has_running();
    for call in message.calls.iter_mut().filter(|call| call.state == CallState::Running) {
        call.state = CallState::Lost;
    }
    lost
}
