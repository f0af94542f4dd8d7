//! The parts of links and of their definitions: labels, destinations, titles.

use crate::{
    entity,
    text::{from, part, run, to},
};

/// How deep parentheses nest in a destination.
const MAX_PARENTHESES: usize = 32;

/// How long a label is at most, in characters.
const MAX_LABEL: usize = 999;

/// What reading a part came to.
pub(crate) enum Scan<T> {
    /// It is there, and this long in bytes.
    Found(usize, T),
    /// It is not there.
    No,
    /// The text ended before that was decided.
    Cut,
}

/// Without backslashes before punctuation, and with references to characters as those characters.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'\\' | b'&')) {
        let after = from(rest, at);
        plain.push_str(to(rest, at));
        let length = match after.as_bytes() {
            [b'\\', next, ..] if next.is_ascii_punctuation() => {
                plain.push(char::from(*next));
                2
            }
            [b'&', ..] => entity::scan(after, &mut plain).unwrap_or(0),
            _ => 0,
        };
        if length == 0 {
            plain.push_str(to(after, 1));
        }
        rest = from(after, length.max(1));
    }
    plain.push_str(rest);
    plain
}

/// The label in brackets at the start of `text`, without them.
pub(crate) fn label(text: &str) -> Scan<&str> {
    let inner = match text.strip_prefix('[') {
        Some(inner) => inner,
        None => return Scan::No,
    };
    let (mut escaped, mut filled) = (false, false);
    for (count, (at, character)) in inner.char_indices().enumerate() {
        match character {
            _ if count > MAX_LABEL => return Scan::No,
            ']' if !escaped => {
                return if filled { Scan::Found(at + 2, to(inner, at)) } else { Scan::No };
            }
            '[' if !escaped => return Scan::No,
            _ => {}
        }
        filled |= !character.is_ascii_whitespace() && character != '\u{b}';
        escaped = character == '\\' && !escaped;
    }
    Scan::Cut
}

/// The destination at the start of `text`, as it is written there, without angle brackets.
pub(crate) fn destination(text: &str) -> Scan<&str> {
    let bytes = text.as_bytes();
    let pointed = bytes.first() == Some(&b'<');
    let mut at = usize::from(pointed);
    let mut depth = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1).is_some_and(u8::is_ascii_punctuation) => at += 1,
            b'\n' | b'<' if pointed => return Scan::No,
            b'>' if pointed => return Scan::Found(at + 1, part(text, 1..at)),
            _ if pointed => {}
            0..=b' ' => break,
            b'(' if depth > MAX_PARENTHESES => return Scan::No,
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    match (pointed, depth) {
        (false, 0) => Scan::Found(at, to(text, at)),
        _ if at >= bytes.len() => Scan::Cut,
        _ => Scan::No,
    }
}

/// The title at the start of `text`, as it is written there, without its quotes.
pub(crate) fn title(text: &str) -> Scan<&str> {
    let close = match text.as_bytes().first() {
        Some(quote @ (b'"' | b'\'')) => *quote,
        Some(b'(') => b')',
        Some(_) => return Scan::No,
        None => return Scan::Cut,
    };
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == close => return Scan::Found(at + 1, part(text, 1..at)),
            b'(' if close == b')' => return Scan::No,
            _ => {}
        }
    }
    Scan::Cut
}

/// How much of `text` is white space with at most one line end in it.
pub(crate) fn separator(text: &str) -> usize {
    let mut lines = 0;
    text.bytes()
        .take_while(|byte| {
            lines += usize::from(*byte == b'\n');
            matches!(byte, b' ' | b'\t' | b'\n') && lines < 2
        })
        .count()
}

/// What follows a link's text in parentheses: destination and title, as they are meant.
pub(crate) fn inline(text: &str) -> Scan<(String, String)> {
    let mut at = run(text, b'(').min(1);
    at += separator(from(text, at));
    let destination = match destination(from(text, at)) {
        Scan::Found(length, destination) => {
            at += length;
            destination
        }
        Scan::No => return Scan::No,
        Scan::Cut => return Scan::Cut,
    };
    let space = separator(from(text, at));
    at += space;
    let mut quoted = "";
    if space > 0 {
        match title(from(text, at)) {
            Scan::Found(length, title) => {
                quoted = title;
                at += length;
                at += separator(from(text, at));
            }
            Scan::Cut => return Scan::Cut,
            Scan::No => {}
        }
    }
    match text.as_bytes().get(at) {
        Some(b')') => Scan::Found(at + 1, (unescape(destination), unescape(quoted))),
        Some(_) => Scan::No,
        None => Scan::Cut,
    }
}
