use triptych_protocol::{Receipt, Role, Usage};

use super::{CallState, Pace, Status, ToolCall};
use crate::attachment::Attachment;

/// Names a message within its conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u32);

/// One message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its name; a later message has a greater one.
    pub id: MessageId,
    /// What it follows; nothing where the conversation begins with it.
    pub parent: Option<MessageId>,
    /// Who said it.
    pub role: Role,
    /// What was said so far.
    pub text: String,
    /// What was thought before, where the provider shows that.
    pub reasoning: String,
    /// The model's reason not to answer.
    pub refusal: String,
    /// The tools that the model called.
    pub calls: Vec<ToolCall>,
    /// The form that answers to it are to have, as JSON; empty where any words will do.
    pub format: String,
    /// It is an answer that was asked for as JSON.
    pub is_json: bool,
    /// What the user sent along.
    pub attachments: Vec<Attachment>,
    /// Where the model has it from.
    pub citations: Vec<Citation>,
    /// The model that answers.
    pub model: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Tokens read and written, by the server's count.
    pub usage: Option<Usage>,
    /// What it cost, once the server has told.
    pub receipt: Option<Receipt>,
    /// How fast it came.
    pub pace: Pace,
    /// What the user thinks of it.
    pub feedback: Option<bool>,
    /// When it was sent, in milliseconds since 1970.
    pub created: f64,
}

/// A page that the model names as its source. Its address is the model's word and not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation {
    /// The address.
    pub url: String,
    /// The page's title; may be empty.
    pub title: String,
}

impl Message {
    /// A message that says nothing yet.
    pub fn new(id: MessageId, role: Role) -> Self {
        Message {
            id,
            parent: None,
            role,
            text: String::new(),
            reasoning: String::new(),
            refusal: String::new(),
            calls: Vec::new(),
            format: String::new(),
            is_json: false,
            attachments: Vec::new(),
            citations: Vec::new(),
            model: None,
            status: Status::Done,
            usage: None,
            receipt: None,
            pace: Pace::default(),
            feedback: None,
            created: 0.0,
        }
    }

    /// True where there is nothing that a reader would miss.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
            && self.reasoning.is_empty()
            && self.refusal.is_empty()
            && self.calls.is_empty()
            && self.attachments.is_empty()
    }

    /// True where the page's tools were called, so that the model has to be told what came of it.
    pub fn has_calls(&self) -> bool {
        self.calls.iter().any(|call| call.state != CallState::Foreign)
    }

    /// True while a function that it calls runs.
    pub fn has_running(&self) -> bool {
        self.calls.iter().any(|call| call.state == CallState::Running)
    }

    /// What the model is told that was said.
    pub fn said(&self) -> &str {
        if self.text.is_empty() { &self.refusal } else { &self.text }
    }
}
