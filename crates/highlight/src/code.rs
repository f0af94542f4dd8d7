//! Languages whose code is words, strings, numbers, comments and marks.

use crate::Class;
use crate::language::{
    ANNOTATIONS, ANY_CASE, AT_VARIABLES, ATTRIBUTES, BRACE, CALLED_CAPITALS, CALLS, CAPITALS, DOLLARS,
    HEREDOCS, HYPHENS, JSX, KEYS, LIFETIMES, LINES, Language, MACROS, NESTED, PREPROCESSOR, RAW, REGEX,
    SYMBOLS, has,
};
use crate::markup;
use crate::state::{Mode, State, Token};

/// The next token of code.
pub(crate) fn token(state: &mut State, body: &str) -> Token {
    let language = state.language();
    let space = body.len() - body.trim_ascii_start().len();
    if space > 0 {
        return (space, Class::Plain);
    }
    let dot = std::mem::take(&mut state.dot);
    if let Some((open, _)) = language.block_comment
        && body.starts_with(open)
    {
        state.push(Mode::Comment(0));
        return (open.len(), Class::Comment);
    }
    if language.line_comments.iter().any(|mark| body.starts_with(mark)) {
        state.push(Mode::Line(Class::Comment));
        return (body.len(), Class::Comment);
    }
    if body.starts_with("#!/") && state.first {
        state.push(Mode::Line(Class::Comment));
        return (body.len(), Class::Comment);
    }
    if let Some(token) = marked(state, language, body) {
        return token;
    }
    let class = key(language, body).unwrap_or(Class::String);
    if let Some(length) = quote(state, language, body, "", class) {
        return (length, class);
    }
    let first = body.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() || (first == '.' && second(body).is_some_and(|next| next.is_ascii_digit())) {
        state.value = true;
        return (number(body), Class::Number);
    }
    if is_word(first) {
        return word(state, language, body, dot);
    }
    punctuation(state, first)
}

/// The next part of a comment.
pub(crate) fn comment(state: &mut State, body: &str, depth: u16) -> Token {
    let language = state.language();
    let Some((open, close)) = language.block_comment else { return (body.len(), Class::Comment) };
    let end = find(body, close);
    let start = if language.traits & NESTED != 0 { find(body, open) } else { None };
    match (start, end) {
        (Some(start), end) if end.is_none_or(|end| start < end) => {
            if let Some(Mode::Comment(depth)) = state.top() {
                *depth = depth.saturating_add(1);
            }
            (start + open.len(), Class::Comment)
        }
        (_, Some(end)) => {
            match state.top() {
                Some(Mode::Comment(left)) if depth > 0 => *left = depth - 1,
                _ => state.pop(),
            }
            (end + close.len(), Class::Comment)
        }
        _ => (body.len(), Class::Comment),
    }
}

/// A token that a mark makes what it is.
fn marked(state: &mut State, language: &Language, body: &str) -> Option<Token> {
    let has = |wanted: u32| language.traits & wanted != 0;
    let name = || 1 + word_length(&body[1..]);
    match body.as_bytes()[0] {
        b'#' if has(PREPROCESSOR) && state.first => {
            let word = body[1..].trim_ascii_start();
            let length = body.len() - word.len() + word_length(word);
            // A header in angle brackets is no comparison.
            let header = body[length..].trim_ascii_start().starts_with('<');
            let end = body.find('>').filter(|_| header).map_or(length, |end| end + 1);
            Some((end, Class::Meta))
        }
        b'#' if has(ATTRIBUTES) && (body.starts_with("#[") || body.starts_with("#![")) => {
            Some((body.find(']').map_or(body.len(), |end| end + 1), Class::Meta))
        }
        b'@' if has(ANNOTATIONS) && name() > 1 => Some((name(), Class::Meta)),
        b'@' if has(AT_VARIABLES) => {
            state.value = true;
            let marks = body.len() - body.trim_start_matches('@').len();
            Some((marks + word_length(&body[marks..]), Class::Variable))
        }
        b'$' if has(DOLLARS) && name() > 1 => {
            state.value = true;
            Some((name(), Class::Variable))
        }
        b':' if has(SYMBOLS) && name() > 1 && !body.starts_with("::") => {
            state.value = true;
            Some((name(), Class::Number))
        }
        b'/' if has(REGEX) && !state.value => {
            let length = regex(body)?;
            state.value = true;
            Some((length, Class::String))
        }
        b'\'' if has(LIFETIMES) => Some(character(state, body)),
        b'<' if body.starts_with("<?php") => Some((5, Class::Meta)),
        b'-' if has(HYPHENS) && name() > 1 && body.as_bytes()[1].is_ascii_alphabetic() => {
            Some((name(), Class::Property))
        }
        b'<' if has(HEREDOCS) && (!state.value || body.starts_with("<<~")) => heredoc(state, body),
        b'<' if has(JSX) && !state.value => markup::element(state, body),
        _ => None,
    }
}

