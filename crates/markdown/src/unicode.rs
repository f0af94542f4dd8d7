//! What the syntax needs to know of characters that the standard library does not say.

/// Gaps and lengths, in turn, of the ranges of punctuation and symbols from U+0080 on.
const PUNCTUATION: &[u8] = include_bytes!("tables/punctuation.bin");

/// Runs of characters that fold to one character: gap to the run's start, length and step, distance.
const FOLD: &[u8] = include_bytes!("tables/fold.bin");

/// Characters that fold to several: each followed by those.
const FOLD_LONG: &str = include_str!("tables/fold.txt");

/// Reads numbers of seven bits a byte, lowest first.
pub(crate) struct Numbers<'a>(pub(crate) &'a [u8]);

impl Iterator for Numbers<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u32::from(byte & 127) << shift;
            shift += 7;
            if byte < 128 {
                return Some(number);
            }
        }
    }
}

/// Punctuation and symbols, as emphasis minds them.
pub(crate) fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation();
    }
    // Letters of other scripts are most of what is asked for, and none of these are below U+0370's end but few.
    let mut numbers = Numbers(PUNCTUATION);
    let mut at = 128;
    while let (Some(gap), Some(length)) = (numbers.next(), numbers.next()) {
        at += gap;
        if (character as u32) < at {
            return false;
        }
        at += length;
        if (character as u32) < at {
            return true;
        }
    }
    false
}

/// A link label in the form in which two that mean the same are equal: one space between words, no case.
pub(crate) fn fold(label: &str) -> String {
    let mut folded = String::with_capacity(label.len());
    for word in label.split([' ', '\t', '\n', '\u{b}', '\u{c}']).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for character in word.chars() {
            if character.is_ascii() {
                folded.push(character.to_ascii_lowercase());
            } else if !fold_long(character, &mut folded) {
                folded.push(fold_one(character));
            }
        }
    }
    folded
}

fn fold_long(character: char, folded: &mut String) -> bool {
    for entry in FOLD_LONG.split(' ') {
        if let Some(several) = entry.strip_prefix(character) {
            folded.push_str(several);
            return !several.is_empty();
        }
    }
    false
}

fn fold_one(character: char) -> char {
    let mut numbers = Numbers(FOLD);
    let mut start = 128;
    while let (Some(gap), Some(shape), Some(distance)) = (numbers.next(), numbers.next(), numbers.next()) {
        start += gap;
        let Some(offset) = (character as u32).checked_sub(start) else {
            break;
        };
        let step = 1 + (shape & 1);
        if offset <= (shape >> 1) * step && offset % step == 0 {
            let distance = (distance >> 1) as i32 ^ -((distance & 1) as i32);
            return (character as u32)
                .checked_add_signed(distance)
                .and_then(char::from_u32)
                .unwrap_or(character);
        }
    }
    character
}
