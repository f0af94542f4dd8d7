/// The longest title that is taken from a user, in characters.
const LONGEST: usize = 120;

/// A title as a user gave it: one line, without marks that nobody sees or that change the direction of what follows it,
/// not too long.
pub fn clean_title(text: &str) -> String {
    let unseen = |mark: char| {
        mark.is_control()
            || matches!(mark, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let words = text.split(|mark: char| mark.is_whitespace() || unseen(mark));
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line,
    }
}
