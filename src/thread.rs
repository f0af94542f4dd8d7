//! A conversation with its branches: a tree of messages of which one path is shown. Nothing in it is ever overwritten,
//! so there is always a way back.

mod call;
mod live;
mod message;
mod status;
mod trust;

use triptych_protocol::Role;

pub use call::{CallState, Decision, ToolCall};
pub use live::Live;
pub use message::{Citation, Message, MessageId};
pub use status::{Pace, Status};
pub use trust::Trust;

/// How many characters of a first message become the title.
const TITLE: usize = 80;

/// Names a conversation for good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub String);

/// A conversation. Its messages form a tree: those with the same parent are different versions of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Thread {
    /// Its name for programs.
    pub id: ThreadId,
    /// Its name for people; the beginning of the first message unless they gave it another.
    pub title: String,
    /// When it began, in milliseconds since 1970.
    pub created: f64,
    /// When something was last asked in it, in milliseconds since 1970.
    pub updated: f64,
    /// The model that was asked last.
    pub model: Option<String>,
    /// What is typed and not sent.
    pub draft: String,
    /// Functions of the page that run in it without a question.
    pub trusts: Vec<Trust>,
    // In the order of their names, each after its parent.
    messages: Vec<Message>,
    head: Option<MessageId>,
}

impl Thread {
    /// A conversation that has not begun.
    pub fn new(id: ThreadId, now: f64) -> Self {
        Thread { id, created: now, updated: now, ..Thread::default() }
    }

    /// The same conversation with messages that were kept somewhere, whatever became of them there: what is no tree is
    /// made one.
    pub fn with_messages(mut self, mut messages: Vec<Message>, head: Option<MessageId>) -> Self {
        // Names go on growing from here.
        messages.retain(|message| message.id.0 < u32::MAX / 2);
        messages.sort_by_key(|message| message.id);
        messages.dedup_by_key(|message| message.id);
        let known: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        for message in &mut messages {
            let id = message.id;
            message.parent =
                message.parent.filter(|parent| *parent < id && known.binary_search(parent).is_ok());
        }
        self.messages = messages;
        self.head = head.filter(|head| known.binary_search(head).is_ok()).or_else(|| known.last().copied());
        self
    }

    /// All messages of all branches, oldest first.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// A message by its name.
    pub fn message(&self, id: MessageId) -> Option<&Message> {
        self.index(id).map(|index| &self.messages[index])
    }

    /// The last message of the path that is shown.
    pub fn head(&self) -> Option<MessageId> {
        self.head
    }

    /// What is shown: the messages from the first one to the head.
    pub fn path(&self) -> Vec<&Message> {
        self.path_to(self.head)
    }

    /// The messages from the first one to this one.
    pub fn path_to(&self, last: Option<MessageId>) -> Vec<&Message> {
        let mut path = Vec::new();
        let mut next = last;
        while let Some(message) = next.and_then(|id| self.message(id)) {
            path.push(message);
            next = message.parent;
        }
        path.reverse();
        path
    }

    /// The versions of a message, itself among them, oldest first.
    pub fn siblings(&self, id: MessageId) -> Vec<MessageId> {
        let Some(parent) = self.message(id).map(|message| message.parent) else { return Vec::new() };
        self.messages.iter().filter(|other| other.parent == parent).map(|other| other.id).collect()
    }

    /// For each message of the path that has other versions: which one it is, counted from 1, and of how many.
    pub fn forks(&self) -> Vec<(MessageId, u32, u32)> {
        // One walk over all messages: asking each one for its siblings would take the square of it.
        let slot = |parent: Option<MessageId>| {
            parent.and_then(|parent| self.index(parent)).map_or(0, |index| index + 1)
        };
        let mut counts = vec![0u32; self.messages.len() + 1];
        let places: Vec<u32> = self
            .messages
            .iter()
            .map(|message| {
                let count = &mut counts[slot(message.parent)];
                *count += 1;
                *count
            })
            .collect();
        self.path()
            .into_iter()
            .filter_map(|message| {
                let (place, count) = (places[self.index(message.id)?], counts[slot(message.parent)]);
                (count > 1).then_some((message.id, place, count))
            })
            .collect()
    }

    /// Shows the branch through this message, down to its newest leaf. False where there is no such message.
    pub fn choose(&mut self, id: MessageId) -> bool {
        if self.message(id).is_none() {
            return false;
        }
        let mut head = id;
        // Children come after their parents, so one walk finds the newest child of the newest child.
        while let Some(child) = self.messages.iter().rev().find(|message| message.parent == Some(head)) {
            head = child.id;
        }
        self.head = Some(head);
        true
    }

    /// Adds a message after `parent` and shows it.
    pub(crate) fn add(&mut self, parent: Option<MessageId>, role: Role, text: String, now: f64) -> MessageId {
        let id = MessageId(self.messages.last().map_or(0, |last| last.id.0 + 1));
        if self.title.is_empty() && role == Role::User {
            self.title = title(&text);
        }
        self.updated = now;
        self.head = Some(id);
        self.messages.push(Message { parent, text, created: now, ..Message::new(id, role) });
        id
    }

    /// Takes a message away that says nothing, where nothing follows it. False where that is not so.
    pub(crate) fn remove_empty(&mut self, id: MessageId) -> bool {
        let Some(index) = self.index(id).filter(|index| self.messages[*index].is_empty()) else {
            return false;
        };
        if self.messages.iter().any(|message| message.parent == Some(id)) {
            return false;
        }
        let message = self.messages.remove(index);
        if self.head == Some(id) {
            self.head = message.parent;
        }
        true
    }

    pub(crate) fn find(&mut self, id: MessageId) -> Option<&mut Message> {
        self.index(id).map(|index| &mut self.messages[index])
    }

    pub(crate) fn each(&mut self) -> impl Iterator<Item = &mut Message> {
        self.messages.iter_mut()
    }

    fn index(&self, id: MessageId) -> Option<usize> {
        self.messages.binary_search_by_key(&id, |message| message.id).ok()
    }
}

/// The first line of a text, cut between words where it is long.
fn title(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let Some((end, _)) = line.char_indices().nth(TITLE) else { return line.to_owned() };
    let cut = &line[..end];
    let cut =
        cut.rfind(char::is_whitespace).filter(|place| *place > TITLE / 2).map_or(cut, |place| &cut[..place]);
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
#[path = "thread/tests.rs"]
mod tests;
