//! Formulas between dollars and brackets, where they are asked for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;
use triptych_markdown::{Kind, Node, Stream, Tree, parse};

fn streamed(pieces: &[&str]) -> Vec<Node> {
    let (mut stream, mut tree) = (Stream::with_math(), Tree::new());
    for piece in pieces {
        stream.push(piece);
        tree.apply(stream.edit());
    }
    tree.apply(stream.finish());
    tree.into_nodes()
}

fn whole(text: &str) -> Vec<Node> {
    let (mut stream, mut tree) = (Stream::with_math(), Tree::new());
    stream.push(text);
    tree.apply(stream.finish());
    tree.into_nodes()
}

/// What is drawn of a message that is not complete.
fn drawn(text: &str) -> Vec<Node> {
    let (mut stream, mut tree) = (Stream::with_math(), Tree::new());
    stream.push(text);
    tree.apply(stream.edit());
    tree.into_nodes()
}

/// The tree in one line: formulas in braces, two of them where they are displayed, blocks of code in bars.
fn told(nodes: &[Node]) -> String {
    let tell = |node: &Node| match node {
        Node::Text(text) => text.clone(),
        Node::Math { source, display: false } => format!("{{{source}}}"),
        Node::Math { source, display: true } => format!("{{{{{source}}}}}"),
        Node::Element { kind: Kind::Code { language }, children } => {
            format!("|{}:{}|", language.as_deref().unwrap_or_default(), told(children))
        }
        Node::Element { kind: Kind::Emphasis, children } => format!("<em>{}</em>", told(children)),
        Node::Element { kind: Kind::Paragraph, children } => format!("<p>{}", told(children)),
        Node::Element { children, .. } => format!("({})", told(children)),
        _ => String::from("."),
    };
    nodes.iter().map(tell).collect()
}

#[test]
fn formulas_stand_between_dollars_or_brackets() {
    for (text, expected) in [
        ("Let $x_1$ and $y$.", "<p>Let {x_1} and {y}."),
        (r"Let \(x\) and \( y_1 \).", "<p>Let {x} and {y_1}."),
        (r"so $$a^2$$ and \[b\] too", "<p>so {{a^2}} and {{b}} too"),
        (r"$a\$b$ is one, \$c$ is none", r"<p>{a\$b} is one, $c$ is none"),
        (r"$\{a*b*c\}$ and *$x*y$*", r"<p>{\{a*b*c\}} and <em>{x*y}</em>"),
        ("($x$), \"$y$\", $z$-axis", "<p>({x}), \"{y}\", {z}-axis"),
        ("**bold $x$**", "<p>(bold {x})"),
        ("# On $x$", "(On {x})"),
        ("a $x\ny$ b", "<p>a {x\ny} b"),
        ("$$\\text{if $x$}$$ x", "|math:\\text{if $x$}\n|<p>x"),
        (r"\(a \\ b\)", r"<p>{a \\ b}"),
        ("größe $α$ 漢字$x$漢字", "<p>größe {α} 漢字{x}漢字"),
    ] {
        assert_eq!(told(&whole(text)), expected, "{text}");
    }
}

#[test]
fn prices_and_variables_are_no_formulas() {
    for text in [
        "It costs $5 or $10.",
        "From $5-$10 to $20.",
        "US$5 and A$6",
        "$5, not $ 6",
        "a $ b $ c",
        "$HOME and $PATH",
        "only $one",
        "$$ is the process of a shell",
        "ends with $",
        "$ 5$",
        "$5 $",
    ] {
        assert_eq!(told(&whole(text)), format!("<p>{text}"), "{text}");
    }
    assert_eq!(told(&whole(r"`$x$` and `\(`")), r"<p>($x$) and (\()");
}

