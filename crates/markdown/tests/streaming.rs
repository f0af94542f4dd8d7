//! Whatever the pieces a message comes in, all edits together give what parsing it whole gives.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use triptych_markdown::{Edit, Kind, Node, Stream, parse};

/// Texts in which a later line says what an earlier one was, or where blocks end in unusual ways.
const SAMPLES: &[&str] = &[
    "",
    "\n\n",
    "plain",
    "one\ntwo\n\nthree",
    "Title\n===\n\nbody\nline\n---\nafter",
    "a\n-\nb\n- \nc",
    "text:\n- one\n- two\n\ntail",
    "- a\n\n  still a\n\n- b\n\nno item",
    "- a\n- b\n\n\n- c\n* d\n+ e",
    "1. a\n\n2. b\n\n3) c\n\n4",
    "7. seven\n8. eight\n\n   para\n\n   - deep\n\n     code?\n\nout",
    "para\n2. not a list\n\n2. a list",
    "para\n1. a list",
    "-   a\n\n    b\n\n   c\n\n      d",
    "- a\nlazy\n  - b\nlazy too\n\nend",
    "> a\nlazy\n\n> b\n> - c\nlazy\n>\n> d\n\nend",
    "> ```\n> code\nout of the fence\n```\ninside again",
    "> > deep\n> less\nlazy\n\n> new",
    "> a\n---\n> b\n===\n> c",
    "```rust\nfn a() {}\n\n\n# no heading\n```\nafter",
    "~~~ python title\n```\nnot the end\n~~~~\nafter\n~~~",
    "```\nnever closed\n\n- a\n\n",
    "````\n```\n````\n```\n````",
    "  ```\n  indented\n   fence\n  ```\n    code\n\n    more code\n\n\n\n    still\nend",
    "    code\n\tcode\n\n    code\n\n \n\npara\n    no code",
    "- ```\n  in item\n\n  blank\n```\nnew fence",
    "* * *\n***\n---\n___\n- - -\n",
    "# a\n## b ##\n#c\n### \n####### seven\nd\n# e",
    "| a | b |\n|---|:-:|\n| 1 | 2 |\n| 3\n\nafter",
    "a | b\n-|-\nc | d\nlazy row\n> quote ends it\n\n|x|\n|-|",
    "text\na | b\n--|--:\n1 | 2\n# heading",
    "| a |\n| - |\n\n| b |\n| - |\n| `x|y` | \\| |",
    "- | a |\n  | - |\n  | b |\n- | c |",
    "- [ ] to do\n- [x] done\n\n- [ ] loose\n\n[ ] no item",
    "<div>\nraw *text*\n\n*parsed*\n</div>\n\nend",
    "<script>\nalert(1)\n\n\nalert(2)\n</script> tail\nafter",
    "<!-- a\n\nb --> c\nd\n\n<!-- open\n\n# inside",
    "para\n<b>inline</b>\n<div>\nblock\n\n<b>\nblock 7\n\nend",
    "<?php\n\n?>\nx\n<!A\n\nb>\n<![CDATA[\n\n]]>\nend",
    "[a]: https://a.example 'A'\n\n[a] and [b]\n\n[b]: https://b.example\n",
    "[a]\n\n[b]\n\n# h\n\n[A]: <https://a.example>\n[b]:\nhttps://b.example\n'title\nover lines'\n\nend",
    "[a]: https://a.example\n\"not yet\na title\"\n\n[a]",
    "[a]: https://one.example\n\n[a]\n\n[a]: https://two.example\n\n[a] [a][] [x][a]",
    "> [q]: https://q.example\n> text\n\n- [i]: https://i.example\n  'title'\n\n[q] [i]",
    "> [q]: https://q.example\n\"lazy?\"\n\n[q]",
    "- [q]: https://q.example\n\"lazy?\"\n\n[q]",
    "[a]: https://a.example\n# h\n[a]: https://z.example\n[a]\n===\n",
    "[ẞ]: https://s.example\n\n[ss] and [SS]\n",
    "[half](https://a.exam",
    "![alt *x*](https://a.example/i.png \"t\") [![b](https://c.example)](https://d.example)",
    "**bold *both*** _a_ ~~gone~~ `co``de` ``a`b``",
    "**open *and `never closed",
    "hard  \nbreak\\\nagain \nsoft",
    "line\r\nends\r\n\r\n- of\r\n- windows\r\n\r\n```\r\ncode\r\n```\r\n",
    "old\rmac\r\r# lines\r\r- a\r- b\r",
    "tab\n\n\tcode\n-\ttab item\n\n\tstill item\n\n>\tquote",
    "&amp; &lt;b&gt; &#65; \\* \\[a\\] \\",
    "größe 🐸 – 漢字\n\n- é\n\n🐸",
    "a\u{0}b\n\n\u{feff}# no\n\n\u{a0}\n\nb",
    "\u{feff}# heading?\n\ntext",
    "-\n\n  not in the item\n\n-\n  in the item",
    "1.\n2. a\n\n10. b\n    c\n\n        code",
    "- a\n  - b\n    - c\n\n  - d\n\ne\n\n      f",
    "*a\n\n*b*\n\n* c\n*d*",
    "https://bare.example <https://auto.example> <me@mail.example>",
    "setext\nover two\n lines\n   ===   \n\n    ===\n=",
    "- a\n\n---\n- b\n  ---\n  c\n---",
    "- 1. > - 1) + * > a\nlazy\n\n- - - - a\n        b\n\nc",
    "+ a\n\n\n\n  b\n\n\n+ c\n\n\n\nd",
];

