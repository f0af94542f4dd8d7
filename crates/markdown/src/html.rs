//! Raw HTML: where a block or a tag of it ends. All of it is shown as text.

use crate::text::{begins, find, from, is_blank, to};

/// What ends a block of HTML: a blank line, or a line with one of these in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    Blank,
    Text(&'static str),
}

/// Names that begin a block wherever they stand, in upper or lower case.
const BLOCKS: &str = " address article aside base basefont blockquote body caption center col colgroup dd details \
dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html \
iframe legend li link main menu menuitem nav noframes ol optgroup option p param search section summary table tbody \
td tfoot th thead title tr track ul ";

const LONGEST_NAME: usize = 10;

/// What the line `text` begins, if it begins a block that may interrupt a paragraph.
pub(crate) fn block(text: &str) -> Option<Until> {
    let inner = text.strip_prefix('<')?;
    for (begin, end) in [("!--", "-->"), ("?", "?>"), ("![CDATA[", "]]>")] {
        if begins(inner, begin) {
            return Some(Until::Text(end));
        }
    }
    if is_declaration(inner) {
        return Some(Until::Text(">"));
    }
    let closing = begins(inner, "/");
    let inner = from(inner, usize::from(closing));
    let length = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
    if length == 0 || length > LONGEST_NAME {
        return None;
    }
    let name = to(inner, length).to_ascii_lowercase();
    let after = from(inner, length);
    let ends = after.is_empty() || matches!(after.as_bytes().first(), Some(b' ' | b'\t' | b'>'));
    if !closing && ends {
        for (begin, end) in
            [("pre", "</pre>"), ("style", "</style>"), ("script", "</script>"), ("textarea", "</textarea>")]
        {
            if name == begin {
                return Some(Until::Text(end));
            }
        }
    }
    let spaced = [" ", &name, " "].concat();
    let known = find(BLOCKS, &spaced, 0).is_some();
    (known && (ends || begins(after, "/>"))).then_some(Until::Blank)
}

fn is_declaration(inner: &str) -> bool {
    matches!(inner.as_bytes(), [b'!', letter, ..] if letter.is_ascii_alphabetic())
}

/// Whether the line `text` is one tag alone, which begins a block but interrupts no paragraph.
pub(crate) fn is_lone_tag(text: &str) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.tag().is_some_and(|length| is_blank(from(text, length)))
}

/// Reads tags, and remembers whether it was the end of the text that stopped it.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// The text ended before the syntax did.
    pub(crate) cut: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 1, cut: false }
    }

    fn peek(&mut self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.cut |= byte.is_none();
        byte
    }

    fn space(&mut self) -> bool {
        let begin = self.at;
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | 0xb | 0xc)) {
            self.at += 1;
        }
        self.at > begin
    }

    /// The length of the opening or closing tag at the start, which is a `<`.
    pub(crate) fn tag(&mut self) -> Option<usize> {
        let closing = self.peek()? == b'/';
        self.at += usize::from(closing);
        if !self.peek()?.is_ascii_alphabetic() {
            return None;
        }
        while self.peek()?.is_ascii_alphanumeric() || self.peek()? == b'-' {
            self.at += 1;
        }
        loop {
            let spaced = self.space();
            match self.peek()? {
                b'>' => break,
                b'/' if !closing => {
                    self.at += 1;
                    if self.peek()? != b'>' {
                        return None;
                    }
                    break;
                }
                byte if !closing && spaced && (byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')) => {
                    self.attribute()?;
                }
                _ => return None,
            }
        }
        Some(self.at + 1)
    }

    fn attribute(&mut self) -> Option<()> {
        while self.peek()?.is_ascii_alphanumeric() || matches!(self.peek()?, b'_' | b':' | b'.' | b'-') {
            self.at += 1;
        }
        let end = self.at;
        self.space();
        if self.peek()? != b'=' {
            self.at = end;
            return Some(());
        }
        self.at += 1;
        self.space();
        match self.peek()? {
            quote @ (b'"' | b'\'') => {
                let quote = if quote == b'"' { "\"" } else { "'" };
                let end = find(self.text, quote, self.at + 1);
                self.cut |= end.is_none();
                self.at = end? + 1;
            }
            b'=' | b'<' | b'>' | b'`' => return None,
            _ => {
                while !matches!(self.peek()?, b'\'' | b'"' | b' ' | b'\t' | b'\n' | b'=' | b'<' | b'>' | b'`')
                {
                    self.at += 1;
                }
            }
        }
        Some(())
    }
}

/// Ends of comments and the like that are not in the rest of a text, so that nobody looks for them again.
#[derive(Default)]
pub(crate) struct Missing([bool; 4]);

impl Missing {
    /// The length of the comment, instruction, declaration or section at the start of `text`, which is a `<`.
    pub(crate) fn special(&mut self, text: &str) -> Option<usize> {
        let inner = from(text, 1);
        let (kind, skip, end) = if begins(inner, "!--") {
            if begins(inner, "!-->") || begins(inner, "!--->") {
                return find(text, ">", 0).map(|at| at + 1);
            }
            (0, 4, "-->")
        } else if begins(inner, "?") {
            (1, 2, "?>")
        } else if begins(inner, "![CDATA[") {
            (2, 9, "]]>")
        } else if is_declaration(inner) {
            (3, 2, ">")
        } else {
            return None;
        };
        if self.0[kind] {
            return None;
        }
        let found = find(text, end, skip);
        self.0[kind] = found.is_none();
        Some(found? + end.len())
    }
}

/// The length of the address in angle brackets at the start of `text`, and whether it is a mail address.
pub(crate) fn autolink(text: &str) -> Option<(usize, bool)> {
    let inner = from(text, 1);
    let scheme =
        inner.bytes().take(33).take_while(|&b| b.is_ascii_alphanumeric() || b"+.-".contains(&b)).count();
    if (2..=32).contains(&scheme)
        && inner.as_bytes()[0].is_ascii_alphabetic()
        && begins(from(inner, scheme), ":")
    {
        let end = inner.bytes().position(|byte| byte <= b' ' || matches!(byte, b'<' | b'>'))?;
        return (inner.as_bytes()[end] == b'>').then_some((end + 2, false));
    }
    let local = inner
        .bytes()
        .take_while(|&b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b))
        .count();
    let domain = from(inner, local).strip_prefix('@').filter(|_| local > 0)?;
    let length = domain.bytes().take_while(|&b| b.is_ascii_alphanumeric() || b"-.".contains(&b)).count();
    let labels = to(domain, length)
        .split('.')
        .all(|label| (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-'));
    (labels && begins(from(domain, length), ">")).then_some((local + length + 3, true))
}
