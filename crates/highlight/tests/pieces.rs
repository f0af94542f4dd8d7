//! Whatever the pieces were, the spans are the same, and no code takes long to read.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use triptych_highlight::{Highlighter, Span};

/// Languages of every family.
const LANGUAGES: &str = "js ts py rust go java kotlin swift c cpp csharp php ruby lua sql json yaml toml ini html xml \
                         css scss md diff sh console powershell dockerfile makefile elixir perl";
/// What opens, closes and continues things.
const SEEDS: &[&str] = &[
    "\"",
    "'",
    "`",
    "\"\"\"",
    "/*",
    "*/",
    "//",
    "#",
    "--",
    "--[[",
    "]]",
    "<!--",
    "-->",
    "${",
    "#{",
    "\\(",
    "$(",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<a b=",
    "<script>",
    "</script>",
    "</a>",
    "/>",
    ">",
    "<",
    "\n",
    "\r\n",
    "\\",
    "\\\n",
    " ",
    "\t",
    "let",
    "def f",
    "r#\"",
    "\"#",
    "f\"",
    "@x",
    "$x",
    ":x",
    "<<EOF\n",
    "EOF\n",
    "key: |\n",
    "  ",
    "- ",
    "```js\n",
    "```\n",
    "1.5e-3",
    "/re/g",
    "=",
    ";",
    ",",
    "é",
    "🐸",
    "word",
    "Word",
    "+",
    "-",
    "@@",
    "$ ls\n",
    "FROM x\n",
    "R\"(",
    ")\"",
    "]]>",
];

/// All spans as they are at last, and that no settled one changed.
fn in_pieces(language: &str, pieces: &[&str]) -> Vec<Span> {
    let mut highlighter = Highlighter::new(language).unwrap();
    let (mut settled, mut tail) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut update = highlighter.push(piece);
        tail = update.spans.split_off(update.settled);
        settled.append(&mut update.spans);
    }
    settled.append(&mut tail);
    settled
}

fn cut<'a>(text: &'a str, places: &[usize]) -> Vec<&'a str> {
    let mut places: Vec<_> =
        places.iter().map(|place| text.floor_char_boundary(place % (text.len() + 1))).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

fn code() -> impl Strategy<Value = String> {
    let seed = prop_oneof![
        8 => proptest::sample::select(SEEDS).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
        1 => (proptest::sample::select(SEEDS), 1..400_usize).prop_map(|(seed, times)| seed.repeat(times)),
    ];
    vec(seed, 0..60).prop_map(|seeds| seeds.concat())
}

proptest! {
    #[test]
    fn pieces_make_no_difference(text in code(), places in vec(any::<usize>(), 0..20), which in any::<usize>()) {
        let languages: Vec<_> = LANGUAGES.split_whitespace().collect();
        let language = languages[which % languages.len()];
        let whole = in_pieces(language, &[&text]);
        prop_assert_eq!(&in_pieces(language, &cut(&text, &places)), &whole);
        let units: u32 = whole.iter().map(|span| span.length).sum();
        prop_assert_eq!(units as usize, text.encode_utf16().count());
        prop_assert!(whole.iter().all(|span| span.length > 0));
    }

    #[test]
    fn what_was_taken_back_was_never_there(text in code(), places in vec(any::<usize>(), 1..6)) {
        let mut highlighter = Highlighter::new("ts").unwrap();
        let mut kept = Vec::new();
        for piece in cut(&text, &places) {
            let mut update = highlighter.push(piece);
            kept.extend(update.spans.drain(..update.settled));
            let wrong = "`wrong";
            let mut update = highlighter.push(wrong);
            // On a line that is long enough, it was settled before it could be taken back.
            if update.settled > 0 || !highlighter.cut(wrong.len()) {
                return Ok(());
            }
            update = highlighter.push("");
            prop_assert_eq!(update.settled, 0);
        }
        kept.extend(highlighter.push("").spans);
        prop_assert_eq!(kept, in_pieces("ts", &[&text]));
    }
}

#[test]
fn fixtures_come_out_alike_letter_by_letter() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let language = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let letters: Vec<_> = text.split("").collect();
        assert_eq!(in_pieces(language, &letters), in_pieces(language, &[&text]), "{language}");
    }
}

#[test]
fn hostile_code_is_read_in_linear_time() {
    for language in "js rust yaml html css sh".split(' ') {
        for seed in SEEDS {
            let time = |length: usize| {
                let text = seed.repeat(length / seed.len());
                let begun = Instant::now();
                in_pieces(language, &[&text]);
                begun.elapsed()
            };
            // As much text in sixteen parts, which a busy machine slows down alike; squared it would be 16 times.
            let parts = || (0..16).map(|_| time(1_000)).sum::<Duration>() + Duration::from_millis(2);
            let linear = (0..5).any(|_| time(16_000) < parts() * 6);
            assert!(linear, "{language}, {seed:?}: {:?} in parts, {:?} at once", parts(), time(16_000));
        }
    }
}
