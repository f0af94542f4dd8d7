use triptych_protocol::{ChatRequest, TriptychExtra, Usage};

use super::Again;
use crate::attachment::Attachment;
use crate::error::Failure;
use crate::offer::Offer;
use crate::thread::{Citation, Decision, Live, MessageId, Thread, ThreadId};
use crate::tools::Tool;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user typed.
    Draft(String),
    /// What is to be sent along with the draft has changed.
    Attach(Vec<Attachment>),
    /// The user sends the draft.
    Send(Ask),
    /// The user wants a failed answer once more.
    Retry {
        /// Which one.
        message: MessageId,
        /// The call, where a new one is needed.
        ask: Ask,
    },
    /// The user wants another answer to the same.
    Regenerate {
        /// The answer.
        message: MessageId,
        /// The call.
        ask: Ask,
    },
    /// The user says it differently.
    Edit {
        /// The user's message.
        message: MessageId,
        /// The new words.
        text: String,
        /// The call.
        ask: Ask,
    },
    /// The user wants to see the branch through this message.
    Choose(MessageId),
    /// The user says what the answer is worth.
    Feedback {
        /// The answer.
        message: MessageId,
        /// Good, bad, or neither any more.
        good: Option<bool>,
    },
    /// The page offers these functions from here on.
    Offered(Vec<Tool>),
    /// The user has decided on a call of a tool.
    Decide {
        /// The answer that calls it.
        message: MessageId,
        /// The call's place in it.
        place: usize,
        /// What is to be done with it.
        decision: Decision,
    },
    /// The user wants to be asked again before this function runs.
    AskAgain(String),
    /// Another tab was faster to run what this one was about to.
    Taken,
    /// A tool has ended.
    ToolEnded {
        /// The answer that called it.
        message: MessageId,
        /// The call's place in it.
        place: usize,
        /// What it gave, or why it failed.
        result: Result<String, String>,
    },
    /// All calls of an answer have ended, and the model is to be told.
    Continue {
        /// The answer.
        message: MessageId,
        /// The call.
        ask: Ask,
    },
    /// The network has come, or gone.
    Online(bool),
    /// The user does not want the failed answer to be asked for again by itself.
    GiveUp,
    /// The user wants no more of the answer: the server is to end it.
    Stop,
    /// Nobody watches the answer any longer: the server goes on.
    Leave,
    /// The user wants to see what a left answer has become.
    Watch,
    /// Another conversation is opened, with the answer that was under way in it.
    Load(Box<Thread>, Option<Live>),
    /// Another tab has changed the conversation, or reads the answer that is under way in it.
    Follow(Box<Thread>, Option<Live>),
    /// Another tab went on with the conversation, so this one goes by another name from here on.
    Fork(ThreadId),
    /// The conversation is called otherwise.
    Title(String),
    /// The server has taken the call and named its stream.
    Opened {
        /// The stream's id.
        stream: Option<String>,
    },
    /// A piece of the answer came.
    Delta {
        /// What is new.
        piece: Piece,
        /// The event's id, from which a broken stream can be taken up.
        event: String,
        /// The page's clock in milliseconds.
        now: f64,
    },
    /// The server's account of tokens and money.
    Paid {
        /// Tokens.
        usage: Option<Usage>,
        /// Money.
        extra: Option<TriptychExtra>,
    },
    /// The stream is complete.
    Ended,
    /// The call failed, or its connection did.
    Failed(Failure),
}

/// What a call of the model needs besides the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Ask {
    /// The model.
    pub model: String,
    /// A fresh idempotency key, which names this click for good.
    pub key: String,
    /// The page's clock in milliseconds.
    pub now: f64,
    /// The wall clock, in milliseconds since 1970.
    pub at: f64,
    /// What the page gives along.
    pub offer: Offer,
}

/// What an event adds to an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Piece {
    /// Words.
    pub text: String,
    /// Thoughts.
    pub reasoning: String,
    /// Words of a refusal.
    pub refusal: String,
    /// Pieces of calls of tools.
    pub calls: Vec<CallPiece>,
    /// Sources.
    pub citations: Vec<Citation>,
    /// Why the answer ends here.
    pub finish: Option<String>,
}

/// More of a call of a tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallPiece {
    /// Which one of the answer's calls.
    pub index: u32,
    /// The model's name for it, in its first piece.
    pub id: String,
    /// The tool, in its first piece.
    pub name: String,
    /// More of its arguments.
    pub arguments: String,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call the model.
    Start {
        /// The body.
        request: ChatRequest,
        /// What goes into the body besides.
        offer: Offer,
        /// The idempotency key.
        key: String,
    },
    /// Run a function of the page.
    RunTool {
        /// The answer that calls it.
        message: MessageId,
        /// The call's place in it.
        place: usize,
        /// Its name.
        name: String,
        /// JSON, an object.
        arguments: String,
    },
    /// Whatever functions run are wanted no more.
    CancelTools,
    /// Which functions run without a question may have changed.
    TrustChanged,
    /// Calls of this answer wait for the user.
    Wanted(MessageId),
    /// A call of a tool has ended, one way or another.
    Called {
        /// The answer that called it.
        message: MessageId,
        /// The call's place in it.
        place: usize,
    },
    /// The model is to be told what came of the calls of this answer.
    Continue(MessageId),
    /// Take up a stream.
    Resume {
        /// The stream's id.
        stream: String,
        /// The last event that arrived; empty for all of it.
        after: String,
        /// How many tries went before, for the wait; none for the first.
        attempt: u32,
    },
    /// Tell the server to stop.
    Stop {
        /// The stream's id.
        stream: String,
    },
    /// Tell the tab that reads the answer to stop it, or else the server.
    StopElsewhere {
        /// The stream's id, where it is known.
        stream: Option<String>,
    },
    /// Give up the connection and listen to its call no longer.
    Abandon,
    /// Keep the draft for the next visit.
    KeepDraft(String),
    /// Something is to be kept for the next visit. The machine has it; nothing says how soon it is to be fetched from
    /// there, but an answer under way and its [`Live`] belong together.
    Persist(Change),
    /// Another conversation has taken the place of the one before.
    ThreadChanged,
    /// The path, or the versions of its messages, have changed.
    ListChanged,
    /// A message's status, receipt or another small part has changed.
    MessageChanged(MessageId),
    /// A message has more text.
    TextGrew(MessageId),
    /// A message has more thoughts.
    ReasoningGrew(MessageId),
    /// The draft was changed by the machine and not by the user.
    DraftReplaced,
    /// What was attached to the draft has been sent with it.
    AttachmentsTaken,
    /// An answer has begun.
    Began,
    /// An answer has ended well.
    Answered(MessageId),
    /// The user has said what an answer is worth.
    Rated {
        /// The answer.
        message: MessageId,
        /// Good, bad, or neither any more.
        good: Option<bool>,
    },
    /// A call has failed.
    Reported(Failure),
    /// A failed answer is to be asked for again as it says, as the user's retry would do it; or none any more.
    Again(Option<Again>),
    /// The balance may have changed; this is the server's word on it, where it gave one.
    Balance(Option<TriptychExtra>),
}

/// What of the conversation is to be kept anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Everything but the messages: title, times, draft, head, the answer under way.
    Thread,
    /// A message, and the answer under way where it is that.
    Message(MessageId),
    /// A message is gone.
    Removed(MessageId),
}
