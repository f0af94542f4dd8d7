//! Character references: `&amp;`, `&#38;`, `&#x26;`.

use std::sync::OnceLock;

use crate::unicode::Numbers;

/// The names of HTML, ordered by what they stand for, so that names alike stand together and compress well.
const NAMES: &str = include_str!("tables/entities.txt");

/// For each name the distance from the last one's character, doubled, and one more if a second character follows.
const VALUES: &[u8] = include_bytes!("tables/entities.bin");

/// Places of the index: a power of two, well over the number of names.
const PLACES: usize = 4096;

/// The reference at the start of `text`, which is an `&`: its length and what it stands for.
pub(crate) fn scan(text: &str, into: &mut String) -> Option<usize> {
    let end = text.bytes().take(40).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let Some(number) = name.strip_prefix('#') else {
        return named(name, into).then_some(end + 1);
    };
    let (digits, radix, most) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16, 6),
        None => (number, 10, 7),
    };
    if digits.is_empty() || digits.len() > most {
        return None;
    }
    let mut code = 0;
    for digit in digits.chars() {
        code = code * radix + digit.to_digit(radix)?;
    }
    into.push(char::from_u32(code).filter(|&character| character != '\0').unwrap_or('\u{fffd}'));
    Some(end + 1)
}

/// Each name's place in [`NAMES`] and its characters.
struct Index {
    /// By the hash of the name, the number of the entry and one, or 0.
    places: Vec<u16>,
    entries: Vec<(u16, char, Option<char>)>,
}

fn named(name: &str, into: &mut String) -> bool {
    static INDEX: OnceLock<Index> = OnceLock::new();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return false;
    }
    let Index { places, entries } = INDEX.get_or_init(index);
    let mut place = hash(name);
    while let Some(&(start, first, second)) = entries.get(usize::from(places[place]).wrapping_sub(1)) {
        let rest = NAMES.get(usize::from(start)..).unwrap_or_default();
        if rest.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')) {
            into.push(first);
            into.extend(second);
            return true;
        }
        place = (place + 1) % PLACES;
    }
    false
}

/// Looking through all the names for each reference would make a text full of them slow.
fn index() -> Index {
    let mut index = Index { places: vec![0; PLACES], entries: Vec::with_capacity(PLACES / 2) };
    let mut values = Numbers(VALUES);
    let (mut start, mut code) = (0, 0);
    for name in NAMES.split_terminator(' ') {
        let step = values.next().unwrap_or_default();
        code += step >> 1;
        let second = if step & 1 == 1 { values.next().and_then(char::from_u32) } else { None };
        let mut place = hash(name);
        while index.places[place] != 0 {
            place = (place + 1) % PLACES;
        }
        index.entries.push((start, char::from_u32(code).unwrap_or('\u{fffd}'), second));
        index.places[place] = index.entries.len() as u16;
        start += name.len() as u16 + 1;
    }
    index
}

fn hash(name: &str) -> usize {
    name.bytes().fold(0, |hash: usize, byte| (hash ^ usize::from(byte)).wrapping_mul(0x0193) ^ (hash >> 11))
        % PLACES
}
