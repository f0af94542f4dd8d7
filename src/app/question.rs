//! What the page asks itself, and where its answers go.

use std::collections::VecDeque;
use std::rc::Rc;

use super::{App, Core};
use crate::error::Failure;
use crate::host::Settle;
use crate::session::{Input, MessageId, Status};
use crate::thread::Message;

/// Something that the page asks.
pub(crate) struct Question {
    /// Its words.
    pub(crate) text: String,
    /// The form of the answer, as JSON; may be empty.
    pub(crate) format: String,
    /// Where the answer is wanted.
    pub(crate) settle: Option<Settle>,
}

/// A question of the page's that is being answered.
pub(super) struct Awaited {
    question: MessageId,
    settle: Settle,
}

/// Why there is no answer: a word for programs and one for those who write them.
type Missing = (&'static str, &'static str);

const EMPTY: Missing = ("invalid_request", "There is nothing to ask.");
const STOPPED: Missing = ("stopped", "The answer was stopped.");
const CUT: Missing = ("length", "The answer reached its longest length.");
const REFUSED: Missing = ("refused", "The model declined to answer.");
const LEFT: Missing = ("left", "Another chat was opened before the answer was there.");
const CLOSED: Missing = ("closed", "The copilot was closed before the answer was there.");

impl App {
    /// The page sends something.
    pub(crate) fn say(self, question: Question) {
        let Some(core) = self.core() else { return };
        if question.text.trim().is_empty() {
            return refuse(question.settle, EMPTY);
        }
        core.unsent.borrow_mut().push_back(question);
        core.say_next();
    }
}

impl Core {
    /// Sends what the page wanted to send before there was a model to ask, or while another answer was under way.
    pub(super) fn say_next(self: &Rc<Self>) {
        if self.chat.borrow().is_busy() {
            return;
        }
        let Some(mut ask) = self.ask() else { return };
        let Some(next) = self.unsent.borrow_mut().pop_front() else { return };
        let Question { text, format, settle } = next;
        let typed = self.chat.borrow().draft().to_owned();
        ask.offer.format = format;
        self.chat(Input::Draft(text));
        self.chat(Input::Send(ask));
        let question = self.chat.borrow().thread().path().iter().rev().nth(1).map(|message| message.id);
        if let Some((settle, question)) = settle.zip(question) {
            self.page.awaited.replace(Some(Awaited { question, settle }));
        }
        self.chat(Input::Draft(typed.clone()));
        self.signals.draft.set(typed);
    }

    /// Gives the page its answer, once there is one or there will be none.
    pub(super) fn settle_question(&self) {
        let session = self.chat.borrow();
        if session.is_busy() || session.again().is_some() {
            return;
        }
        let Some(awaited) = self.page.awaited.take() else { return };
        let path = session.thread().path();
        let answer = path.last().filter(|_| path.iter().any(|message| message.id == awaited.question));
        let outcome = answer.map_or(Err(Problem::Missing(STOPPED)), |answer| outcome(answer));
        drop(path);
        drop(session);
        match outcome {
            Ok(text) => (awaited.settle)(&text, None),
            Err(Problem::Missing(why)) => refuse(Some(awaited.settle), why),
            Err(Problem::Failed(failure)) => {
                (awaited.settle)(&self.words().failure(&failure), Some(failure.code()));
            }
        }
    }

    /// Another conversation is opened.
    pub(super) fn give_up_question(&self) {
        let awaited = self.page.awaited.take();
        refuse(awaited.map(|awaited| awaited.settle), LEFT);
    }

    /// There is no model to ask. What was only sent waits for one.
    pub(super) fn refuse_questions(&self, failure: &Failure) {
        let (asked, sent): (VecDeque<_>, _) =
            self.unsent.take().into_iter().partition(|question: &Question| question.settle.is_some());
        self.unsent.replace(sent);
        for settle in asked.into_iter().filter_map(|question| question.settle) {
            settle(&self.words().failure(failure), Some(failure.code()));
        }
    }

    /// The widget goes.
    pub(super) fn close_page(&self) {
        self.cancel_tools();
        let awaited = self.page.awaited.take().map(|awaited| awaited.settle);
        let unsent = self.unsent.take().into_iter().map(|question| question.settle);
        unsent.chain([awaited]).for_each(|settle| refuse(settle, CLOSED));
    }
}

enum Problem {
    Missing(Missing),
    Failed(Failure),
}

/// What an answer that has ended comes to.
fn outcome(answer: &Message) -> Result<String, Problem> {
    match &answer.status {
        Status::Failed(failure) => Err(Problem::Failed(failure.clone())),
        Status::Cut => Err(Problem::Missing(CUT)),
        Status::Done if !answer.refusal.is_empty() => Err(Problem::Missing(REFUSED)),
        // Calls of the page's functions are no answer: the user has stopped after them.
        Status::Done if !answer.has_calls() => Ok(answer.text.clone()),
        _ => Err(Problem::Missing(STOPPED)),
    }
}

fn refuse(settle: Option<Settle>, (code, message): Missing) {
    if let Some(settle) = settle {
        settle(message, Some(code));
    }
}
