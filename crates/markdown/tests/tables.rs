//! The tables of characters and names say what those of pulldown-cmark and unicase say.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod oracle;

use triptych_markdown::{Node, parse};

/// Characters of the planes that have any, but for those that the syntax is made of.
fn characters() -> Vec<char> {
    ('\u{80}'..='\u{323af}').chain('\u{e0000}'..='\u{e01ef}').collect()
}

#[test]
fn every_named_reference_stands_for_its_characters() {
    let names: Vec<_> = include_str!("../src/tables/entities.txt").split_whitespace().collect();
    assert_eq!(names.len(), 2125);
    for names in names.chunks(100) {
        let text: String = names.iter().map(|name| format!("x&{name};x &{name}x; &x{name};\n\n")).collect();
        assert_eq!(parse(&text), oracle::parse(&text));
    }
    for number in
        ["#0", "#1", "#x41", "#X1f438", "#1114112", "#xd800", "#12345678", "#x1234567", "#", "#x", "#a", ""]
    {
        let text = format!("x&{number};");
        assert_eq!(parse(&text), oracle::parse(&text), "{text}");
    }
}

#[test]
fn punctuation_and_white_space_of_all_scripts_end_a_word() {
    let mut newer = Vec::new();
    for characters in characters().chunks(1_000) {
        let text: String = characters.iter().map(|character| format!("_a_{character}b\n\n")).collect();
        let (ours, theirs) = (parse(&text), oracle::parse(&text));
        assert_eq!(ours.len(), characters.len());
        for (character, (ours, theirs)) in characters.iter().zip(ours.iter().zip(&theirs)) {
            if ours != theirs {
                // Symbols of later versions of Unicode than the table of the other side is of.
                let Node::Element { children, .. } = ours else { panic!() };
                assert_eq!(children[1], Node::Text(format!("{character}b")), "{:x}", *character as u32);
                newer.push(*character);
            }
        }
    }
    let basic: String = newer.iter().filter(|&&character| character < '\u{10000}').collect();
    assert_eq!(basic, "\u{1b4e}\u{1b4f}\u{1b7f}\u{2427}\u{2428}\u{2429}\u{31e4}\u{31e5}");
}

#[test]
fn labels_are_the_same_in_whatever_case() {
    for character in characters() {
        let (upper, lower): (String, String) =
            (character.to_uppercase().collect(), character.to_lowercase().collect());
        for other in [&upper, &lower] {
            if other.as_str() != character.to_string() {
                let text = format!("[x{character}]: https://a.example\n\n[X{other}] [x{lower}]\n");
                assert_eq!(parse(&text), oracle::parse(&text), "{text}");
            }
        }
    }
    let label = "[ß\tσ Σ]: https://a.example\n\n[SS ς\nς]\n";
    assert_eq!(parse(label), oracle::parse(label));
}
