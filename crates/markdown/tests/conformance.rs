//! The tree is the one that pulldown-cmark gives, for the examples of the specifications and for random texts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod oracle;

use proptest::prelude::*;
use triptych_markdown::parse;

/// The sources of the examples in a specification.
fn examples(fixture: &str) -> Vec<String> {
    let fence = "`".repeat(32);
    let open = [&fence, " example\n"].concat();
    let examples = fixture.split(open.as_str()).skip(1);
    let sources = examples.map(|example| {
        let source = if example.starts_with(".\n") { "" } else { example.split_once("\n.\n").unwrap().0 };
        [&source.replace('→', "\t"), "\n"].concat()
    });
    sources.collect()
}

const FRAGMENTS: &[&str] = &[
    "\n",
    "\n",
    "\n",
    "\n",
    "\n\n",
    "\n\n",
    " ",
    "  ",
    "    ",
    "\t",
    "a",
    "b c",
    "é🐸",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "2) ",
    "> ",
    ">",
    "# ",
    "## ",
    "===",
    "---",
    "***",
    "-",
    "=",
    "```",
    "```rs",
    "~~~",
    "`",
    "``",
    "*",
    "*",
    "**",
    "_",
    "__",
    "~~",
    "~",
    "|",
    "|-|",
    "| a | b |\n",
    "|---|:-:|\n",
    "a|b\n-|-\n",
    "\n- ",
    "\n> ",
    "\n  ",
    "\n    ",
    "<div>",
    "</div>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<b>",
    "<b a=",
    "<?",
    "?>",
    "[",
    "]",
    "[a]",
    "[a]: ",
    "[b]: https://b.example",
    "https://a.example",
    "\"t\"",
    "'t",
    "'",
    "(",
    ")",
    "![",
    "](https://c.example)",
    "<https://d.example>",
    "<m@a.example>",
    "\\",
    "&amp;",
    "&#65;",
    "[ ] ",
    "[x] ",
    "  \n",
    "\\\n",
    "!",
    ".",
    "1",
    ":",
];

/// Ours and theirs. Where they are not the same, only white space may differ: this crate takes it off the start of a
/// line also within code, tags and titles, as the specification says.
fn assert_agreed(text: &str) {
    let (ours, theirs) = (oracle::told(&parse(text)), oracle::parse(text));
    if ours != theirs {
        assert_eq!(oracle::squeezed(&ours), oracle::squeezed(&theirs), "{text:?}");
    }
}

#[test]
fn every_example_of_commonmark_comes_out_right() {
    let examples = examples(include_str!("fixtures/commonmark-0.31.2.txt"));
    assert_eq!(examples.len(), 652);
    for example in examples {
        assert_eq!(oracle::told(&parse(&example)), oracle::parse(&example), "{example:?}");
    }
}

#[test]
fn every_example_of_githubs_extensions_comes_out_right() {
    let examples = examples(include_str!("fixtures/gfm-0.29.txt"));
    assert_eq!(examples.len(), 14);
    for example in examples {
        assert_eq!(oracle::told(&parse(&example)), oracle::parse(&example), "{example:?}");
    }
}

#[test]
fn two_examples_in_a_row_come_out_right() {
    let examples = examples(include_str!("fixtures/commonmark-0.31.2.txt"));
    for pair in examples.windows(2) {
        for between in ["", "\n", "> ", "- ", "    "] {
            let text = pair.join(between);
            if !oracle::is_disputed(&text) {
                assert_agreed(&text);
            }
        }
    }
}

/// `TRIPTYCH_MARKDOWN_CASES` makes more of them.
fn cases() -> u32 {
    std::env::var("TRIPTYCH_MARKDOWN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(20_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_texts_come_out_right(fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..30)) {
        let text = fragments.concat();
        if !oracle::is_disputed(&text) {
            assert_agreed(&text);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        parse(&text);
        parse(&String::from_utf8_lossy(&bytes));
    }
}

/// Each with a text that means the same and that is read alike by both.
#[test]
fn where_pulldown_cmark_is_known_to_differ_the_specification_counts() {
    for (text, same) in [
        // Only spaces before a line's end break the line.
        ("a \t\nb", "a\nb"),
        // Tabs count as space around a heading and after an attribute.
        ("# a\t", "# a"),
        ("# a\t#", "# a"),
        ("<b a=x\t->", "\\<b a=x\t->"),
        // White space at the start of a paragraph's line is not part of it.
        ("`a\n  b`", "`a\nb`"),
        ("x <b\n  c>", "x <b\nc>"),
        // Four columns are code, also those of a tab, and not the margin of a quote.
        (">\n\t>", ">\n\n    >"),
        // A line break at the end of a link's text is one.
        ("[*\\\n](https://a.example)", "[*  \n](https://a.example)"),
        // The markers of quotes are not part of what is quoted.
        ("> a <!--\n> -->", "> a <!--\n-->"),
        // The destination of a definition may stand in a lazy line.
        ("> [a]:\n=\n\n[a]", "> [a]: =\n\n[a]"),
    ] {
        let ours = oracle::told(&parse(text));
        assert_ne!(ours, oracle::parse(text), "{text:?} is not disputed any more");
        assert_eq!(ours, oracle::told(&parse(same)), "{text:?}");
    }
}