#[test]
fn a_formula_may_have_lines_of_its_own() {
    for (text, expected) in [
        ("$$\nx\n- y\n= z\n\n+ w\n$$\nafter", "|math:x\n- y\n= z\n\n+ w\n|<p>after"),
        ("\\[\nx\n\\]\n", "|math:x\n|"),
        ("\\[ x \\\\[2pt]\ny \\]\n", "|math:x \\\\[2pt]\ny\n|"),
        ("text\n$$\nx\n$$\ntext", "<p>text|math:x\n|<p>text"),
        ("text\n$$x$$\ntext", "<p>text|math:x\n|<p>text"),
        ("$$x$$ where *y*", "|math:x\n|<p>where <em>y</em>"),
        ("$$ a &= b \\\\\n c &= d $$", "|math:a &= b \\\\\n c &= d\n|"),
        ("- item\n  $$\n  x\n  $$\n- next", "((<p>item|math:x\n|)(<p>next))"),
        ("> $$\n> x\n> $$\n\nafter", "(|math:x\n|)<p>after"),
        ("```math\nx\n```", "|math:x\n|"),
        ("$$\nx", "|math:x|"),
    ] {
        assert_eq!(told(&whole(text)), expected, "{text}");
    }
}

#[test]
fn without_the_option_nothing_changes() {
    assert_eq!(told(&parse(r"$x_1$ \(a\) \[b\]")), "<p>$x_1$ (a) [b]");
    assert_eq!(told(&parse("$$\nx\n$$")), "<p>$$\nx\n$$");
}

#[test]
fn a_formula_on_its_way_is_its_source_until_it_is_complete() {
    for (text, expected) in [
        ("so $a_1 * b_2 * c", "<p>so $a_1 * b_2 * c"),
        (r"so \(\frac{*a*}", r"<p>so \(\frac{*a*}"),
        ("so $x$", "<p>so $x$"),
        ("so $x$ i", "<p>so {x} i"),
        (r"so \(x\)", "<p>so {x}"),
        ("costs $5 for *me*", "<p>costs $5 for <em>me</em>"),
        ("$$\n\\frac{a}", "|math:\\frac{a}|"),
        ("$$\nx\n$", "|math:x\n|"),
        ("text\n$$", "<p>text"),
    ] {
        assert_eq!(told(&drawn(text)), expected, "{text}");
    }
}

#[test]
fn a_hostile_text_of_marks_is_read_in_linear_time() {
    for unit in ["$", "$a", "$$", "$$a", r"\(", r"\[", r"\(a$$b", "$a\\", "\\[a$$\n"] {
        let text = unit.repeat(60_000 / unit.len());
        let start = std::time::Instant::now();
        assert!(!whole(&text).is_empty());
        assert!(start.elapsed().as_secs() < 5, "{unit}");
    }
}

/// Pieces that, put together at random, make formulas and what is nearly one.
const FRAGMENTS: &[&str] = &[
    "$",
    "$",
    "$",
    "$$",
    "$$",
    "$$\n",
    "\n$$",
    "\\(",
    "\\)",
    "\\[",
    "\\]",
    "\\[\n",
    "\\",
    "\\\\",
    "x",
    "x_1",
    "5",
    " ",
    "\n",
    "\n\n",
    "*",
    "**",
    "_",
    "`",
    "- ",
    "> ",
    "    ",
    "  ",
    "# ",
    "===",
    "```",
    "```math\n",
    "~~~",
    "|",
    "|-|\n",
    "[a]",
    "](https://a.example)",
    "é🐸",
    "<b>",
    "&amp;",
    "\r\n",
    "1. ",
    "[ ] ",
    "[a]: https://a.example\n",
    "!",
    "![",
];

fn split<'a>(text: &'a str, cuts: &[prop::sample::Index]) -> Vec<&'a str> {
    let mut at: Vec<_> = cuts.iter().map(|cut| text.ceil_char_boundary(cut.index(text.len() + 1))).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_in_any_pieces_comes_out_whole(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = fragments.concat();
        prop_assert_eq!(streamed(&split(&text, &cuts)), whole(&text), "{:?}", text);
    }

    #[test]
    fn any_text_in_characters_comes_out_whole(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..30),
    ) {
        let text = fragments.concat();
        let characters: Vec<_> = text.split("").collect();
        prop_assert_eq!(streamed(&characters), whole(&text), "{:?}", text);
    }

    #[test]
    fn a_text_without_marks_is_what_it_is_without_the_option(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS), 0..40),
    ) {
        let text = fragments.concat().replace(['$', '\\'], "");
        prop_assert_eq!(whole(&text), parse(&text), "{:?}", text);
    }
}
