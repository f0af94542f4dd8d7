//! Each file in `fixtures` is code in the language of its name, with what is expected of it: `«k let»` is a keyword.
//! `TRIPTYCH_BLESS=1` writes down what is, to be looked at before it is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

use triptych_highlight::{Class, Highlighter};

/// The letters of the classes, which are also those of the style sheet.
const LETTERS: &str = ".cksenftpgvmhid";

fn marked(language: &str, code: &str) -> String {
    let mut highlighter = Highlighter::new(language).unwrap_or_else(|| panic!("{language} is not known"));
    let mut rest = code;
    let mut marked = String::new();
    for span in highlighter.push(code).spans {
        let mut units = 0;
        let end = rest.char_indices().find(|(_, character)| {
            let there = units == span.length as usize;
            units += character.len_utf16();
            there
        });
        let (text, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        rest = after;
        if span.class == Class::Plain {
            marked += text;
        } else {
            let letter = &LETTERS[span.class as usize..][..1];
            // A line's end stands outside, so that lines can be read.
            let line = text.trim_end_matches(['\n', '\r']);
            let end = &text[line.len()..];
            marked += &if line.is_empty() { end.to_owned() } else { format!("«{letter} {line}»{end}") };
        }
    }
    assert_eq!(rest, "", "all of the code is in spans");
    marked
}

fn plain(marked: &str) -> String {
    let mut parts = marked.split('«');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + &part.chars().skip(2).collect::<String>()).replace('»', "")
}

#[test]
fn code_is_made_of_what_its_readers_see_in_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut wrong = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let language = path.file_stem().unwrap().to_str().unwrap();
        let expected = fs::read_to_string(&path).unwrap();
        let found = marked(language, &plain(&expected));
        if std::env::var_os("TRIPTYCH_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        } else if found != expected {
            wrong.push(format!("{language} is:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn languages_go_by_their_usual_names() {
    let names = "js ts jsx tsx py rs rb sh bash zsh console c++ cpp cs c# kt yml md html vue xml svg css scss json \
                 jsonc toml ini dockerfile make diff patch sql postgres php go golang swift java ps1 graphql proto \
                 tf lua r pl dart scala ex zig JavaScript Rust";
    for name in names.split_whitespace() {
        assert!(Highlighter::new(name).is_some(), "{name}");
    }
    assert_eq!(Highlighter::new("TS").unwrap().language(), "TypeScript");
    assert!(Highlighter::new("klingon").is_none() && Highlighter::new("").is_none());
}
