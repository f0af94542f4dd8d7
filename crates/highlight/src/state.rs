//! Where in the code the reading is.

use crate::Class;
use crate::language::{LINES, Language, Quote};
use crate::{code, data, markup, string};

/// How many bytes, and what they are.
pub(crate) type Token = (usize, Class);

/// How deep code and strings stand in each other at most; beyond it nothing is opened.
const DEPTH: usize = 32;

/// All that is known of what came before.
#[derive(Clone, Debug)]
pub(crate) struct State {
    language: &'static Language,
    stack: Vec<Mode>,
    /// Nothing but space came on this line.
    pub(crate) first: bool,
    /// A value came last, so that what follows is an operator.
    pub(crate) value: bool,
    /// A dot came last.
    pub(crate) dot: bool,
    /// The line's end does not end what goes to it.
    pub(crate) continued: bool,
    /// How far in the line begins.
    pub(crate) indent: usize,
    /// The word that ends a here-document.
    pub(crate) word: String,
}

/// What the next text stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// The rest of a line.
    Line(Class),
    /// A comment, and in how many others it is.
    Comment(u16),
    /// A string.
    Text { quote: &'static Quote, traits: u32, hashes: u8, class: Class },
    /// A here-document, whose word came; it begins with the next line.
    Here { begun: bool },
    /// Code within a string, until this many closing marks more than opening ones.
    Code { open: u8, close: u8, depth: u16 },
    /// The names and values of an element's attributes.
    Tag(markup::Element),
    /// What stands between two tags of an element in a script.
    Children,
    /// Lines that are further in than this.
    Indented(usize),
    /// Code in another language, until this mark; a fence ends it where its line begins.
    Embedded { language: &'static Language, until: &'static str, fence: bool },
}

impl State {
    pub(crate) fn new(language: &'static Language) -> Self {
        State {
            language,
            stack: Vec::new(),
            first: true,
            value: false,
            dot: false,
            continued: false,
            indent: 0,
            word: String::new(),
        }
    }

    /// The language of the block.
    pub(crate) fn base(&self) -> &'static Language {
        self.language
    }

    /// The language of the text that comes next.
    pub(crate) fn language(&self) -> &'static Language {
        let inner = self.stack.iter().rev().find_map(|mode| match mode {
            Mode::Embedded { language, .. } => Some(*language),
            _ => None,
        });
        inner.unwrap_or(self.language)
    }

    pub(crate) fn push(&mut self, mode: Mode) {
        if self.stack.len() < DEPTH {
            self.stack.push(mode);
        }
    }

    pub(crate) fn pop(&mut self) {
        self.stack.pop();
    }

    /// Nothing was opened that is not closed.
    pub(crate) fn is_outermost(&self) -> bool {
        self.stack.is_empty()
    }

    /// Puts a mode in the place of the last one.
    pub(crate) fn replace(&mut self, mode: Mode) {
        self.pop();
        self.push(mode);
    }

    pub(crate) fn top(&mut self) -> Option<&mut Mode> {
        self.stack.last_mut()
    }

    /// Reads the first token of a text without line ends but perhaps one at its end.
    pub(crate) fn token(&mut self, window: &str) -> Token {
        if window.starts_with('\n') || window.starts_with("\r\n") {
            return (window.len(), self.line_end());
        }
        let mut body = window.strip_suffix('\n').unwrap_or(window);
        if self.first {
            self.indent = body.len() - body.trim_ascii_start().len();
        }
        self.leave(&mut body);
        let token = match self.stack.last().copied() {
            Some(Mode::Line(class)) => {
                self.continued = body.ends_with('\\');
                (body.len(), class)
            }
            Some(Mode::Comment(depth)) => code::comment(self, body, depth),
            Some(Mode::Text { quote, traits, hashes, class }) => {
                string::token(self, body, (quote, traits, hashes), class)
            }
            Some(Mode::Here { begun: true }) => string::here(self, body),
            Some(Mode::Tag(element)) => markup::tag(self, body, element),
            Some(Mode::Children) => markup::children(self, body),
            Some(Mode::Indented(indent)) => data::indented(self, body, indent),
            _ => (self.language().token)(self, body),
        };
        if !body[..token.0.min(body.len())].trim_ascii().is_empty() {
            self.first = false;
        }
        token
    }

    /// Leaves embedded code where its end comes, and looks no further than that.
    fn leave(&mut self, body: &mut &str) {
        let embedded = self.stack.iter().enumerate().rev().find_map(|(at, mode)| match mode {
            Mode::Embedded { until, fence, .. } => Some((at, *until, *fence)),
            _ => None,
        });
        let Some((at, until, fence)) = embedded else { return };
        let bytes = body.as_bytes();
        if fence {
            if self.first && body.trim_ascii_start().starts_with(until) {
                self.stack.truncate(at);
            }
            return;
        }
        match bytes.windows(until.len()).position(|window| window.eq_ignore_ascii_case(until.as_bytes())) {
            Some(0) => self.stack.truncate(at),
            Some(end) => *body = &body[..end],
            None => {}
        }
    }

    /// Ends what a line's end ends, and says what the line's end is.
    fn line_end(&mut self) -> Class {
        let continued = std::mem::take(&mut self.continued);
        let ends = |mode: &Mode| match mode {
            Mode::Line(_) => !continued,
            Mode::Text { traits, .. } => traits & LINES == 0 && !continued,
            _ => false,
        };
        if let Some(end) = self.stack.iter().position(ends) {
            self.stack.truncate(end);
            self.value = false;
        }
        if let Some(Mode::Here { begun }) = self.stack.last_mut() {
            *begun = true;
        }
        self.first = true;
        self.dot = false;
        match self.stack.last() {
            Some(Mode::Comment(_)) => Class::Comment,
            Some(Mode::Text { class, .. }) => *class,
            Some(Mode::Here { .. } | Mode::Indented(_)) => Class::String,
            _ => Class::Plain,
        }
    }
}
