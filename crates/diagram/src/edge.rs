//! Arrows as they are written.

use crate::{
    graph::{Edge, Head, Line},
    text,
};

/// A place in a line.
pub(crate) struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(line: &'a str) -> Self {
        Self { rest: line.trim() }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    pub(crate) fn take(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Takes so many bytes.
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// How many of `byte` come next.
    fn run(&self, byte: u8) -> usize {
        self.rest.bytes().take_while(|&other| other == byte).count()
    }

    /// A name. Marks belong to it only between letters.
    pub(crate) fn id(&mut self) -> &'a str {
        let mut end = 0;
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c > '\u{7f}';
        let mut characters = self.rest.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            let joined = matches!(character, '-' | '.' | '/' | '*')
                && end > 0
                && characters.peek().is_some_and(|&(_, next)| letter(next));
            if !letter(character) && !joined {
                break;
            }
            end = at + character.len_utf8();
        }
        self.skip(end)
    }

    /// What stands between two marks, if the first one comes next. Quotes keep the second one out of it.
    pub(crate) fn between(&mut self, open: &str, close: &str) -> Option<&'a str> {
        let inner = self.rest.strip_prefix(open)?;
        let quoted = inner.trim_start().strip_prefix('"').and_then(|quoted| quoted.find('"'));
        let from = quoted.map_or(0, |end| inner.len() - inner.trim_start().len() + end + 2);
        let end = from + inner.get(from..)?.find(close)?;
        self.rest = inner.get(end + close.len()..)?;
        inner.get(..end)
    }
}

/// An edge without its ends.
pub(crate) fn read(scanner: &mut Scanner<'_>) -> Option<Edge> {
    scanner.space();
    let mut edge = Edge::default();
    let next = scanner.rest.as_bytes().get(1);
    if matches!(next, Some(b'-' | b'=')) {
        edge.heads[0] = head(scanner);
    }
    if scanner.take("~~~") {
        scanner.rest = scanner.rest.trim_start_matches('~');
        edge.line = Line::Hidden;
        return Some(edge);
    }
    let (mark, dotted) = match scanner.rest.as_bytes() {
        [b'-', b'.', ..] => (b'.', true),
        [b'-', b'-', ..] => (b'-', false),
        [b'=', b'=', ..] => (b'=', false),
        _ => return None,
    };
    edge.line = match mark {
        b'.' => Line::Dotted,
        b'=' => Line::Thick,
        _ => Line::Solid,
    };
    scanner.skip(usize::from(dotted));
    let run = scanner.run(mark);
    scanner.skip(run);
    let complete = if dotted { scanner.take("-") } else { run > 2 };
    edge.heads[1] = head(scanner);
    if !complete && edge.heads[1] == Head::None {
        let close = if dotted {
            ".-"
        } else if mark == b'=' {
            "=="
        } else {
            "--"
        };
        let end = scanner.rest.find(close)?;
        edge.label = text::label(scanner.skip(end));
        scanner.rest = scanner.rest.trim_start_matches(char::from(mark));
        if dotted {
            scanner.take("-");
        }
        edge.heads[1] = head(scanner);
    }
    scanner.space();
    if let Some(label) = scanner.between("|", "|") {
        edge.label = text::label(label);
        scanner.space();
    }
    Some(edge)
}

fn head(scanner: &mut Scanner<'_>) -> Head {
    let ends = |rest: &str| rest.get(1..).is_some_and(|rest| rest.starts_with([' ', '|', '-', '=']));
    let head = match scanner.rest.as_bytes().first() {
        Some(b'>' | b'<') => Head::Arrow,
        Some(b'o') if ends(scanner.rest) => Head::Circle,
        Some(b'x') if ends(scanner.rest) => Head::Cross,
        _ => return Head::None,
    };
    scanner.skip(1);
    head
}
