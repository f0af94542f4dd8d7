//! Style sheets.

use crate::Class;
use crate::code;
use crate::state::{Mode, State, Token};

/// The next token of a style sheet. In `state`, a value is what comes between a colon and a semicolon.
pub(crate) fn token(state: &mut State, body: &str) -> Token {
    let language = state.language();
    let first = body.chars().next().unwrap_or(' ');
    if first.is_ascii_whitespace() {
        return (body.len() - body.trim_ascii_start().len(), Class::Plain);
    }
    if body.starts_with("/*") {
        state.push(Mode::Comment(0));
        return (2, Class::Comment);
    }
    if language.line_comments.iter().any(|mark| body.starts_with(mark)) {
        state.push(Mode::Line(Class::Comment));
        return (body.len(), Class::Comment);
    }
    if let Some(length) = code::quote(state, language, body, "", Class::String) {
        return (length, Class::String);
    }
    let name = |from: usize| from + name_length(&body[from..]);
    match first {
        '{' | '}' | ';' => {
            state.value = false;
            (1, Class::Plain)
        }
        '@' => {
            state.value = true;
            (name(1), Class::Keyword)
        }
        '$' => (name(1), Class::Variable),
        '-' if body.starts_with("--") => (name(2), Class::Variable),
        '!' => (name(1), Class::Keyword),
        '#' if state.value => (name(1), Class::Number),
        '.' | '-' | '+' if body[1..].starts_with(|next: char| next.is_ascii_digit()) => {
            (number_length(body, 1), Class::Number)
        }
        '0'..='9' => (number_length(body, 1), Class::Number),
        '#' | '.' if name(1) > 1 => (name(1), Class::Property),
        ':' if is_declared(body) => {
            state.value = true;
            (1, Class::Plain)
        }
        ':' if !state.value => (name(body.len() - body.trim_start_matches(':').len()).max(1), Class::Meta),
        _ if is_name(first) => {
            let length = name(0);
            let rest = &body[length..];
            let class = if rest.starts_with('(') {
                Class::Function
            } else if state.value {
                Class::Plain
            } else if rest.trim_ascii_start().starts_with(':') && is_declared(rest.trim_ascii_start()) {
                Class::Property
            } else {
                Class::Tag
            };
            (length, class)
        }
        _ => (first.len_utf8(), Class::Plain),
    }
}

/// Whether a colon stands before a value and not in a selector: those are followed by a brace or a comma.
fn is_declared(body: &str) -> bool {
    let end = body.find(['{', ';', '}']);
    !body.starts_with("::")
        && match end {
            Some(end) => !body[end..].starts_with('{'),
            None => !body.trim_ascii_end().ends_with(','),
        }
}

fn is_name(character: char) -> bool {
    character == '-' || code::is_letter(character)
}

fn name_length(text: &str) -> usize {
    text.find(|character| !is_name(character)).unwrap_or(text.len())
}

/// The length of a number with its unit.
fn number_length(body: &str, from: usize) -> usize {
    let rest = &body[from..];
    let goes_on = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '%');
    from + rest.find(|character| !goes_on(character)).unwrap_or(rest.len())
}
