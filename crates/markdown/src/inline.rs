//! What stands within a paragraph, heading or cell: read from left to right into pieces, of which `emit` makes nodes.

mod verbatim;

use crate::{
    Kind, Url, calm,
    emphasis::{Emphasis, Run},
    entity, html,
    link::{self, Scan},
    reference::References,
    text::{begins, find, from, last, last_backticks, part, replace, run, run_back, to, trim_end},
    unicode,
};

/// A part of a text whose place is settled.
pub(crate) enum Piece {
    /// This range of the source.
    Source(usize, usize),
    Text(String),
    Run(Run),
    Code(String),
    Break,
    Open(Kind),
    Close,
    Image {
        alt: String,
        url: Option<Url>,
        title: Option<String>,
    },
    Math {
        source: String,
        display: bool,
    },
    Nothing,
}

struct Bracket {
    piece: usize,
    /// Where its text begins.
    start: usize,
    image: bool,
    /// How many runs of marks came before it.
    runs: usize,
}

/// A text being read.
pub(crate) struct Inline<'a> {
    pub(crate) text: &'a str,
    pub(crate) pieces: Vec<Piece>,
    /// Up to where nothing that may still come can change anything, and how many pieces that is.
    pub(crate) safe: (usize, usize),
    /// Labels without a definition, and where they stand.
    pub(crate) missing: Vec<(usize, String)>,
    references: &'a References,
    /// More is to come, and what has begun is drawn as what it will be.
    live: bool,
    before: char,
    at: usize,
    /// Where the text begins that is in no piece yet.
    plain: usize,
    brackets: Vec<Bracket>,
    /// Brackets before this one cannot become links, for links do not nest.
    inactive: usize,
    emphasis: Emphasis,
    ends: html::Missing,
    /// For each length of a run of backticks, where the last one stands.
    backticks: Option<Vec<usize>>,
    /// Something before here may turn out otherwise when more comes.
    held: bool,
    /// Whether there are formulas.
    math: bool,
}

impl<'a> Inline<'a> {
    /// Reads all of `text`, which `before` precedes.
    pub(crate) fn read(
        text: &'a str,
        before: char,
        references: &'a References,
        live: bool,
        math: bool,
    ) -> Self {
        let mut inline = Self {
            text,
            pieces: Vec::new(),
            safe: (0, 0),
            missing: Vec::new(),
            references,
            live,
            before,
            at: 0,
            plain: 0,
            brackets: Vec::new(),
            inactive: 0,
            emphasis: Emphasis::default(),
            ends: html::Missing::default(),
            backticks: None,
            held: false,
            math,
        };
        let marks: &[u8] = if math { b"\n\\`*_~[]!<&$" } else { b"\n\\`*_~[]!<&" };
        while let Some(offset) = from(text, inline.at).bytes().position(|byte| marks.contains(&byte)) {
            inline.at += offset;
            inline.special();
        }
        inline.end();
        inline
    }

