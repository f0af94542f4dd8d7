//! The conversation as a state machine: what happened goes in, what is to be done comes out. It touches neither the
//! network nor the page nor a clock; all three are in the inputs and effects.

mod message;
mod signal;

use triptych_protocol::{ChatMessage, ChatRequest, Role, StreamOptions, TriptychExtra, Usage};

pub use message::{Message, MessageId, Pace, Status};
pub use signal::{Effect, Input};

use crate::attachment::{Attachment, Cargo, content};
use crate::error::{Failure, FailureKind};

/// How often a broken stream is taken up again before the user is asked.
const MOST_RESUMES: u32 = 5;

/// The conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    messages: Vec<Message>,
    draft: String,
    attached: Vec<Attachment>,
    call: Option<Call>,
    next: u32,
    last_key: Option<(MessageId, String)>,
}

/// The answer under way.
#[derive(Clone, Debug, PartialEq)]
struct Call {
    message: MessageId,
    key: String,
    stream: Option<String>,
    /// The server has taken the call.
    opened: bool,
    event: String,
    finish: Option<String>,
    resumes: u32,
    paid: bool,
    stop_asked: bool,
}

impl Session {
    /// A conversation that has not begun, with what was typed on an earlier visit.
    pub fn new(draft: String) -> Self {
        Session { draft, ..Session::default() }
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// A message by its name.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        // Names grow along the list.
        self.messages.binary_search_by_key(&id, |message| message.id).ok().map(|index| &self.messages[index])
    }

    /// What is typed and not sent.
    pub fn draft(&self) -> &str {
        &self.draft
    }

    /// True while an answer is under way.
    pub fn is_busy(&self) -> bool {
        self.call.is_some()
    }

    /// What a send would carry: the conversation, the draft and what is attached to it.
    pub fn cargo(&self) -> Cargo {
        let mut cargo = self.past();
        cargo.message(self.draft.trim(), &self.attached);
        cargo
    }

    /// What the next send carries along of what was said before.
    pub fn past(&self) -> Cargo {
        let mut cargo = Cargo::default();
        for message in self.history(None) {
            cargo.message(&message.text, &message.attachments);
        }
        cargo
    }