/// Pieces that, put together at random, make the blocks above and worse.
const FRAGMENTS: &[&str] = &[
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
    "*",
    "**",
    "_",
    "~~",
    "|",
    "|-|",
    "| a | b |\n",
    "|---|:-:|\n",
    "<div>",
    "</div>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<b>",
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
    "\\",
    "&amp;",
    "\r\n",
    "\r",
    "[ ] ",
    "[x] ",
    "  \n",
    "\\\n",
];

fn streamed(pieces: &[&str]) -> Vec<Node> {
    let mut stream = Stream::new();
    let mut nodes = Vec::new();
    for piece in pieces {
        let edit = stream.push(piece);
        assert!(edit.keep <= nodes.len());
        edit.apply(&mut nodes);
    }
    stream.finish().apply(&mut nodes);
    assert_eq!(stream.text(), pieces.concat());
    assert_eq!(stream.finish(), Edit { keep: nodes.len(), nodes: vec![] }, "finishing twice changes nothing");
    nodes
}

/// Splits `text` where `cuts` say, moved to the next character.
fn split<'a>(text: &'a str, cuts: &[prop::sample::Index]) -> Vec<&'a str> {
    let mut at: Vec<_> = cuts.iter().map(|cut| text.ceil_char_boundary(cut.index(text.len() + 1))).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

#[test]
fn samples_come_out_whole_in_characters_lines_and_halves() {
    for sample in SAMPLES {
        let whole = parse(sample);
        let characters: Vec<_> = sample.split("").collect();
        assert_eq!(streamed(&characters), whole, "{sample:?} by characters");
        let lines: Vec<_> = sample.split_inclusive('\n').collect();
        assert_eq!(streamed(&lines), whole, "{sample:?} by lines");
        for (middle, _) in sample.char_indices() {
            assert_eq!(
                streamed(&[&sample[..middle], &sample[middle..]]),
                whole,
                "{sample:?} cut at {middle}"
            );
        }
    }
}

