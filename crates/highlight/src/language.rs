//! What tells one language from another.

use crate::languages::LANGUAGES;
use crate::state::{State, Token};

/// A language as a table.
#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) name: &'static str,
    /// Other names, in lower case, with spaces between them.
    pub(crate) aliases: &'static str,
    /// Reads one token; `crate::code::token` does what the other fields say.
    pub(crate) token: fn(&mut State, &str) -> Token,
    pub(crate) keywords: &'static str,
    pub(crate) types: &'static str,
    pub(crate) constants: &'static str,
    /// What begins a comment to the end of the line.
    pub(crate) line_comments: &'static [&'static str],
    /// What begins and ends a comment.
    pub(crate) block_comment: Option<(&'static str, &'static str)>,
    /// In the order in which they are looked for.
    pub(crate) quotes: &'static [Quote],
    /// Words that may stand right before a quote. An `r` in one makes it raw, an `f` or `$` a template.
    pub(crate) prefixes: &'static str,
    pub(crate) traits: u32,
}

/// A kind of string.
#[derive(Debug)]
pub(crate) struct Quote {
    pub(crate) open: &'static str,
    pub(crate) close: &'static str,
    pub(crate) traits: u32,
}

/// Names that are followed by a parenthesis are functions.
pub(crate) const CALLS: u32 = 1;
/// Names with a capital are types.
pub(crate) const CAPITALS: u32 = 1 << 1;
/// `@word` is an annotation.
pub(crate) const ANNOTATIONS: u32 = 1 << 2;
/// A line that begins with `#` is for the preprocessor.
pub(crate) const PREPROCESSOR: u32 = 1 << 3;
/// `#[…]` is an attribute.
pub(crate) const ATTRIBUTES: u32 = 1 << 4;
/// `$word` is a variable.
pub(crate) const DOLLARS: u32 = 1 << 5;
/// `/…/` is a regular expression where a value may stand.
pub(crate) const REGEX: u32 = 1 << 6;
/// `<a>` is an element where a value may stand.
pub(crate) const JSX: u32 = 1 << 7;
/// Comments nest.
pub(crate) const NESTED: u32 = 1 << 8;
/// `'a` without an end is a label, `'a'` a character.
pub(crate) const LIFETIMES: u32 = 1 << 9;
/// Case of keywords does not matter.
pub(crate) const ANY_CASE: u32 = 1 << 10;
/// `name!` is a macro.
pub(crate) const MACROS: u32 = 1 << 11;
/// `:word` is a symbol.
pub(crate) const SYMBOLS: u32 = 1 << 12;
/// `@word` and `@@word` are variables.
pub(crate) const AT_VARIABLES: u32 = 1 << 13;
/// A string that is followed by a colon is a key.
pub(crate) const KEYS: u32 = 1 << 14;
/// `<<WORD` begins text that ends with a line of that word.
pub(crate) const HEREDOCS: u32 = 1 << 15;
/// A name that is followed by a parenthesis is a function, also with a capital.
pub(crate) const CALLED_CAPITALS: u32 = 1 << 16;
/// Names may have hyphens, and `-word` names a parameter.
pub(crate) const HYPHENS: u32 = 1 << 17;

/// A string may go over several lines.
pub(crate) const LINES: u32 = 1;
/// A backslash means nothing.
pub(crate) const RAW: u32 = 1 << 1;
/// The quote twice stands for itself.
pub(crate) const DOUBLED: u32 = 1 << 2;
/// Code stands in `${…}`.
pub(crate) const DOLLAR_BRACE: u32 = 1 << 3;
/// Code stands in `#{…}`.
pub(crate) const HASH_BRACE: u32 = 1 << 4;
/// Code stands in `\(…)`.
pub(crate) const BACKSLASH_PAREN: u32 = 1 << 5;
/// Code stands in `{…}`.
pub(crate) const BRACE: u32 = 1 << 6;
/// `$word` is a variable.
pub(crate) const DOLLAR: u32 = 1 << 7;
/// Code stands in `$(…)`.
pub(crate) const DOLLAR_PAREN: u32 = 1 << 8;

/// What languages have that say nothing else.
pub(crate) const BASE: Language = Language {
    name: "",
    aliases: "",
    token: crate::code::token,
    keywords: "",
    types: "",
    constants: "true false null",
    line_comments: &["//"],
    block_comment: Some(("/*", "*/")),
    quotes: &[quote("\"", 0), quote("'", 0)],
    prefixes: "",
    traits: CALLS | CAPITALS,
};

/// A kind of string that ends as it begins.
pub(crate) const fn quote(mark: &'static str, traits: u32) -> Quote {
    Quote { open: mark, close: mark, traits }
}

/// Whether `words`, with a space between each, has `word`.
pub(crate) fn has(words: &str, word: &str) -> bool {
    words.split(' ').any(|one| one == word)
}

/// Whether a language has this name.
fn is_named(language: &Language, name: &str) -> bool {
    has(language.aliases, name) || language.name.eq_ignore_ascii_case(name)
}

/// A language by any of its names.
pub(crate) fn find(name: &str) -> Option<&'static Language> {
    let name = name.to_ascii_lowercase();
    LANGUAGES.iter().copied().find(|language| is_named(language, &name))
}
