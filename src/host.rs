//! What the widget tells the page around it.

use std::rc::Rc;

use triptych_protocol::{Balance, Credits};

use crate::error::Failure;

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

/// Tells the page; false where the page wants to take care of it itself.
pub type Emit = Rc<dyn Fn(HostEvent) -> bool>;