/// Opens a string whose quotes `body` begins with, after `prefix`, and gives the length of its opening.
pub(crate) fn quote(
    state: &mut State,
    language: &'static Language,
    body: &str,
    prefix: &str,
    class: Class,
) -> Option<usize> {
    let hashes = body.bytes().take_while(|byte| *byte == b'#').count();
    let hashes = if prefix.contains('r') { hashes } else { 0 };
    let rest = &body[hashes..];
    let quote = language.quotes.iter().find(|quote| rest.starts_with(quote.open))?;
    let mut traits = quote.traits;
    if prefix.contains(['r', 'R']) {
        traits |= RAW;
    }
    if prefix.contains(['f', 'F']) {
        traits |= BRACE;
    }
    if hashes > 0 || (prefix.contains('r') && language.traits & LIFETIMES != 0) {
        traits |= LINES;
    }
    state.push(Mode::Text { quote, traits, hashes: hashes as u8, class });
    Some(hashes + quote.open.len())
}

/// The class of a string if it is a key of an object.
fn key(language: &Language, body: &str) -> Option<Class> {
    let mark =
        body.chars().next().filter(|mark| language.traits & KEYS != 0 && matches!(mark, '"' | '\''))?;
    let end = body[1..].find(mark)?;
    body[end + 2..].trim_ascii_start().starts_with(':').then_some(Class::Property)
}

fn word(state: &mut State, language: &'static Language, body: &str, dot: bool) -> Token {
    let mut length = word_length(body);
    if language.traits & HYPHENS != 0 {
        while body[length..].starts_with('-') && word_length(&body[length + 1..]) > 0 {
            length += 1 + word_length(&body[length + 1..]);
        }
    }
    let (word, rest) = body.split_at(length);
    if !language.prefixes.is_empty()
        && has(language.prefixes, word)
        && let Some(opening) = quote(state, language, rest, word, Class::String)
    {
        return (length + opening, Class::String);
    }
    let class = class_of(language, word, rest, dot);
    state.value = class != Class::Keyword;
    // The mark of a macro belongs to its name.
    let mark = class == Class::Function && rest.starts_with('!');
    (length + usize::from(mark), class)
}

fn class_of(language: &Language, word: &str, rest: &str, dot: bool) -> Class {
    let any_case = language.traits & ANY_CASE != 0;
    let lower = any_case.then(|| word.to_ascii_lowercase());
    let looked_up = lower.as_deref().unwrap_or(word);
    let called = language.traits & CALLS != 0 && rest.starts_with('(');
    if !dot {
        for (words, class) in [
            (language.keywords, Class::Keyword),
            (language.constants, Class::Number),
            (language.types, Class::Type),
        ] {
            if has(words, looked_up) {
                return class;
            }
        }
    }
    let is_macro = language.traits & MACROS != 0
        && rest.strip_prefix('!').is_some_and(|rest| rest.starts_with(['(', '[', '{', ' ']));
    if is_macro {
        return Class::Function;
    }
    let hyphen = language.traits & HYPHENS != 0 && word.contains('-');
    if hyphen || (called && (dot || language.traits & CALLED_CAPITALS != 0)) {
        return Class::Function;
    }
    let capital = word.starts_with(|first: char| first.is_ascii_uppercase());
    if language.traits & CAPITALS != 0 && capital {
        let shouted = word.len() > 1 && !word.bytes().any(|byte| byte.is_ascii_lowercase());
        return if shouted { Class::Number } else { Class::Type };
    }
    if called { Class::Function } else { Class::Plain }
}