#[test]
fn samples_after_one_another_come_out_whole() {
    for first in SAMPLES {
        for second in SAMPLES {
            for between in ["\n", "\n\n"] {
                let text = [*first, between, *second].concat();
                let lines: Vec<_> = text.split_inclusive('\n').collect();
                assert_eq!(streamed(&lines), parse(&text), "{text:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_pieces_comes_out_whole(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = fragments.concat();
        prop_assert_eq!(streamed(&split(&text, &cuts)), parse(&text), "{:?}", text);
    }

    #[test]
    fn any_text_in_characters_comes_out_whole(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..30),
    ) {
        let text = fragments.concat();
        let characters: Vec<_> = text.split("").collect();
        prop_assert_eq!(streamed(&characters), parse(&text), "{:?}", text);
    }

    #[test]
    fn any_samples_in_any_pieces_come_out_whole(
        samples in prop::collection::vec(prop::sample::select(SAMPLES), 0..4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let text = samples.join("\n");
        prop_assert_eq!(streamed(&split(&text, &cuts)), parse(&text), "{:?}", text);
    }
}

#[test]
fn finished_blocks_are_never_touched_again() {
    let text = "# h\n\npara **b**\nmore\n\n- a\n- b\n\n```\ncode\n```\n\n| a |\n|---|\n| b |\n\n".repeat(50);
    let mut stream = Stream::new();
    let mut shown = 0;
    for (index, character) in text.char_indices() {
        let edit = stream.push(&text[index..index + character.len_utf8()]);
        assert!(edit.keep + 2 >= shown, "only what is still open may change");
        assert!(edit.nodes.len() <= 2);
        shown = edit.keep + edit.nodes.len();
    }
    assert_eq!(stream.finish().nodes, []);
    assert_eq!(shown, 250);
}

#[test]
fn a_definition_that_comes_last_changes_only_the_blocks_from_its_first_use_on() {
    let mut stream = Stream::new();
    let mut nodes = Vec::new();
    stream.push("one\n\ntwo\n\nsee [a]\n\nfour\n\n[a]: https://a.example\n").apply(&mut nodes);
    assert_eq!(stream.finish().keep, 4, "in one piece it was seen in time");

    let mut stream = Stream::new();
    for piece in ["one\n\ntwo\n\nsee [a]\n\nfour\n\n", "five\n\n[a]: https://a.example\n"] {
        stream.push(piece);
    }
    let edit = stream.finish();
    assert_eq!(edit.keep, 2);
    assert_eq!(edit.nodes.len(), 3);
}

#[test]
fn an_earlier_definition_serves_later_blocks_while_they_stream() {
    let mut stream = Stream::new();
    let mut nodes = Vec::new();
    for piece in ["[a]: https://a.example\n\n", "one\n\n", "two\n\n", "see [A]"] {
        stream.push(piece).apply(&mut nodes);
    }
    let Some(Node::Element { children, .. }) = nodes.last() else { panic!("{nodes:?}") };
    assert!(matches!(&children[1], Node::Element { kind: Kind::Link { .. }, .. }), "{children:?}");
}

fn shown_after(text: &str) -> Vec<Node> {
    let mut nodes = Vec::new();
    Stream::new().push(text).apply(&mut nodes);
    nodes
}

#[test]
fn half_typed_syntax_looks_like_what_it_will_be() {
    assert_eq!(shown_after("see [docs](https://exam"), parse("see docs"));
    assert_eq!(shown_after("see ![frog](https://exam"), parse("see frog"));
    assert_eq!(shown_after("a **bold wo"), parse("a **bold wo**"));
    assert_eq!(shown_after("a **bold wo*"), parse("a **bold wo**"));
    assert_eq!(shown_after("a **bold wo**"), parse("a **bold wo**"));
    assert_eq!(shown_after("a *litt"), parse("a *litt*"));
    assert_eq!(shown_after("run `cargo te"), parse("run `cargo te`"));
    assert_eq!(shown_after("- x\n- **ye"), parse("- x\n- **ye**"));
    assert_eq!(
        shown_after("Some text:\n-"),
        parse("Some text:"),
        "no heading flashes up before the item is there"
    );
    assert_eq!(shown_after("```\ncode\n``"), parse("```\ncode\n"));
    assert_eq!(
        shown_after("2**3 and f(**x"),
        parse("2**3 and f(**x**"),
        "a guess from where the word begins"
    );
    assert_eq!(shown_after("`a **b` c"), parse("`a **b` c"));
}

#[test]
fn a_block_that_never_ends_lags_behind_only_until_it_does() {
    let line = "words in *one* paragraph that goes on and on\n";
    let text = line.repeat(2_000);
    let lines: Vec<_> = text.split_inclusive(' ').collect();
    assert_eq!(streamed(&lines), parse(&text));
}
