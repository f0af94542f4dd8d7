//! What a token costs: `cargo run --release -p triptych-markdown --example pace`.
//!
//! Documents of several lengths and kinds come in pieces of four and five characters, with an edit for each. Beside it,
//! what it takes to parse all that is there with pulldown-cmark, as is done where nothing is incremental.
#![allow(clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use pulldown_cmark::{Options, Parser};
use triptych_markdown::Stream;

const LENGTHS: [usize; 3] = [8_000, 32_000, 128_000];

/// Names, beginnings, and what follows again and again.
const KINDS: [(&str, &str, &str); 9] = [
    (
        "mixed",
        "",
        "## A heading\n\nSome *words* and `code`, and [a link](https://a.example/b).\n\n- one **item**\n- two\n\n```rust\nlet a = 1;\n```\n\n| a | b |\n|---|---|\n| c | *d* |\n\n",
    ),
    (
        "paragraphs",
        "",
        "Some *words* of `one` paragraph, [linked](https://a.example) and **not**, that goes on.\n\n",
    ),
    (
        "one paragraph",
        "",
        "Some *words* of `one` paragraph, [linked](https://a.example) and **not**, that goes on. ",
    ),
    (
        "one paragraph, lines",
        "",
        "Some *words* of `one` paragraph, [linked](https://a.example) and **not**\nthat goes on.\n",
    ),
    ("one list", "", "- An item with *words* and `code` in it\n"),
    ("one nested list", "", "- An item\n  - with *one* in it\n    - and another\n"),
    ("one loose list", "", "- An item with *words*\n\n  and a paragraph\n\n"),
    ("one block of code", "```rust\n", "    let value = [1, 2, 3]; // a comment\n"),
    ("one table", "| a | b |\n|---|---|\n", "| one cell | *two* cells |\n"),
];

fn main() {
    println!("microseconds a token; in brackets what a parse of the whole takes, on average over its growth");
    for (name, start, unit) in KINDS {
        print!("{name:<22}");
        for length in LENGTHS {
            let text = start.to_owned() + &unit.repeat(length / unit.len());
            print!("{:>8.2} [{:>8.1}]", streamed(&text), parsed(&text));
        }
        println!();
    }
}

fn streamed(text: &str) -> f64 {
    let characters: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let begun = Instant::now();
    let mut stream = Stream::new();
    let (mut at, mut tokens) = (0, 0);
    while at + 1 < characters.len() {
        let end = (at + 4 + tokens % 2).min(characters.len() - 1);
        stream.push(&text[characters[at]..characters[end]]);
        black_box(stream.edit());
        (at, tokens) = (end, tokens + 1);
    }
    black_box(stream.finish());
    begun.elapsed().as_secs_f64() * 1e6 / tokens as f64
}

fn parsed(text: &str) -> f64 {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let begun = Instant::now();
    let parts = 10;
    for part in 1..=parts {
        Parser::new_ext(&text[..text.floor_char_boundary(text.len() * part / parts)], options)
            .for_each(|event| drop(black_box(event)));
    }
    begun.elapsed().as_secs_f64() * 1e6 / parts as f64
}
