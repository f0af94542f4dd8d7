//! Parts of texts. Each of these is one function in the end, where the operators and the generic methods of the
//! standard library are code at every place, with a way to panic.

use std::ops::Range;

/// What of `text` follows `at`.
#[inline(never)]
pub(crate) fn from(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

/// What of `text` comes before `at`.
#[inline(never)]
pub(crate) fn to(text: &str, at: usize) -> &str {
    text.get(..at).unwrap_or_default()
}

#[inline(never)]
pub(crate) fn part(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// Whether `bytes` begin `text`.
#[inline(never)]
pub(crate) fn begins(text: &str, bytes: &str) -> bool {
    text.as_bytes().starts_with(bytes.as_bytes())
}

/// Where `what` stands first, at `after` or later.
#[inline(never)]
pub(crate) fn find(text: &str, what: &str, after: usize) -> Option<usize> {
    let first = *what.as_bytes().first()?;
    let mut at = after;
    loop {
        at += from(text, at).bytes().position(|byte| byte == first)?;
        if begins(from(text, at), what) {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the line ends that `at` stands in.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    find(text, "\n", at).unwrap_or(text.len())
}

#[inline(never)]
pub(crate) fn trim_start(text: &str) -> &str {
    from(text, text.bytes().take_while(is_space).count())
}

#[inline(never)]
pub(crate) fn trim_end(text: &str) -> &str {
    to(text, text.len() - text.bytes().rev().take_while(is_space).count())
}

/// Spaces, and what else is white space within a line.
pub(crate) fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0xb | 0xc)
}

#[inline(never)]
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| is_space(&byte))
}

/// How many of `byte` begin `text`.
#[inline(never)]
pub(crate) fn run(text: &str, byte: u8) -> usize {
    text.bytes().take_while(|&other| other == byte).count()
}

/// How many of `byte` end `text`.
#[inline(never)]
pub(crate) fn run_back(text: &str, byte: u8) -> usize {
    text.bytes().rev().take_while(|&other| other == byte).count()
}

/// `text` with `with` in place of `what`.
#[inline(never)]
pub(crate) fn replace(text: &str, what: &str, with: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(next) = find(text, what, at) {
        replaced.push_str(part(text, at..next));
        replaced.push_str(with);
        at = next + what.len();
    }
    replaced.push_str(from(text, at));
    replaced
}

/// The last character of `text`.
#[inline(never)]
pub(crate) fn last(text: &str) -> Option<char> {
    text.chars().next_back()
}

/// Without white space and line ends at its end.
#[inline(never)]
pub(crate) fn trim_lines(text: &str) -> &str {
    to(text, text.len() - text.bytes().rev().take_while(|byte| is_space(byte) || *byte == b'\n').count())
}

/// For each length of a run of backticks where the last one of it stands.
pub(crate) fn last_backticks(text: &str) -> Vec<usize> {
    let mut last = Vec::new();
    let mut at = 0;
    while let Some(next) = find(text, "`", at) {
        at = next;
        let length = run(from(text, at), b'`');
        if last.len() <= length {
            last.resize(length + 1, 0);
        }
        last[length] = at;
        at += length;
    }
    last
}
