//! Commands: shells, sessions with them, and files that are made of them.

use crate::Class;
use crate::code;
use crate::language::{Language, has};
use crate::state::{Mode, State, Token};
use crate::string::variable;

/// The next token of a shell script. In `state`, a value is a command's name that has come.
pub(crate) fn token(state: &mut State, body: &str) -> Token {
    let language = state.language();
    if state.first && !std::mem::take(&mut state.dot) {
        state.value = false;
    }
    let first = body.chars().next().unwrap_or(' ');
    let spaced = std::mem::replace(&mut state.dot, false) || state.first;
    match first {
        _ if first.is_ascii_whitespace() => {
            // A comment begins after space only.
            state.dot = true;
            (body.len() - body.trim_ascii_start().len(), Class::Plain)
        }
        '#' if spaced => {
            state.push(Mode::Line(Class::Comment));
            (body.len(), Class::Comment)
        }
        '\\' => {
            let next = body[1..].chars().next().map_or(0, char::len_utf8);
            (1 + next, Class::Escape)
        }
        '$' if body.starts_with("$(") && !body.starts_with("$((") => {
            state.push(Mode::Code { open: b'(', close: b')', depth: 0 });
            state.value = false;
            (2, Class::Escape)
        }
        '$' if body.starts_with("$((") => (code::find(body, "))").map_or(3, |end| end + 2), Class::Number),
        '$' if body.starts_with("${") => (body.find('}').map_or(2, |end| end + 1), Class::Variable),
        '$' => {
            let length = variable(body);
            (length, if length > 1 { Class::Variable } else { Class::Plain })
        }
        '"' | '\'' | '`' => {
            state.value = true;
            (code::quote(state, language, body, "", Class::String).unwrap_or(1), Class::String)
        }
        '<' if body.starts_with("<<") && !body.starts_with("<<<") => {
            code::heredoc(state, body).unwrap_or((2, Class::Plain))
        }
        '-' if spaced && body.len() > 1 => (option_length(body), Class::Property),
        '>' if body.starts_with(">&") => {
            (2 + body[2..].bytes().take_while(u8::is_ascii_digit).count(), Class::Plain)
        }
        '[' => {
            state.value = true;
            (1, Class::Plain)
        }
        '|' | '&' | ';' | '(' | '{' => {
            let token = code::punctuation(state, first);
            state.value = false;
            state.dot = true;
            token
        }
        _ if is_word(first) => word(state, language, body),
        _ => {
            let value = state.value;
            let token = code::punctuation(state, first);
            state.value = value || token.1 == Class::Escape;
            state.dot = false;
            token
        }
    }
}

fn word(state: &mut State, language: &Language, body: &str) -> Token {
    let length = body.find(|character| !is_word(character)).unwrap_or(body.len());
    let (word, rest) = body.split_at(length);
    let named = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let class = if word.bytes().all(|byte| byte.is_ascii_digit()) {
        Class::Number
    } else if state.value {
        if matches!(word, "in" | "do" | "then") { Class::Keyword } else { Class::Plain }
    } else if named && rest.starts_with('=') {
        Class::Variable
    } else if has(language.keywords, word) {
        Class::Keyword
    } else {
        Class::Function
    };
    // After most keywords comes a command again.
    state.value = match class {
        Class::Keyword => matches!(word, "for" | "case" | "in" | "function" | "select"),
        Class::Variable => false,
        _ => true,
    };
    (length, class)
}

/// The next token of a terminal's session: commands come after a prompt, the rest was written by them.
pub(crate) fn session(state: &mut State, body: &str) -> Token {
    if !state.first {
        return token(state, body);
    }
    let prompt = ["$ ", "# ", "% ", "> ", "PS> "].into_iter().find(|prompt| body.starts_with(prompt));
    if let Some(prompt) = prompt {
        state.value = false;
        return (prompt.len(), Class::Meta);
    }
    state.push(Mode::Line(Class::Plain));
    (body.len(), Class::Plain)
}

/// The next token of a file of instructions.
pub(crate) fn dockerfile(state: &mut State, body: &str) -> Token {
    let length = code::word_length(body);
    let word = &body[..length];
    if length > 0 && state.first && has(state.language().types, &word.to_ascii_lowercase()) {
        state.value = !matches!(word, "RUN" | "CMD" | "ENTRYPOINT" | "HEALTHCHECK");
        state.dot = true;
        return (length, Class::Keyword);
    }
    if word == "AS" {
        return (length, Class::Keyword);
    }
    let value = state.value;
    let token = token(state, body);
    // In the lines of one instruction the command's name has come already.
    if state.first && body.trim_ascii().is_empty() {
        state.value = value;
    }
    token
}

/// The next token of a makefile: targets and variables stand at the beginnings of lines, commands after a tab.
pub(crate) fn makefile(state: &mut State, body: &str) -> Token {
    if state.first && !body.starts_with('\t') && state.indent == 0 {
        let end = body.find(['=', ':', '?', '+', '#', ' ']).unwrap_or(body.len());
        let rest = body[end..].trim_ascii_start();
        if end > 0 && (rest.starts_with("=") || rest.starts_with(":=") || rest.starts_with("?=")) {
            state.value = true;
            return (end, Class::Variable);
        }
        if end > 0 && rest.starts_with(':') {
            state.value = true;
            return (end, Class::Function);
        }
    }
    if let Some(rest) = body.strip_prefix("$(") {
        let length = code::word_length(rest);
        if rest[length..].starts_with(')') {
            return (length + 3, Class::Variable);
        }
    }
    token(state, body)
}

fn option_length(body: &str) -> usize {
    body.find(|character: char| !is_word(character) && character != '=').unwrap_or(body.len()).max(1)
}

fn is_word(character: char) -> bool {
    code::is_letter(character) || b"-./:+@%,~*?!^".contains(&(character as u8))
}
