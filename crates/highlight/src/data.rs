//! Settings: YAML, and files of keys with an equals sign.

use crate::Class;
use crate::code;
use crate::state::{Mode, State, Token};

/// The next token of YAML. In `state`, a dot is what a key may follow beside the beginning of a line.
pub(crate) fn yaml(state: &mut State, body: &str) -> Token {
    let may_be_key = std::mem::take(&mut state.dot) || state.first;
    let first = body.chars().next().unwrap_or(' ');
    if first.is_ascii_whitespace() {
        state.dot = may_be_key;
        state.value = false;
        return (body.len() - body.trim_ascii_start().len(), Class::Plain);
    }
    // A mark in the middle of a word means nothing.
    let begins = !std::mem::replace(&mut state.value, true);
    if first == '#' && begins {
        state.push(Mode::Line(Class::Comment));
        return (body.len(), Class::Comment);
    }
    if state.first && (body.starts_with("---") || body.starts_with("...") || first == '%') {
        return (body.len(), Class::Meta);
    }
    if matches!(first, '-' | '?') && may_be_key && body[1..].trim_ascii_start().len() < body.len() - 1 {
        state.dot = true;
        return (1, Class::Plain);
    }
    if matches!(first, '{' | '[' | ',') {
        state.dot = true;
        state.value = false;
        return (1, Class::Plain);
    }
    if let Some(length) = key_length(body).filter(|_| may_be_key) {
        return (length, Class::Property);
    }
    let rest = body.trim_ascii_end();
    if matches!(first, '|' | '>')
        && rest.len() < 4
        && !rest[1..].contains(|mark: char| !matches!(mark, '+' | '-' | '0'..='9'))
    {
        state.push(Mode::Indented(state.indent));
        return (body.len(), Class::Meta);
    }
    if begins && matches!(first, '"' | '\'') {
        let language = state.language();
        let length = code::quote(state, language, body, "", Class::String);
        return (length.unwrap_or(1), Class::String);
    }
    if begins && matches!(first, '&' | '*' | '!') {
        let length = body.find([' ', ',', ']', '}']).unwrap_or(body.len());
        return (length, Class::Meta);
    }
    if matches!(first, ':' | ']' | '}') {
        state.value = false;
        return (1, Class::Plain);
    }
    scalar(body)
}

/// A value without quotes.
fn scalar(body: &str) -> Token {
    let end = [code::find(body, " #"), body.find([',', ']', '}', '\r'])].into_iter().flatten().min();
    // Commas and brackets end it in a flow only, and are part of it elsewhere; either way they do not look bad.
    let text = &body[..end.unwrap_or(body.len()).max(body.chars().next().map_or(1, char::len_utf8))];
    let word = text.trim_ascii();
    let is_number = word
        .starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'))
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || b"xo._+-:TZ".contains(&byte));
    let is_constant = ["true", "false", "null", "yes", "no", "on", "off", "~"]
        .iter()
        .any(|constant| word.eq_ignore_ascii_case(constant));
    (text.len(), if is_number || is_constant { Class::Number } else { Class::String })
}

/// The length of a key without its colon.
fn key_length(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let quoted = bytes.first().copied().filter(|mark| matches!(mark, b'"' | b'\''));
    let mut at = match quoted {
        Some(mark) => 2 + bytes[1..].iter().position(|byte| *byte == mark)?,
        None => 0,
    };
    loop {
        match bytes.get(at)? {
            b':' if bytes.get(at + 1).is_none_or(u8::is_ascii_whitespace) => return (at > 0).then_some(at),
            b'#' if at > 0 && bytes[at - 1] == b' ' => return None,
            b',' | b'[' | b'{' | b']' | b'}' | b'"' | b'\'' => return None,
            _ if quoted.is_some() && bytes[at] != b' ' => return None,
            _ => at += 1,
        }
    }
}

/// The next part of text that is further in than its key.
pub(crate) fn indented(state: &mut State, body: &str, indent: usize) -> Token {
    if state.first && state.indent <= indent && state.indent < body.len() {
        state.pop();
        return (state.language().token)(state, body);
    }
    (body.len(), Class::String)
}

/// The next token of a file of sections, keys and values.
pub(crate) fn keys(state: &mut State, body: &str) -> Token {
    if state.first {
        let trimmed = body.trim_ascii();
        let comment = trimmed.starts_with(['#', ';']);
        if comment {
            state.push(Mode::Line(Class::Comment));
            return (body.len(), Class::Comment);
        }
        if body.starts_with('[') && !trimmed.ends_with(',') {
            let end = code::find(body, " #").unwrap_or(body.len());
            if body[..end].trim_ascii().ends_with(']') {
                return (end, Class::Type);
            }
        }
        let is_key = |character: char| {
            code::is_letter(character) || matches!(character, '.' | '-' | '"' | '\'' | ' ' | '/' | '\\' | '@')
        };
        let end = body.find(|character| !is_key(character)).unwrap_or(0);
        if end > 0 && (body[end..].starts_with('=') || body[end..].starts_with(": ")) {
            return (body[..end].trim_ascii_end().len(), Class::Property);
        }
    }
    code::token(state, body)
}
