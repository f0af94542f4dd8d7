//! Strings, and what stands in them.

use crate::Class;
use crate::language::{
    BACKSLASH_PAREN, BRACE, DOLLAR, DOLLAR_BRACE, DOLLAR_PAREN, DOUBLED, HASH_BRACE, Quote, RAW,
};
use crate::state::{Mode, State, Token};

/// Marks that code in a string can stand in: the trait, what opens it, and the bytes that its depth is counted by.
const HOLES: [(u32, &str, u8, u8); 5] = [
    (DOLLAR_BRACE, "${", b'{', b'}'),
    (HASH_BRACE, "#{", b'{', b'}'),
    (BACKSLASH_PAREN, "\\(", b'(', b')'),
    (DOLLAR_PAREN, "$(", b'(', b')'),
    (BRACE, "{", b'{', b'}'),
];

/// The next part of a string: a run of its text, an escape, or the beginning of code.
pub(crate) fn token(
    state: &mut State,
    body: &str,
    (quote, traits, hashes): (&'static Quote, u32, u8),
    class: Class,
) -> Token {
    let bytes = body.as_bytes();
    let first = quote.close.as_bytes()[0];
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        let rest = &bytes[at..];
        if byte == first && rest.starts_with(quote.close.as_bytes()) {
            let after = &rest[quote.close.len()..];
            if traits & DOUBLED != 0 && after.first() == Some(&first) {
                return if at > 0 { (at, class) } else { (2, Class::Escape) };
            }
            if after.iter().take_while(|byte| **byte == b'#').count() >= usize::from(hashes) {
                state.pop();
                state.value = true;
                return (at + quote.close.len() + usize::from(hashes), class);
            }
        }
        if matches!(byte, b'\\' | b'$' | b'#' | b'{')
            && let Some(special) = special(state, &body[at..], traits, at > 0)
        {
            return if at > 0 { (at, class) } else { special };
        }
        at += 1;
    }
    (body.len(), class)
}

/// What `rest` begins with if it is not just text. Where it is only looked at, nothing is opened.
fn special(state: &mut State, rest: &str, traits: u32, only_look: bool) -> Option<Token> {
    // Braces that are doubled stand for themselves.
    if traits & BRACE != 0 && rest.starts_with("{{") {
        return Some((2, Class::Escape));
    }
    for (hole, mark, open, close) in HOLES {
        if traits & hole != 0 && rest.starts_with(mark) {
            if !only_look {
                state.push(Mode::Code { open, close, depth: 0 });
                state.value = false;
                state.dot = false;
            }
            return Some((mark.len(), Class::Escape));
        }
    }
    if traits & DOLLAR != 0 && rest.starts_with("${") {
        return rest.find('}').map(|end| (end + 1, Class::Variable));
    }
    if traits & DOLLAR != 0 && rest.starts_with('$') {
        let length = variable(rest);
        return (length > 1).then_some((length, Class::Variable));
    }
    if rest.starts_with('\\') && traits & RAW == 0 {
        // An escaped line end goes on with the string.
        state.continued = rest.len() == 1 && !only_look;
        return Some((escape(rest), Class::Escape));
    }
    None
}

/// The length of a variable's name with its dollar sign; 1 where there is none.
pub(crate) fn variable(rest: &str) -> usize {
    let name = rest.get(1..).unwrap_or_default();
    match name.bytes().next() {
        Some(b'?' | b'#' | b'@' | b'*' | b'!' | b'$' | b'0'..=b'9') => 2,
        _ => 1 + name.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count(),
    }
}

/// The length of an escape.
fn escape(rest: &str) -> usize {
    let digits = |from: usize, most: usize, radix: u32| {
        let digits = rest.get(from..).unwrap_or_default().chars();
        from + digits.take(most).take_while(|character| character.is_digit(radix)).count()
    };
    match rest[1..].chars().next() {
        Some('u') if rest.starts_with("\\u{") => rest.find('}').map_or(3, |end| end + 1),
        Some('x') => digits(2, 2, 16),
        Some('u') => digits(2, 4, 16),
        Some('U') => digits(2, 8, 16),
        Some('0'..='7') => digits(1, 3, 8),
        Some(other) => 1 + other.len_utf8(),
        None => 1,
    }
}

/// The next part of a here-document: a line.
pub(crate) fn here(state: &mut State, body: &str) -> Token {
    if state.first && body.trim().trim_end_matches([';', ',', ')']) == state.word {
        state.pop();
        return (body.len(), Class::Meta);
    }
    (body.len(), Class::String)
}
