/// The words of a piece of Markdown without their marks: emphasis, code, headings, quotations, bullets and the
/// addresses of links.
pub(super) fn plain(text: &str) -> String {
    let text = text.trim().trim_start_matches(['#', '>', '-', '+', '*', ' ']);
    let mut out = String::new();
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '*' | '`' | '~' => after,
            // Within a word it is a part of the name.
            '_' if !(out.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)) => {
                after
            }
            '!' if after.starts_with('[') => after,
            '[' => after,
            ']' if after.starts_with('(') => after.split_once(')').map_or("", |(_, rest)| rest),
            ']' => after,
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {
                out.push_str(&after[..1]);
                &after[1..]
            }
            _ => {
                let space = character.is_whitespace();
                if !space || !out.ends_with(' ') {
                    out.push(if space { ' ' } else { character });
                }
                after
            }
        };
    }
    out.truncate(out.trim_end().len());
    out
}