    fn rest(&self) -> &'a str {
        from(self.text, self.at)
    }

    /// Makes a piece of the text before here.
    fn flush(&mut self) {
        if self.plain < self.at {
            self.pieces.push(Piece::Source(self.plain, self.at));
        }
        self.plain = self.at;
    }

    /// Puts `piece` in the place of the next `length` bytes.
    fn put(&mut self, length: usize, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
        self.at += length;
        self.plain = self.at;
    }

    fn special(&mut self) {
        let rest = self.rest();
        match rest.as_bytes() {
            [b'$', ..] | [b'\\', b'(' | b'[', ..] if self.math && self.formula() => {}
            [b'\n', ..] => self.line_end(),
            [b'\\', b'\n', ..] => self.put(2, Piece::Break),
            [b'\\', next, ..] if next.is_ascii_punctuation() => {
                self.flush();
                self.plain += 1;
                self.at += 2;
            }
            [b'`', ..] => self.code(),
            [mark @ (b'*' | b'_' | b'~'), ..] => self.marks(*mark),
            [b'[', ..] => self.bracket(1, false),
            [b'!', b'[', ..] => self.bracket(2, true),
            [b']', ..] => self.close_bracket(),
            [b'<', ..] => self.angle(),
            [b'&', ..] => {
                let mut character = String::new();
                match entity::scan(rest, &mut character) {
                    Some(length) => self.put(length, Piece::Text(character)),
                    None => {
                        self.held |= !rest.bytes().skip(1).any(|b| !b.is_ascii_alphanumeric() && b != b'#');
                        self.at += 1;
                    }
                }
            }
            [b'$', b'$', ..] => self.at += 2,
            _ => {
                self.held |= rest.len() == 1;
                self.at += 1;
            }
        }
    }

    fn line_end(&mut self) {
        let end = self.at;
        let text = part(self.text, self.plain..end);
        self.at = self.plain + trim_end(text).len();
        let spaces = run_back(text, b' ');
        self.flush();
        (self.at, self.plain) = (end, end);
        if spaces >= 2 {
            self.put(1, Piece::Break);
        } else {
            self.put(1, Piece::Source(end, end + 1));
        }
        if self.is_settled() {
            self.safe = (self.at, self.pieces.len());
        }
    }

    fn is_settled(&self) -> bool {
        !self.held && self.brackets.is_empty() && self.emphasis.is_settled()
    }

    /// The character before here.
    fn previous(&self) -> char {
        last(to(self.text, self.at)).unwrap_or(self.before)
    }

    fn code(&mut self) {
        let length = run(self.rest(), b'`');
        let inner = self.at + length;
        let text = self.text;
        let backticks = self.backticks.get_or_insert_with(|| last_backticks(text));
        if backticks.get(length).is_none_or(|&last| last < inner) {
            self.held = true;
            let content = from(text, inner);
            if self.live && length < 3 && calm::opens(self.previous(), content) {
                self.put(length + content.len(), Piece::Code(replace(content, "\n", " ")));
            } else {
                self.at = inner;
            }
            return;
        }
        let mut end = inner;
        loop {
            end = find(text, "`", end).unwrap_or(text.len());
            let closing = run(from(text, end), b'`');
            if closing == length || closing == 0 {
                break;
            }
            end += closing;
        }
        let mut content = replace(part(text, inner..end), "\n", " ");
        if run(&content, b' ').min(run_back(&content, b' ')) > 0 && run(&content, b' ') < content.len() {
            content.pop();
            content.remove(0);
        }
        self.put(end + length - self.at, Piece::Code(content));
    }

    fn marks(&mut self, mark: u8) {
        let length = run(self.rest(), mark);
        let previous = self.previous();
        let next = from(self.text, self.at + length).chars().next();
        self.held |= next.is_none();
        let run = Run::new(mark, length, previous, next);
        if !run.counts() {
            self.at += length;
            return;
        }
        self.put(length, Piece::Run(run));
        self.emphasis.add(self.pieces.len() - 1);
        if self.brackets.is_empty() {
            self.emphasis.settle(&mut self.pieces, 0, false);
        }
    }

    fn bracket(&mut self, length: usize, image: bool) {
        self.flush();
        let piece = self.pieces.len();
        self.brackets.push(Bracket { piece, start: self.at + length, image, runs: self.emphasis.added() });
        self.put(length, Piece::Source(self.at, self.at + length));
    }

    fn close_bracket(&mut self) {
        let Some(bracket) = self.brackets.pop() else {
            self.at += 1;
            return;
        };
        let active = bracket.image || self.brackets.len() >= self.inactive;
        self.inactive = self.inactive.min(self.brackets.len());
        let target = if active { self.target(&bracket) } else { Scan::No };
        match target {
            Scan::Found(length, (destination, title)) => self.link(bracket, length, &destination, title),
            Scan::Cut if self.live && (bracket.image || self.is_begun(&bracket)) => {
                self.put(self.rest().len(), Piece::Nothing);
                self.pieces[bracket.piece] = Piece::Nothing;
            }
            other => {
                self.held |= matches!(other, Scan::Cut);
                self.at += 1;
                if self.brackets.is_empty() {
                    self.emphasis.settle(&mut self.pieces, 0, false);
                }
            }
        }
    }

    /// What the brackets that end here lead to, and the length of what says so, with the closing bracket.
    fn target(&mut self, bracket: &Bracket) -> Scan<(String, String)> {
        let after = from(self.text, self.at + 1);
        let mut cut = after.is_empty();
        if begins(after, "(") {
            match link::inline(after) {
                Scan::Found(length, target) => return Scan::Found(length + 1, target),
                Scan::Cut => cut = true,
                Scan::No => {}
            }
        }
        let (length, label) = match link::label(after) {
            Scan::Found(length, label) => (length + 1, label),
            other => {
                cut |= matches!(other, Scan::Cut);
                // The text itself is the label.
                let own = link::label(part(self.text, bracket.start - 1..self.at + 1));
                let Scan::Found(_, label) = own else {
                    return if cut { Scan::Cut } else { Scan::No };
                };
                (if begins(after, "[]") { 3 } else { 1 }, label)
            }
        };
        let label = unicode::fold(label);
        match self.references.get(&label) {
            Some(target) if !cut || !self.live => {
                self.held |= cut;
                Scan::Found(length, (target.destination.clone(), target.title.clone()))
            }
            Some(target) => Scan::Found(length, (target.destination.clone(), target.title.clone())),
            None => {
                self.missing.push((self.at, label));
                if cut { Scan::Cut } else { Scan::No }
            }
        }
    }

    fn link(&mut self, bracket: Bracket, length: usize, destination: &str, title: String) {
        self.flush();
        self.emphasis.settle(&mut self.pieces, bracket.runs, true);
        let title = Some(title).filter(|title| !title.is_empty());
        let url = Url::new(destination);
        if bracket.image {
            let alt = self.describe(bracket.piece + 1);
            self.pieces.truncate(bracket.piece);
            self.put(length, Piece::Image { alt, url, title });
        } else {
            self.pieces[bracket.piece] = Piece::Nothing;
            self.put(length, Piece::Nothing);
            if let (Some(url), Some(last)) = (url, self.pieces.last_mut()) {
                *last = Piece::Close;
                self.pieces[bracket.piece] = Piece::Open(Kind::Link { url, title });
            }
            self.inactive = self.brackets.len();
        }
        if self.brackets.is_empty() {
            self.emphasis.settle(&mut self.pieces, 0, false);
        }
    }

    /// The pieces from index `from` on as plain text.
    fn describe(&self, from: usize) -> String {
        let mut alt = String::new();
        for piece in self.pieces.get(from..).unwrap_or_default() {
            match piece {
                Piece::Source(start, end) => alt.push_str(&replace(part(self.text, *start..*end), "\n", " ")),
                Piece::Text(text)
                | Piece::Code(text)
                | Piece::Math { source: text, .. }
                | Piece::Image { alt: text, .. } => alt.push_str(text),
                Piece::Run(run) => run.literal().for_each(|mark| alt.push(mark)),
                Piece::Break => alt.push(' '),
                _ => {}
            }
        }
        alt
    }

    /// Whether a bracket opened what is going to be a link, and not a list's index or a footnote's number.
    fn is_begun(&self, bracket: &Bracket) -> bool {
        let label = from(self.text, bracket.start);
        let before = last(to(self.text, bracket.start - 1)).unwrap_or(self.before);
        calm::opens(before, label) && !label.starts_with(|c: char| c.is_ascii_digit() || c == '^' || c == ']')
    }

    fn end(&mut self) {
        let rest = trim_end(from(self.text, self.plain));
        self.at = self.plain + rest.bytes().rposition(|byte| byte == b' ').unwrap_or_default();
        if self.is_settled() && self.at > self.plain {
            self.at = self.plain + trim_end(part(self.text, self.plain..self.at)).len();
            self.flush();
            self.safe = (self.at, self.pieces.len());
        }
        self.at = self.text.len();
        self.flush();
        if self.live {
            while let Some(bracket) = self.brackets.pop() {
                if bracket.image || self.is_begun(&bracket) {
                    self.pieces[bracket.piece] = Piece::Nothing;
                }
            }
        }
        self.emphasis.settle(&mut self.pieces, 0, false);
        if self.live {
            self.emphasis.anticipate(&mut self.pieces);
        }
    }
}
