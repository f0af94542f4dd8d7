//! Lines of a source, and how much room words take.

/// The size of a line of words.
pub(crate) const LINE: f32 = 18.0;

/// Labels are broken after about this much.
const WIDEST: f32 = 200.0;

/// How long a label is at most, in characters.
const LONGEST: usize = 300;

/// What follows a block of settings at the start.
pub(crate) fn without_front_matter(source: &str) -> &str {
    let source = source.trim_start();
    let body = source.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---"));
    body.map_or(source, |(_, body)| body.trim_start_matches('-'))
}

/// A line without the comment at its end and without the semicolon there.
pub(crate) fn statement(line: &str) -> &str {
    let line = line.split("%%").next().unwrap_or_default();
    line.trim().trim_end_matches(';').trim_end()
}

/// The first `count` characters.
pub(crate) fn short(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}

/// A label as it is meant: without quotes, tags and marks, with line ends where it breaks.
pub(crate) fn label(source: &str) -> String {
    let source = unquoted(unquoted(source.trim(), '"'), '`');
    let mut label = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        if label.chars().count() >= LONGEST {
            label.push('…');
            break;
        }
        let tag = rest.find('>').filter(|_| first == '<');
        let inner = tag.and_then(|end| rest.get(1..end)).unwrap_or_default();
        let name = inner.trim_start_matches('/').trim_end_matches('/').trim();
        let replaced = [
            ("&lt;", "<"),
            ("&gt;", ">"),
            ("&quot;", "\""),
            ("&amp;", "&"),
            ("#quot;", "\""),
            ("#amp;", "&"),
            ("#lt;", "<"),
            ("#gt;", ">"),
            ("#35;", "#"),
            ("#59;", ";"),
            ("\\n", "\n"),
            ("**", ""),
        ]
        .into_iter()
        .find(|(from, _)| rest.starts_with(from));
        let taken = if name.eq_ignore_ascii_case("br") {
            label.push('\n');
            inner.len() + 2
        } else if matches!(name, "b" | "i" | "em" | "strong" | "small" | "u" | "sub" | "sup") {
            inner.len() + 2
        } else if let Some((from, to)) = replaced {
            label.push_str(to);
            from.len()
        } else {
            label.push(first);
            first.len_utf8()
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    label
}

fn unquoted(text: &str, mark: char) -> &str {
    text.strip_prefix(mark).and_then(|text| text.strip_suffix(mark)).unwrap_or(text)
}

/// About how wide a line of words is.
pub(crate) fn width(line: &str) -> f32 {
    line.chars().map(letter).sum()
}

fn letter(character: char) -> f32 {
    match character {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 4.0,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '{' | '}' | '/' | '\\' | ' ' | '-' | '"' | '`' => 5.2,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '→' => 12.2,
        'A'..='Z' | '&' | '+' | '=' | '<' | '>' | '#' | '_' | '~' => 9.4,
        'a'..='z' | '0'..='9' => 7.9,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe0f}' => 0.0,
        '\u{1100}'.. => 14.5,
        _ => 8.6,
    }
}

/// A label in lines that are not too wide, and how much room those take.
pub(crate) fn wrap(label: &str) -> (Vec<String>, f32, f32) {
    let mut lines = Vec::new();
    for line in label.split('\n') {
        let mut current = String::new();
        for word in line.split_whitespace() {
            if !current.is_empty() && width(&current) + width(word) > WIDEST {
                lines.push(std::mem::take(&mut current));
            }
            if !current.is_empty() {
                current.push(' ');
            }
            for character in word.chars() {
                if width(&current) > WIDEST * 1.5 {
                    lines.push(std::mem::take(&mut current));
                }
                current.push(character);
            }
        }
        lines.push(current);
    }
    let widest = lines.iter().map(|line| width(line)).fold(0.0, f32::max);
    let height = lines.len() as f32 * LINE;
    (lines, widest, height)
}