    /// Takes in what happened; the effects are to be carried out in their order.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Draft(text) => {
                self.draft = text;
                vec![Effect::KeepDraft(self.draft.clone())]
            }
            Input::Attach(attached) => {
                self.attached = attached;
                Vec::new()
            }
            Input::Send { model, key, now } => self.send(model, key, now),
            Input::Retry { message, model, key, now } => self.retry(message, model, key, now),
            Input::Stop => self.stop(),
            Input::Opened { stream } => self.opened(stream),
            Input::Delta { text, event, now } => self.delta(&text, event, now),
            Input::Finished(reason) => {
                if let Some(call) = &mut self.call {
                    call.finish = Some(reason);
                }
                Vec::new()
            }
            Input::Paid { usage, extra } => self.paid(usage, extra),
            Input::Ended => self.ended(),
            Input::Failed(failure) => self.failed(failure),
            Input::Clear => self.clear(),
        }
    }

    fn send(&mut self, model: String, key: String, now: f64) -> Vec<Effect> {
        let text = self.draft.trim().to_owned();
        if (text.is_empty() && self.attached.is_empty()) || self.call.is_some() {
            return Vec::new();
        }
        self.draft.clear();
        let attachments = std::mem::take(&mut self.attached);
        let mut effects = vec![Effect::DraftReplaced, Effect::KeepDraft(String::new())];
        if !attachments.is_empty() {
            effects.push(Effect::AttachmentsTaken);
        }
        let said = self.append(Role::User, text, Status::Done);
        if let Some(message) = self.find(said) {
            message.attachments = attachments;
        }
        let answer = self.append(Role::Assistant, String::new(), Status::Waiting);
        effects.push(Effect::ListChanged);
        effects.extend(self.start(answer, model, key, now));
        effects
    }

    fn retry(&mut self, id: MessageId, model: String, key: String, now: f64) -> Vec<Effect> {
        let Some(message) = self.messages.iter().find(|message| message.id == id) else { return Vec::new() };
        let Status::Failed(failure) = &message.status else { return Vec::new() };
        if self.call.is_some() {
            return Vec::new();
        }
        // When nothing came back nobody knows whether the call was worked on: the same key makes sure that it is
        // worked on, and paid for, once.
        let unknown = failure.kind == FailureKind::Network && message.text.is_empty();
        let key = match &self.last_key {
            Some((of, old)) if unknown && *of == id => old.clone(),
            _ => key,
        };
        // The answer is made anew as a new message at the end, so that its order and name stay true.
        self.messages.retain(|message| message.id != id);
        let answer = self.append(Role::Assistant, String::new(), Status::Waiting);
        let mut effects = vec![Effect::ListChanged];
        effects.extend(self.start(answer, model, key, now));
        effects
    }

    fn start(&mut self, answer: MessageId, model: String, key: String, now: f64) -> Vec<Effect> {
        let messages = self
            .history(Some(answer))
            .map(|message| ChatMessage {
                role: message.role,
                content: content(&message.text, &message.attachments),
            })
            .collect();
        if let Some(message) = self.find(answer) {
            message.pace.sent = now;
        }
        self.last_key = Some((answer, key.clone()));
        self.call = Some(Call {
            message: answer,
            key: key.clone(),
            stream: None,
            opened: false,
            event: String::new(),
            finish: None,
            resumes: 0,
            paid: false,
            stop_asked: false,
        });
        let options = Some(StreamOptions { include_usage: true });
        let request = ChatRequest {
            model,
            messages,
            stream: true,
            stream_options: options,
            max_completion_tokens: None,
        };
        vec![Effect::Began, Effect::Start { request, key }]
    }

    fn opened(&mut self, stream: Option<String>) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        if stream.is_some() {
            call.stream = stream;
        }
        call.opened = true;
        // A stop that was asked for before the stream had a name.
        match (&call.stream, call.stop_asked) {
            (Some(stream), true) => vec![Effect::Stop { stream: stream.clone() }],
            (None, true) => self.hang_up(),
            // What was held is held from here on.
            _ => vec![Effect::Balance(None)],
        }
    }

    fn delta(&mut self, text: &str, event: String, now: f64) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        if !event.is_empty() {
            call.event = event;
        }
        let (id, stopping) = (call.message, call.stop_asked);
        call.resumes = 0;
        let Some(message) = self.find(id) else { return Vec::new() };
        message.text.push_str(text);
        message.pace.first.get_or_insert(now);
        message.pace.last = now;
        let mut effects = vec![Effect::TextGrew(id)];
        if !stopping && message.status != Status::Streaming {
            message.status = Status::Streaming;
            effects.push(Effect::MessageChanged(id));
        }
        effects
    }

    fn stop(&mut self) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        if std::mem::replace(&mut call.stop_asked, true) {
            return Vec::new();
        }
        if call.opened && call.stream.is_none() {
            return self.hang_up();
        }
        let (id, stream) = (call.message, call.stream.clone());
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

    fn paid(&mut self, usage: Option<Usage>, extra: Option<TriptychExtra>) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        let id = call.message;
        call.paid |= extra.is_some();
        let receipt = extra.as_ref().map(|extra| extra.cost);
        if let Some(message) = self.find(id) {
            message.receipt = receipt.or(message.receipt);
            message.pace.tokens = usage.map_or(message.pace.tokens, |usage| usage.completion_tokens);
        }
        let mut effects = vec![Effect::MessageChanged(id)];
        effects.extend(extra.map(|extra| Effect::Balance(Some(extra))));
        effects
    }

    fn ended(&mut self) -> Vec<Effect> {
        let Some(call) = &self.call else { return Vec::new() };
        let status = match (call.stop_asked, call.finish.as_deref()) {
            (true, _) => Status::Stopped,
            (_, Some("length")) => Status::Cut,
            (_, Some(_)) => Status::Done,
            // A stream that ends without a reason was cut off on its way.
            (_, None) => return self.failed(Failure::network()),
        };
        self.close(status)
    }

    fn failed(&mut self, failure: Failure) -> Vec<Effect> {
        let Some(call) = &mut self.call else { return Vec::new() };
        let id = call.message;
        if failure.kind == FailureKind::Network
            && !call.event.is_empty()
            && call.resumes < MOST_RESUMES
            && let Some(stream) = call.stream.clone()
        {
            let effect = Effect::Resume { stream, after: call.event.clone(), attempt: call.resumes };
            call.resumes += 1;
            let status = if call.stop_asked { Status::Stopping } else { Status::Resuming };
            if let Some(message) = self.find(id) {
                message.status = status;
            }
            return vec![Effect::MessageChanged(id), effect];
        }
        if call.stop_asked && call.stream.is_none() {
            return self.close(Status::Stopped);
        }
        let mut effects = self.close(Status::Failed(failure.clone()));
        effects.push(Effect::Reported(failure));
        effects
    }

    fn close(&mut self, status: Status) -> Vec<Effect> {
        let Some(call) = self.call.take() else { return Vec::new() };
        let (id, done) = (call.message, !matches!(status, Status::Failed(_)));
        if let Some(message) = self.find(id) {
            message.status = status;
        }
        let mut effects = vec![Effect::TextGrew(id), Effect::MessageChanged(id)];
        if done {
            effects.push(Effect::Answered(id));
        }
        if !call.paid {
            effects.push(Effect::Balance(None));
        }
        effects
    }

    fn clear(&mut self) -> Vec<Effect> {
        let mut effects = self.stop();
        if self.call.take().is_some() {
            effects.extend([Effect::Abandon, Effect::Balance(None)]);
        }
        self.messages.clear();
        effects.push(Effect::ListChanged);
        effects
    }

    /// What the model is told: everything that was said, without answers that failed before their first word.
    fn history(&self, before: Option<MessageId>) -> impl Iterator<Item = &Message> {
        let until = before.unwrap_or(MessageId(u32::MAX));
        self.messages.iter().filter(move |message| {
            message.id < until && !(message.text.is_empty() && message.attachments.is_empty())
        })
    }

    fn append(&mut self, role: Role, text: String, status: Status) -> MessageId {
        let id = MessageId(self.next);
        self.next += 1;
        let (attachments, pace) = (Vec::new(), Pace::default());
        self.messages.push(Message { id, role, text, attachments, status, receipt: None, pace });
        id
    }

    fn find(&mut self, id: MessageId) -> Option<&mut Message> {
        // An answer under way is the last message.
        self.messages.iter_mut().rev().find(|message| message.id == id)
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