/// A mark; one that closes code in a string ends that.
pub(crate) fn punctuation(state: &mut State, mark: char) -> Token {
    if mark.is_ascii()
        && let Some(Mode::Code { open, close, depth }) = state.top()
    {
        let mark = mark as u8;
        if mark == *open {
            *depth = depth.saturating_add(1);
        } else if mark == *close && *depth > 0 {
            *depth -= 1;
        } else if mark == *close {
            state.pop();
            return (1, Class::Escape);
        }
    }
    state.dot = mark == '.';
    state.value = matches!(mark, ')' | ']');
    (mark.len_utf8(), Class::Plain)
}

/// The length of a number, with what stands for its type.
fn number(body: &str) -> usize {
    let bytes = body.as_bytes();
    let hexadecimal = body.starts_with("0x") || body.starts_with("0X");
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let goes_on = match byte {
            b'.' => {
                bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
                    && !bytes[..at].contains(&b'.')
                    && !hexadecimal
            }
            b'\'' => at > 0 && bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
            b'+' | b'-' => !hexadecimal && matches!(bytes[at - 1], b'e' | b'E') && at > 0,
            _ => byte.is_ascii_alphanumeric() || *byte == b'_',
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

/// The length of a regular expression with its flags; `None` where it does not end.
fn regex(body: &str) -> Option<usize> {
    let (mut in_set, mut escaped) = (false, false);
    for (at, byte) in body.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => in_set = true,
            b']' => in_set = false,
            b'/' if !in_set => {
                return Some(at + 1 + body[at + 1..].bytes().take_while(u8::is_ascii_alphabetic).count());
            }
            _ => {}
        }
    }
    None
}

/// A character in quotes, or a label.
fn character(state: &mut State, body: &str) -> Token {
    let mut characters = body.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), _) => {
            let end = body[2..].char_indices().skip(1).find(|(_, character)| *character == '\'');
            state.value = true;
            (end.map_or(2, |(end, _)| end + 3), Class::String)
        }
        (Some(_), Some((end, '\''))) => {
            state.value = true;
            (end + 1, Class::String)
        }
        _ => (1 + word_length(&body[1..]), Class::Meta),
    }
}

/// The beginning of a here-document: `<<WORD`, `<<-'WORD'`, `<<~WORD`, `<<<WORD`.
pub(crate) fn heredoc(state: &mut State, body: &str) -> Option<Token> {
    let marks = body.strip_prefix("<<")?;
    let name = marks.trim_start_matches(['<', '-', '~']).trim_start_matches(['\'', '"']);
    let length = word_length(name);
    if length == 0 || !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        return None;
    }
    name[..length].clone_into(&mut state.word);
    state.push(Mode::Here { begun: false });
    let quoted = name[length..].starts_with(['\'', '"']);
    Some((body.len() - name.len() + length + usize::from(quoted), Class::Meta))
}

pub(crate) fn is_word(character: char) -> bool {
    character == '$' || is_letter(character)
}

/// Whether a character can be part of a name. Beyond ASCII all can: which ones really are takes tables that are larger
/// than a language.
pub(crate) fn is_letter(character: char) -> bool {
    character == '_' || character.is_ascii_alphanumeric() || !character.is_ascii()
}

/// Where `mark` begins in a text. The standard library's search is faster in long texts only, and these are short.
pub(crate) fn find(text: &str, mark: &str) -> Option<usize> {
    text.as_bytes().windows(mark.len()).position(|window| window == mark.as_bytes())
}

/// How long the word is that `text` begins with.
pub(crate) fn word_length(text: &str) -> usize {
    text.find(|character| !is_word(character)).unwrap_or(text.len())
}

fn second(body: &str) -> Option<char> {
    body.chars().nth(1)
}
