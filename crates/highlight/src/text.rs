//! Markdown and differences, where what a line is stands at its beginning.

use crate::Class;
use crate::code;
use crate::language;
use crate::state::{Mode, State, Token};

/// The next token of a difference.
pub(crate) fn diff(state: &mut State, body: &str) -> Token {
    let starts = |marks: &[&str]| marks.iter().any(|mark| body.starts_with(mark));
    let class = if starts(&["+++", "---", "diff ", "index ", "***", "==="]) {
        Class::Heading
    } else if starts(&["@@"]) {
        Class::Meta
    } else if starts(&["+", ">"]) {
        Class::Inserted
    } else if starts(&["-", "<", "!"]) {
        Class::Deleted
    } else {
        Class::Plain
    };
    state.push(Mode::Line(class));
    (body.len(), class)
}

/// The next token of Markdown.
pub(crate) fn markdown(state: &mut State, body: &str) -> Token {
    let trimmed = body.trim_ascii_start();
    if trimmed.len() < body.len() {
        return (body.len() - trimmed.len(), Class::Plain);
    }
    if state.first
        && let Some(token) = line_start(state, body)
    {
        return token;
    }
    let inline = |mark: &str, class| {
        let end = code::find(body.strip_prefix(mark)?, mark).filter(|end| *end > 0)?;
        Some((end + 2 * mark.len(), class))
    };
    let link = || {
        let end = body.starts_with('[').then(|| code::find(body, "]("))??;
        Some((end + 1, Class::Function))
    };
    let address = || {
        let end = body.starts_with('(').then(|| body.find(')'))??;
        Some((end + 1, Class::String))
    };
    let address = if std::mem::take(&mut state.dot) { address() } else { None };
    let found = inline("`", Class::String)
        .or_else(|| inline("**", Class::Keyword))
        .or_else(|| inline("__", Class::Keyword))
        .or_else(link)
        .or(address);
    if let Some(token) = found {
        state.dot = token.1 == Class::Function;
        return token;
    }
    let first = body.chars().next().map_or(1, char::len_utf8);
    (body[first..].find(['`', '*', '_', '[', ' ']).map_or(body.len(), |end| first + end), Class::Plain)
}

/// A heading, a fence, or the mark of an item or a quote.
fn line_start(state: &mut State, body: &str) -> Option<Token> {
    let hashes = body.len() - body.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && body[hashes..].starts_with(' ') {
        state.push(Mode::Line(Class::Heading));
        return Some((body.len(), Class::Heading));
    }
    for fence in ["```", "~~~"] {
        if body.starts_with(fence) {
            let language = language::find(body.trim_start_matches(['`', '~']).trim_ascii());
            // What stands in it is read as what it is, but not Markdown in Markdown for ever.
            if let Some(language) = language.filter(|_| state.is_outermost()) {
                state.push(Mode::Embedded { language, until: fence, fence: true });
            }
            return Some((body.len(), Class::Meta));
        }
    }
    let digits = body.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 && body[digits..].starts_with(". ") {
        return Some((digits + 1, Class::Meta));
    }
    body.starts_with(['-', '*', '+', '>']).then_some(())?;
    body[1..].starts_with(' ').then_some((1, Class::Meta))
}
