//! Elements: HTML and XML, and those that stand in scripts.

use crate::Class;
use crate::code::is_letter;
use crate::language::{LINES, Language, Quote, RAW, quote};
use crate::languages::{embedded_script, embedded_style};
use crate::state::{Mode, State, Token};

/// What comes after a tag.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Element {
    /// More markup.
    Any,
    /// A script.
    Script,
    /// A style sheet.
    Style,
    /// What an element in a script holds.
    Opening,
    /// What came before an element in a script.
    Closing,
}

const CDATA: Quote = Quote { open: "<![CDATA[", close: "]]>", traits: LINES | RAW };
const DOUBLE: Quote = quote("\"", LINES | RAW);
const SINGLE: Quote = quote("'", LINES | RAW);

/// The next token of markup.
pub(crate) fn token(state: &mut State, body: &str) -> Token {
    if body.starts_with("<!--") {
        state.push(Mode::Comment(0));
        return (4, Class::Comment);
    }
    if body.starts_with(CDATA.open) {
        return open(state, &CDATA);
    }
    if body.starts_with("<!") || body.starts_with("<?") {
        return (body.find('>').map_or(body.len(), |end| end + 1), Class::Meta);
    }
    if let Some(length) = tag_name(body) {
        let name = body[1..length].to_ascii_lowercase();
        state.push(Mode::Tag(match name.as_str() {
            "script" => Element::Script,
            "style" => Element::Style,
            _ => Element::Any,
        }));
        state.value = false;
        return (length, Class::Tag);
    }
    if body.starts_with('&')
        && let Some(end) = body.find(';').filter(|end| *end < 12)
    {
        return (end + 1, Class::Escape);
    }
    (text(body, &['<', '&']), Class::Plain)
}

/// The next token between the name and the end of a tag.
pub(crate) fn tag(state: &mut State, body: &str, element: Element) -> Token {
    let first = body.chars().next().unwrap_or(' ');
    match first {
        '>' => {
            let language: Option<(&'static Language, &str)> = match element {
                Element::Script => Some((embedded_script(), "</script")),
                Element::Style => Some((embedded_style(), "</style")),
                _ => None,
            };
            match (language, element) {
                (Some((language, until)), _) => {
                    state.replace(Mode::Embedded { language, until, fence: false });
                }
                (None, Element::Opening) => state.replace(Mode::Children),
                (None, _) => state.pop(),
            }
            state.value = matches!(element, Element::Closing);
            (1, Class::Tag)
        }
        '/' if body.starts_with("/>") => {
            state.pop();
            state.value = true;
            (2, Class::Tag)
        }
        '"' => open(state, &DOUBLE),
        '\'' => open(state, &SINGLE),
        '{' if matches!(element, Element::Opening) => hole(state),
        '=' => {
            state.value = true;
            (1, Class::Plain)
        }
        '<' => {
            state.pop();
            (1, Class::Plain)
        }
        _ if first.is_ascii_whitespace() => {
            state.value = false;
            (body.len() - body.trim_ascii_start().len(), Class::Plain)
        }
        _ => {
            let length = text(body, &['=', '>', '/', '"', '\'', '{', '<', ' ', '\t', '\r']);
            let class = if std::mem::take(&mut state.value) { Class::String } else { Class::Property };
            (length, class)
        }
    }
}

/// The next token between the tags of an element in a script.
pub(crate) fn children(state: &mut State, body: &str) -> Token {
    if body.starts_with('{') {
        return hole(state);
    }
    if body.starts_with("</") {
        state.replace(Mode::Tag(Element::Closing));
        let name = tag_name(body).unwrap_or(2);
        return (name, Class::Tag);
    }
    element(state, body).unwrap_or_else(|| (text(body, &['<', '{']), Class::Plain))
}

/// The beginning of an element where a script may have one; `<T>(` is none.
pub(crate) fn element(state: &mut State, body: &str) -> Option<Token> {
    let length = if body.starts_with("<>") { 1 } else { tag_name(body)? };
    let rest = &body[length..];
    let is_type = rest.starts_with(',')
        || rest.starts_with(" extends ")
        || rest.starts_with(">(")
        || (length == 2 && rest.starts_with('>') && body.as_bytes()[1].is_ascii_uppercase());
    if is_type || body.starts_with("</") {
        return None;
    }
    state.push(Mode::Tag(Element::Opening));
    state.value = false;
    Some((length, Class::Tag))
}

/// Code in braces.
fn hole(state: &mut State) -> Token {
    state.push(Mode::Code { open: b'{', close: b'}', depth: 0 });
    state.value = false;
    (1, Class::Escape)
}

fn open(state: &mut State, quote: &'static Quote) -> Token {
    state.value = false;
    state.push(Mode::Text { quote, traits: quote.traits, hashes: 0, class: Class::String });
    (quote.open.len(), Class::String)
}

/// The length of `<name` or `</name`.
fn tag_name(body: &str) -> Option<usize> {
    let rest = body.strip_prefix('<')?;
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    let is_name = |character: char| is_letter(character) || matches!(character, '-' | ':' | '.');
    if !rest.starts_with(|first: char| first.is_ascii_alphabetic()) && !body.starts_with("</>") {
        return None;
    }
    let name = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
    Some(body.len() - rest.len() + name)
}

/// The length of what comes before any of `marks`, and at least one character.
fn text(body: &str, marks: &[char]) -> usize {
    let first = body.chars().next().map_or(1, char::len_utf8);
    body[first..].find(marks).map_or(body.len(), |end| first + end)
}
