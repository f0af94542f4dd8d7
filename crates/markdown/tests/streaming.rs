//! Whatever the pieces a message comes in, all edits together give what parsing it whole gives.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use triptych_markdown::{Edit, Kind, Node, Op, Stream, Tree, parse};

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
    let (mut stream, mut tree) = (Stream::new(), Tree::new());
    for piece in pieces {
        stream.push(piece);
        tree.apply(stream.edit());
    }
    tree.apply(stream.finish());
    assert_eq!(stream.text(), pieces.concat());
    assert_eq!(stream.finish(), Edit::default(), "finishing twice changes nothing");
    tree.into_nodes()
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

/// What is drawn after each of `pieces`.
fn frames(pieces: &[&str]) -> Vec<Vec<Node>> {
    let (mut stream, mut tree) = (Stream::new(), Tree::new());
    let mut frames = Vec::new();
    for piece in pieces {
        stream.push(piece);
        tree.apply(stream.edit());
        frames.push(tree.nodes().to_vec());
    }
    frames
}

fn shown_after(text: &str) -> Vec<Node> {
    frames(&[text]).pop().unwrap()
}

fn characters(text: &str) -> Vec<&str> {
    text.split("").filter(|character| !character.is_empty()).collect()
}

/// How many nodes an edit builds, and how many bytes of text it holds.
fn weight(edit: &Edit) -> usize {
    let weight = |op: &Op| match op {
        Op::Text(text) => text.len(),
        Op::Rewrite(_, ops) => ops.len() * 8,
        _ => 1,
    };
    edit.ops.iter().map(weight).sum()
}

#[test]
fn what_is_drawn_depends_on_the_text_and_not_on_its_pieces() {
    for sample in SAMPLES {
        let characters = frames(&characters(sample));
        for (end, drawn) in sample.char_indices().map(|(at, c)| at + c.len_utf8()).zip(characters) {
            assert_eq!(drawn, shown_after(&sample[..end]), "{:?}", &sample[..end]);
        }
    }
}

#[test]
fn an_edit_is_as_small_in_a_long_block_as_in_a_short_one() {
    let paragraph = "Some *words* of `one` paragraph, [linked](https://a.example) and **not**. ";
    let item = "- Item with *words* and `code` in it\n";
    let code = "    let value = [1, 2, 3]; // code\n";
    let row = "| one cell | *two* cells |\n";
    let nested = "- a\n  - b **c**\n    > quoted\n";
    for (start, unit) in [
        ("", paragraph),
        ("", item),
        ("```rust\n", code),
        ("| a | b |\n|---|---|\n", row),
        ("> ", paragraph),
        ("", nested),
    ] {
        let text = start.to_owned() + &unit.repeat(40_000 / unit.len());
        let mut stream = Stream::new();
        let mut most = 0;
        for piece in text.as_bytes().chunks(4) {
            stream.push(std::str::from_utf8(piece).unwrap());
            most = most.max(weight(&stream.edit()));
        }
        assert!(most < 300, "{unit:?}: {most}");
        assert!(weight(&stream.finish()) < 300, "{unit:?}");
    }
}

#[test]
fn a_finished_block_is_never_touched_again() {
    let text = "# h\n\npara **b**\nmore\n\n- a\n- b\n\n```\ncode\n```\n\n| a |\n|---|\n| b |\n\n".repeat(50);
    let (mut stream, mut tree) = (Stream::new(), Tree::new());
    let mut blocks: Vec<Node> = Vec::new();
    for character in characters(&text) {
        stream.push(character);
        tree.apply(stream.edit());
        let finished = tree.nodes().len().saturating_sub(2);
        assert_eq!(tree.nodes()[..finished.min(blocks.len())], blocks[..finished.min(blocks.len())]);
        blocks = tree.nodes().to_vec();
    }
    assert_eq!(tree.nodes().len(), 250);
}

#[test]
fn a_definition_that_comes_last_rewrites_only_what_waits_for_it() {
    let (mut stream, mut tree) = (Stream::new(), Tree::new());
    let text = "one [b]\n\n- x\n- see [a]\n\n| [a] |\n|---|\n| [c] |\n\nfour\n\n[a]: https://a.example\n";
    for piece in text.split_inclusive('\n') {
        stream.push(piece);
        tree.apply(stream.edit());
    }
    let edit = stream.finish();
    let paths =
        edit.ops.iter().filter_map(|op| if let Op::Rewrite(path, _) = op { Some(path) } else { None });
    assert_eq!(paths.collect::<Vec<_>>(), [&vec![1, 1, 0], &vec![2, 0, 0, 0]]);
    tree.apply(edit);
    assert_eq!(tree.nodes(), parse(text));
}

#[test]
fn an_earlier_definition_serves_later_blocks_while_they_stream() {
    let nodes = frames(&["[a]: https://a.example\n\n", "one\n\n", "two\n\n", "see [A]"]).pop().unwrap();
    let Some(Node::Element { children, .. }) = nodes.last() else { panic!("{nodes:?}") };
    assert!(matches!(&children[1], Node::Element { kind: Kind::Link { .. }, .. }), "{children:?}");
}

#[test]
fn a_list_becomes_loose_in_one_step() {
    let (mut stream, mut tree) = (Stream::new(), Tree::new());
    stream.push(&"- item\n".repeat(1_000));
    tree.apply(stream.edit());
    stream.push("\n- last\n");
    let edit = stream.edit();
    assert!(edit.ops.contains(&Op::Loosen(vec![0])) && weight(&edit) < 20, "{edit:?}");
}

#[test]
fn a_block_that_cannot_be_settled_lags_behind_only_until_it_is_over() {
    for line in ["words in *one* paragraph that goes on and on\n", "* open `and [never closed\n"] {
        let text = "x".to_owned() + &line.replace("* ", "*").repeat(1_000);
        let words: Vec<_> = text.split_inclusive(' ').collect();
        assert_eq!(streamed(&words), parse(&text));
    }
}

#[test]
fn a_definition_with_a_title_over_many_lines_is_never_a_paragraph() {
    let text = ["[a]: https://a.example (", &"words of a title\n".repeat(100), ")\n\nsee [a]\n"].concat();
    let words: Vec<_> = text.split_inclusive(' ').collect();
    assert_eq!(streamed(&words), parse(&text));
    assert_eq!(parse(&text).len(), 1);
}
