//! What the end of an unfinished text looks like until the rest of it is there.

use crate::text::{begins, find, from, to};

/// How long a reference to a character is at most, without its marks.
const LONGEST_REFERENCE: usize = 32;

/// Leaves out what stands at the end and may yet be anything: marks, the start of a reference to a character.
pub(crate) fn visible(text: &str) -> &str {
    let marks = text.bytes().rev().take_while(|byte| b"*_~`\\<[".contains(byte)).count();
    let text = to(text, text.len() - marks);
    let image = matches!(text.as_bytes(), [b'!'] | [.., b' ' | b'\n', b'!']);
    let text = to(text, text.len() - usize::from(image));
    let length = text.bytes().rev().take(LONGEST_REFERENCE).take_while(|&byte| is_reference(byte)).count();
    let at = text.len() - length;
    if text.as_bytes().get(at.wrapping_sub(1)) == Some(&b'&') { to(text, at - 1) } else { text }
}

/// Whether a line has only markers so far, and may yet be anything. A paragraph followed by `-` is a heading until the
/// item that it was going to be arrives.
pub(crate) fn is_undecided(line: &str, math: bool) -> bool {
    let marker = |byte: u8| byte.is_ascii_digit() || b" \t-=*+_#>|:`~.)<[".contains(&byte);
    line.bytes().all(|byte| marker(byte) || math && byte == b'$')
}

/// The beginning of the box of a task.
pub(crate) fn is_half_task(text: &str) -> bool {
    ["[ ] ", "[x] ", "[X] "].iter().any(|task| task.starts_with(text))
}

/// The beginning of a tag, which may yet begin a block.
pub(crate) fn is_half_tag(text: &str) -> bool {
    begins(text, "<") && text.len() < 100 && find(text, ">", 0).is_none() && !is_half_address(text)
}

fn is_reference(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'#'
}

/// Whether a mark after `previous` stands where a word begins.
pub(crate) fn is_before_word(previous: char) -> bool {
    previous.is_whitespace() || matches!(previous, '(' | '[' | '"' | '\'' | '*' | '_' | '~')
}

/// Whether a mark between `previous` and `content` is likely to open something.
pub(crate) fn opens(previous: char, content: &str) -> bool {
    is_before_word(previous) && content.starts_with(|c: char| !c.is_whitespace())
}

/// An address in angle brackets that is not complete, as in `<https://exam`.
pub(crate) fn is_half_address(text: &str) -> bool {
    let scheme = text.bytes().skip(1).take_while(u8::is_ascii_alphabetic).count();
    let rest = from(text, scheme + 1);
    let open = |byte| byte > b' ' && byte != b'<' && byte != b'>';
    scheme > 1 && begins(rest, ":") && rest.bytes().all(open)
}

/// Whether what stands in a line can only be a paragraph's, however it goes on.
pub(crate) fn is_certain(text: &str) -> bool {
    let ordinary = |byte: u8| !byte.is_ascii_digit() && !b" \t-=*+_#>|:`~.)<[]".contains(&byte);
    match text.as_bytes().first() {
        None | Some(b'<' | b'[') => false,
        Some(&first) => ordinary(first) || text.bytes().any(ordinary),
    }
}
