//! Formulas, where they are asked for: `$…$`, `$$…$$`, `\(…\)` and `\[…\]`, within a line or over lines of their own.

use crate::{
    link::Scan,
    text::{from, is_blank, part},
};

/// How long a formula within a line is at most, in bytes: what never ends is not waited for any longer.
const MAX_INLINE: usize = 2_000;

/// Up to this many bytes after a single dollar are taken for a formula that has not ended yet.
const MAX_LIKELY: usize = 120;

/// The formula at the start of `text`, which follows `previous`, and whether it is displayed.
///
/// A single dollar is often a price: the opening one stands at no word and before no space, the closing one after no
/// space and before no digit, and there is no other dollar between them.
pub(crate) fn inline(text: &str, previous: char) -> Scan<(&str, bool)> {
    let bytes = text.as_bytes();
    let (open, close, display) = match bytes {
        [b'\\', b'(', ..] => (b'(', b')', false),
        [b'\\', b'[', ..] => (b'[', b']', true),
        [b'$', b'$', ..] => (b'$', b'$', true),
        [b'$', b' ' | b'\t' | b'\n', ..] => return Scan::No,
        [b'$', ..] if !previous.is_ascii_alphanumeric() => (b' ', b' ', false),
        _ => return Scan::No,
    };
    let start = if open == b' ' { 1 } else { 2 };
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        let ends = match byte {
            _ if at > MAX_INLINE => return Scan::No,
            b'\\' if next.is_none() => return Scan::Cut,
            b'\\' if open != b'$' && next == Some(open) => return Scan::No,
            b'\\' if next == Some(close) => true,
            b'\\' => {
                at += 2;
                continue;
            }
            b'$' if open == b' ' => {
                let price = next.is_some_and(|next| next.is_ascii_digit());
                if price || b" \t\n".contains(&bytes[at - 1]) {
                    return Scan::No;
                }
                return Scan::Found(at + 1, (part(text, start..at), false));
            }
            b'$' if open == b'$' && next.is_none() => return Scan::Cut,
            b'$' => open == b'$' && next == Some(b'$'),
            _ => false,
        };
        if ends {
            let source = part(text, start..at).trim();
            return if source.is_empty() { Scan::No } else { Scan::Found(at + 2, (source, display)) };
        }
        at += 1;
    }
    Scan::Cut
}

/// Whether `text`, which begins a formula that has not ended, is likely to go on as one.
pub(crate) fn is_likely(text: &str) -> bool {
    match text.as_bytes() {
        [b'\\', ..] | [b'$', b'$', ..] => true,
        [_, next, ..] => !next.is_ascii_digit() && text.len() < MAX_LIKELY,
        _ => false,
    }
}

/// Whether a line begins a formula that has lines of its own, and if so whether with a bracket.
pub(crate) fn block(line: &str) -> Option<bool> {
    let bracket = match line.as_bytes() {
        [b'$', b'$', ..] => false,
        [b'\\', b'[', ..] => true,
        _ => return None,
    };
    let inner = from(line, 2);
    let formula = match closing(inner, bracket) {
        Some(at) => !is_blank(part(inner, 0..at)),
        // What only mentions the mark would take all that follows with it.
        None => {
            is_blank(inner) || inner.bytes().any(|b| b.is_ascii_digit() || b"\\^_={}+<>|*/()&".contains(&b))
        }
    };
    formula.then_some(bracket)
}

/// Where the mark stands that ends a block.
pub(crate) fn closing(line: &str, bracket: bool) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match (byte, bracket) {
            (b'\\', true) if next == Some(b']') => return Some(at),
            (b'$', false) if next == Some(b'$') => return Some(at),
            (b'\\', _) => at += 2,
            _ => at += 1,
        }
    }
    None
}

/// Whether a line that begins like this may yet begin a block.
pub(crate) fn may_begin(line: &str) -> bool {
    matches!(line.as_bytes(), [b'$', b'$', ..] | [b'\\', b'[', ..] | [b'$' | b'\\'])
}
