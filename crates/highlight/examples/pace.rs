//! What a token costs: `cargo run --release -p triptych-highlight --example pace`.
//!
//! Code of several lengths comes in pieces of four and five characters, with an update for each.
#![allow(clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use triptych_highlight::Highlighter;

const LENGTHS: [usize; 3] = [8_000, 32_000, 128_000];

/// Languages and what follows again and again.
const KINDS: [(&str, &str); 5] = [
    ("ts", "  const found = text.split(/\\s+/).filter((word) => word !== \"none\"); // a comment\n"),
    ("rust", "    let value = Some(items.iter().map(|item| item + 1).collect::<Vec<_>>()); // a comment\n"),
    ("html", "  <p class=\"frog\" id=one>Some <b>words</b> &amp; more</p>\n"),
    ("sh", "echo \"Hi $NAME\" | grep -q 'x y' && rm -rf ./target # done\n"),
    ("json", "{\"one\":[1,2,true],\"two\":\"a text of some words\"},"),
];

fn main() {
    println!("microseconds a token, in {LENGTHS:?} characters; JSON is one line");
    for (language, unit) in KINDS {
        print!("{language:<8}");
        for length in LENGTHS {
            let text = unit.repeat(length / unit.len());
            let Some(mut code) = Highlighter::new(language) else { continue };
            let begun = Instant::now();
            let (mut at, mut tokens) = (0, 0);
            while at < text.len() {
                let end = (at + 4 + tokens % 2).min(text.len());
                black_box(code.push(&text[at..end]));
                (at, tokens) = (end, tokens + 1);
            }
            print!("{:>8.2}", begun.elapsed().as_secs_f64() * 1e6 / tokens as f64);
        }
        println!();
    }
}
