use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

/// A list of words and phrases that is looked for in texts, whatever their case, width, spacing and punctuation.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// By first word: what must follow it.
    phrases: HashMap<String, Vec<Vec<String>>>,
    /// Of scripts that put no spaces between words: looked for anywhere.
    anywhere: Vec<String>,
}

impl Words {
    /// One word or phrase a line; what begins with `#` is a comment.
    pub(super) fn parse(text: &str) -> Self {
        let mut words = Words::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let line = fold(line);
            if line.chars().any(is_unspaced) {
                words.anywhere.push(line);
                continue;
            }
            let mut parts = split(&line).map(str::to_owned);
            if let Some(first) = parts.next() {
                words.phrases.entry(first).or_default().push(parts.collect());
            }
        }
        words
    }

    /// True where the text holds one of them.
    pub(super) fn find(&self, text: &str) -> bool {
        let text = fold(text);
        if self.anywhere.iter().any(|word| text.contains(word)) {
            return true;
        }
        let parts: Vec<&str> = split(&text).collect();
        parts.iter().enumerate().any(|(index, first)| {
            let rests = self.phrases.get(*first).into_iter().flatten();
            let following = parts.get(index + 1..).unwrap_or_default();
            rests.into_iter().any(|rest| {
                rest.len() <= following.len()
                    && rest.iter().zip(following).all(|(wanted, found)| wanted == found)
            })
        })
    }
}

/// One spelling of what looks alike: compatibility forms, case, and characters that are not seen.
fn fold(text: &str) -> String {
    let visible = text.nfkc().filter(|letter| !is_invisible(*letter));
    visible.flat_map(char::to_lowercase).nfkc().collect()
}

/// Words, at the boundaries of letters and digits.
fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && !is_mark(letter)).filter(|word| !word.is_empty())
}

fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Combining marks that no composed letter exists for.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// Thai to Khmer, kana, Han and Hangul.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{fff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words::parse("# not these\nbomb\n\nHow to  Harm\nStraße\n爆弾\n")
    }

    #[test]
    fn a_word_is_found_in_any_dress() {
        for text in [
            "a BOMB!",
            "bomb",
            "the ｂｏｍｂ",
            "b\u{200b}om\u{ad}b",
            "𝐛𝐨𝐦𝐛",
            "(bomb)",
            "how TO,\nharm",
            "STRAßE",
            "作る爆弾の",
            "ＢＯＭＢ's",
        ] {
            assert!(words().find(text), "{text}");
        }
    }

    #[test]
    fn a_word_within_another_is_none() {
        for text in [
            "bombastic",
            "a bombe",
            "how to harmonise",
            "how do harm",
            "to harm how",
            "",
            "# not these",
            "爆 弾",
        ] {
            assert!(!words().find(text), "{text}");
        }
    }
}
