/// Cuts text into pieces of the size of a token: at most eight characters, a leading space belonging
/// to the word that follows. The pieces put together are the text.
pub(crate) fn pieces(text: &str) -> Vec<&str> {
    const LONGEST: usize = 8;
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut length = 0;
    let mut previous = '\n';
    for (at, now) in text.char_indices() {
        let word_begins = now == ' ' && previous != ' ';
        let kind_changes = previous != ' ' && now.is_alphanumeric() != previous.is_alphanumeric();
        if length > 0 && (word_begins || kind_changes || length >= LONGEST) {
            pieces.push(&text[start..at]);
            start = at;
            length = 0;
        }
        length += 1;
        previous = now;
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

/// Tokens of a text that was sent to the provider: a quarter of its bytes, rounded up.
pub(crate) fn count(text: &str) -> u64 {
    (text.len() as u64).div_ceil(4)
}

/// FNV-1a: the same text gives the same answer and the same colours on every machine.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_put_together_are_the_text() {
        for text in [
            "",
            " ",
            "Hello, world!",
            "## Überschrift\n\n1. eins\n   - **zwei** 🎬🎬🎬🎬🎬🎬🎬🎬🎬🎬",
            "a  b",
        ] {
            assert_eq!(pieces(text).concat(), text);
        }
    }

    #[test]
    fn pieces_are_short_and_keep_the_leading_space() {
        let text = "The incomprehensibility of it";
        assert!(pieces(text).iter().all(|piece| (1..=8).contains(&piece.chars().count())));
        assert_eq!(pieces("one two"), ["one", " two"]);
    }
}
