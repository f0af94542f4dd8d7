use super::Row;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The kept threads were read.
    Listed {
        /// Their lines, in no order.
        rows: Vec<Row>,
        /// Wall clock in milliseconds.
        now: f64,
    },
    /// A thread was written, here or in another tab.
    Changed(Row),
    /// A thread is no more.
    Gone(String),
    /// The user looks for words.
    Search(String),
    /// Threads whose messages have the words.
    Found {
        /// Which words.
        query: String,
        /// The threads.
        ids: Vec<String>,
    },
    /// The user wants to see a thread.
    Open(String),
    /// This thread is shown now; none while it has no line.
    Shown(Option<String>),
    /// The user calls a thread otherwise.
    Rename {
        /// Which one.
        id: String,
        /// Its new name.
        title: String,
    },
    /// The user deletes a thread.
    Delete {
        /// Which one.
        id: String,
        /// Wall clock in milliseconds.
        now: f64,
    },
    /// The user wants the last deleted thread back.
    Undo,
    /// The time to have it back is over.
    Forget,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The list has changed.
    List,
    /// Look for words in the texts.
    Search(String),
    /// Show this thread.
    Open(String),
    /// Show a thread that has not begun.
    New,
    /// Keep a new name.
    Rename {
        /// Of which thread.
        id: String,
        /// The name.
        title: String,
    },
    /// Note that a thread is deleted; it can still be had back.
    Hide {
        /// Which one.
        id: String,
        /// When, in milliseconds since 1970.
        at: f64,
    },
    /// Take that note back.
    Restore(String),
    /// Forget a thread for good.
    Erase(String),
    /// Say when the time to have it back is over.
    Wait,
}
