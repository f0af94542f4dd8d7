use std::borrow::Cow;

use crate::{
    Edit,
    block::Blocks,
    calm,
    diff::{diff, go_back},
    edit::{Op, push_text},
    state::{Leaf, State},
    text::{find, from, part, replace, run_back, to},
};

/// A tail longer than this that cannot be settled is not read anew for every edit.
const LONG_TAIL: usize = 4 * 1024;

/// One message on its way in.
pub struct Stream {
    text: String,
    /// Up to where lines have been taken for good.
    at: usize,
    /// The last line taken is not complete, but it is certain what it is.
    within: bool,
    blocks: Blocks,
    /// What is drawn after all that has been handed out for good.
    shown: Vec<Op>,
    /// Whether that begins in the middle of a text.
    in_text: bool,
    /// How long the text was at the last edit.
    drawn: usize,
    /// How many definitions there were.
    defined: usize,
    finished: bool,
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    /// An empty message.
    pub fn new() -> Self {
        Self {
            text: String::new(),
            at: 0,
            within: false,
            blocks: Blocks::new(),
            shown: Vec::new(),
            in_text: false,
            drawn: 0,
            defined: 0,
            finished: false,
        }
    }

    /// An empty message in which there may be formulas: between `$` or `\\(` and `\\)` within a line, between `$$` or
    /// `\\[` and `\\]` also over lines of their own, where they become blocks of code in the language `math`.
    pub fn with_math() -> Self {
        let mut stream = Self::new();
        stream.blocks.math = true;
        stream
    }

    /// Everything pushed so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the next piece, which costs no more than to keep it.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Says what to change for all that has been pushed. Until [`finish`](Self::finish), the last block may leave out
    /// or anticipate syntax that is not complete yet, and may lag behind where a very long one cannot be settled.
    pub fn edit(&mut self) -> Edit {
        let tail = self.text.len() - self.at + self.blocks.unsettled();
        if self.finished || self.text.len() - self.drawn < tail.saturating_sub(LONG_TAIL) / 32 {
            return Edit::default();
        }
        self.lines();
        let mut settled = std::mem::take(&mut self.blocks.ops);
        let partial = whole(self.partial()).into_owned();
        let draws = !partial.is_empty()
            && (!calm::is_undecided(&partial, self.blocks.math) || self.blocks.takes_source());
        if draws && !self.within {
            let saved = self.blocks.save();
            self.blocks.line(&partial, false);
            let certain = self.blocks.state.certain;
            self.blocks.restore(saved);
            if certain {
                self.blocks.line(&partial, false);
                self.at += self.partial().len();
                self.within = true;
            }
        }
        self.blocks.advance();
        join(&mut settled, std::mem::take(&mut self.blocks.ops));
        let saved = self.blocks.save();
        if draws && !self.within {
            self.blocks.line(&partial, false);
        }
        self.blocks.draw();
        let mut live = std::mem::take(&mut self.blocks.ops);
        self.blocks.restore(saved);
        while let Some(Op::Close) = live.last() {
            live.pop();
        }
        self.change(settled, live)
    }

    /// Says what to change now that nothing more will come.
    pub fn finish(&mut self) -> Edit {
        if std::mem::replace(&mut self.finished, true) {
            return Edit::default();
        }
        self.lines();
        let rest = self.text.len();
        let end = self.at + self.partial().len();
        if end < rest {
            self.take(end, true);
        } else if self.at < rest {
            self.take(rest, false);
        }
        self.blocks.close_to(Some(0));
        let settled = std::mem::take(&mut self.blocks.ops);
        self.change(settled, Vec::new())
    }

    /// Takes the lines that are complete, and more of one whose nature is certain.
    fn lines(&mut self) {
        while let Some(offset) =
            from(&self.text, self.at).bytes().position(|byte| matches!(byte, b'\n' | b'\r'))
        {
            let end = self.at + offset;
            let length = match self.text.as_bytes().get(end..end + 2) {
                Some(b"\r\n") => 2,
                // The other half of a line end may follow.
                None if run_back(&self.text, b'\r') > 0 => break,
                _ => 1,
            };
            self.take(end, true);
            self.at = end + length;
        }
        if self.within {
            let end = self.at + self.partial().len();
            self.take(end, false);
            self.within = true;
        }
    }

    fn partial(&self) -> &str {
        let rest = from(&self.text, self.at);
        to(rest, rest.len() - run_back(rest, b'\r').min(1))
    }

    /// Takes the text up to `end`, with or without a line end there.
    fn take(&mut self, end: usize, ended: bool) {
        let line = whole(part(&self.text, self.at..end));
        if std::mem::take(&mut self.within) {
            self.blocks.more(&line);
            if ended {
                self.blocks.end_line();
            }
        } else {
            self.blocks.line(&line, ended);
        }
        self.at = end;
    }

    fn change(&mut self, settled: Vec<Op>, live: Vec<Op>) -> Edit {
        self.drawn = self.text.len();
        let in_text = match settled.last() {
            Some(op) => matches!(op, Op::Text(_)),
            None => self.in_text,
        };
        let mut new = settled;
        join(&mut new, live.clone());
        let mut ops = Vec::new();
        if std::mem::take(&mut self.blocks.undone) {
            go_back(&self.shown, 0, 0, self.in_text, &mut ops);
            ops.extend([Op::Close, Op::Drop(1)]);
            ops.extend(new);
        } else {
            ops = diff(&self.shown, new, self.in_text);
        }
        (self.shown, self.in_text) = (live, in_text);
        ops.append(&mut self.blocks.loosened);
        if self.blocks.references.len() > self.defined {
            self.defined = self.blocks.references.len();
            let mut pending = std::mem::take(&mut self.blocks.pending);
            ops.extend(pending.iter_mut().filter_map(|leaf| self.blocks.rewrite(leaf)));
            pending.retain(|leaf| !leaf.labels.is_empty());
            self.blocks.pending = pending;
        }
        Edit { ops }
    }
}

/// The specification has nul characters replaced.
fn whole(line: &str) -> Cow<'_, str> {
    if find(line, "\0", 0).is_some() {
        Cow::Owned(replace(line, "\0", "\u{fffd}"))
    } else {
        Cow::Borrowed(line)
    }
}

fn join(ops: &mut Vec<Op>, more: Vec<Op>) {
    for op in more {
        match op {
            Op::Text(text) => push_text(ops, &text),
            op => ops.push(op),
        }
    }
}

/// What a look ahead has to leave as it was.
type Saved = (State, usize);

impl Blocks {
    fn save(&mut self) -> Saved {
        self.preview = true;
        (self.state.clone(), self.content.len())
    }

    fn restore(&mut self, (state, content): Saved) {
        self.preview = false;
        self.state = state;
        self.content.truncate(content);
        self.ops.clear();
    }

    /// Whether lines are taken as they are.
    fn takes_source(&self) -> bool {
        matches!(self.state.leaf, Leaf::Fence { .. } | Leaf::Html(_) | Leaf::Math { .. })
    }
}
