//! What the widget tells the page around it.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use triptych_protocol::{Balance, Credits};

use crate::error::Failure;
use crate::thread::ToolCall;

/// Something that the page may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum HostEvent {
    /// The widget can be used.
    Ready,
    /// The launcher was opened.
    Opened,
    /// The launcher was closed.
    Closed,
    /// A call failed.
    Failed(Failure),
    /// The balance has changed.
    Credits(Balance),
    /// The user wants more credits. Where the page says that it takes care of that, the widget opens nothing.
    TopUp {
        /// Where the gateway would send the user.
        url: Option<String>,
        /// What the next call needs.
        needed: Option<Credits>,
        /// What is free.
        available: Option<Credits>,
    },
    /// An answer is complete.
    Message {
        /// The conversation.
        thread: String,
        /// The answer's name within it.
        id: String,
        /// Its Markdown.
        text: String,
    },
    /// A call of one of the page's functions has ended, one way or another.
    ToolCall {
        /// The conversation.
        thread: String,
        /// The answer that called it, within the conversation.
        id: String,
        /// The call, as the answer has it.
        call: ToolCall,
    },
    /// The user has said what an answer is worth.
    Feedback {
        /// The conversation.
        thread: String,
        /// The answer's name within it.
        id: String,
        /// Good, bad, or neither any more.
        good: Option<bool>,
    },
    /// A picture or a clip is ready.
    Asset {
        /// `image` or `video`.
        kind: &'static str,
        /// A signed link that expires.
        url: String,
        /// Its id at the gateway.
        id: String,
    },
}

/// Calls a function of the page: its name, and its arguments as JSON.
pub type Functions = Rc<dyn Fn(&str, &str) -> Work>;

/// A function of the page while it runs.
pub struct Work {
    /// What it gives, or why it failed.
    pub result: Pin<Box<dyn Future<Output = Result<String, String>>>>,
    /// Tells it that it is wanted no more.
    pub cancel: Box<dyn FnOnce()>,
}

/// Gives the page the answer to a question of its own; or a sentence about why there is none, and a word for it.
pub type Settle = Box<dyn FnOnce(&str, Option<&str>)>;

/// Tells the page; false where the page wants to take care of it itself.
pub type Emit = Rc<dyn Fn(HostEvent) -> bool>;
