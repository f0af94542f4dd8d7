use crate::{Node, calm, tree};

/// A tail longer than this is not parsed anew for every push.
const LONG_TAIL: usize = 8 * 1024;

/// Definitions beyond this many bytes wait for [`Stream::finish`], so that they cannot slow down every push.
const MAX_DEFINITIONS: usize = 4 * 1024;

/// One message on its way in.
#[derive(Default)]
pub struct Stream {
    text: String,
    /// Where the first unfinished top-level block begins in `text`.
    open: usize,
    /// How much of `text` has been parsed.
    parsed: usize,
    /// What the edits so far have given.
    shown: Vec<Node>,
    /// How many of `shown` are finished.
    finished: usize,
    /// Source of the link reference definitions before `open`.
    definitions: String,
    has_definitions: bool,
}

/// Keep the first `keep` top-level nodes as they are, remove the rest, then append `nodes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// How many top-level nodes stay.
    pub keep: usize,
    /// The top-level nodes that follow.
    pub nodes: Vec<Node>,
}

impl Edit {
    /// Does the edit to a list of top-level nodes.
    pub fn apply(self, nodes: &mut Vec<Node>) {
        nodes.truncate(self.keep);
        nodes.extend(self.nodes);
    }
}

impl Stream {
    /// An empty message.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything pushed so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes the next piece, and says what to change. Until [`finish`](Self::finish), the last block may leave out or
    /// anticipate syntax that is not complete yet, and a very long block may lag a few words behind.
    pub fn push(&mut self, text: &str) -> Edit {
        self.text.push_str(text);
        let length = self.text.len();
        // A block that never ends would otherwise cost its square.
        if (length - self.parsed) < (length - self.open).saturating_sub(LONG_TAIL) / 256 {
            return Edit { keep: self.shown.len(), nodes: Vec::new() };
        }
        self.parsed = length;
        let from = self.finished;
        let tail = self.text.get(self.open..).unwrap_or_default();
        let still_open = !tail.ends_with("\n\n");
        let mut nodes = self.advance(calm::visible(tail).len());
        if still_open {
            calm::soften(&mut nodes);
        }
        self.replace(from, nodes)
    }

    /// Says what to change now that nothing more will come.
    pub fn finish(&mut self) -> Edit {
        let from = self.finished;
        let tail = tree::parse(self.text.get(self.open..).unwrap_or_default());
        // A definition may stand after what refers to it, so then everything is looked at once more.
        if self.has_definitions || !tail.definitions.is_empty() {
            let whole = tree::parse(&self.text);
            return self.replace(0, whole.nodes);
        }
        self.replace(from, tail.nodes)
    }

    /// Parses `length` bytes of the tail, and moves `open` on past the blocks that have ended.
    fn advance(&mut self, length: usize) -> Vec<Node> {
        let tail = self.text.get(self.open..self.open + length).unwrap_or_default();
        let prefix = self.definitions.len();
        let joined: String;
        let source = if prefix == 0 {
            tail
        } else {
            joined = [&self.definitions, tail].concat();
            &joined
        };
        let parsed = tree::parse(source);
        let tail_definitions = || parsed.definitions.iter().filter(|span| span.start >= prefix);
        let defines = tail_definitions().next().is_some();
        let line = |start: &usize| begins_afresh(source, *start, defines).filter(|line| *line > prefix);
        let boundary = parsed.starts.iter().enumerate().rev().find_map(|(i, start)| Some((i, line(start)?)));
        if let Some((index, line)) = boundary {
            for span in tail_definitions().filter(|span| span.end <= line) {
                let definition = source.get(span.clone()).unwrap_or_default().trim();
                // One that spans lines may have a quote's or item's markers in it.
                if !definition.contains('\n') && self.definitions.len() + definition.len() < MAX_DEFINITIONS {
                    let end = self.definitions.trim_end().len();
                    self.definitions.truncate(end);
                    let separator = if end == 0 { "" } else { "\n" };
                    self.definitions.extend([separator, definition, "\n\n"]);
                }
            }
            self.finished += index;
            self.open += line - prefix;
        }
        self.has_definitions |= defines;
        parsed.nodes
    }

    /// Makes `nodes` what is shown from index `from` on, and gives the edit that does so.
    fn replace(&mut self, from: usize, mut nodes: Vec<Node>) -> Edit {
        let shown = self.shown.get(from..).unwrap_or_default();
        let same = shown.iter().zip(&nodes).take_while(|(old, new)| old == new).count();
        let keep = from + same;
        nodes.drain(..same);
        self.shown.truncate(keep);
        self.shown.extend_from_slice(&nodes);
        Edit { keep, nodes }
    }
}

/// The start of the line on which the block at `start` begins, if parsing can resume there and nothing that is still
/// to come can change what stands before: the line is complete, and, where a definition could still take the next
/// line for its title, it follows a blank one.
fn begins_afresh(text: &str, start: usize, defines: bool) -> Option<usize> {
    let line = text.get(..start)?.rfind('\n').map_or(0, |end| end + 1);
    let complete = text.get(start..)?.contains('\n');
    let indented = text.get(line..start)?.trim().is_empty();
    let before = text.get(..line)?;
    let follows_blank = before.lines().next_back().is_none_or(|previous| previous.trim().is_empty());
    (complete && indented && (follows_blank || !defines)).then_some(line)
}
