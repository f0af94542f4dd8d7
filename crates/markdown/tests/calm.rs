//! What is drawn of a text that has not ended: no syntax in the raw, and nothing that comes and goes.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use triptych_markdown::{Node, Stream, Tree, parse};

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

#[test]
fn half_typed_syntax_looks_like_what_it_will_be() {
    for (typed, meant) in [
        ("see [docs](https://exam", "see docs"),
        ("see [do", "see do"),
        ("see ![frog](https://exam", "see frog"),
        ("see ![fro", "see fro"),
        ("a **bold wo", "a **bold wo**"),
        ("a **bold wo*", "a **bold wo**"),
        ("a **bold wo**", "a **bold wo**"),
        ("a **bold *and li", "a **bold *and li***"),
        ("a *litt", "a *litt*"),
        ("a ***bo", "a ***bo***"),
        ("a _litt", "a _litt_"),
        ("a ~~stru", "a ~~stru~~"),
        ("run `cargo te", "run `cargo te`"),
        ("run ``a`b", "run ``a`b``"),
        ("- x\n- **ye", "- x\n- **ye**"),
        ("> *quo", "> *quo*"),
        ("# He", "# He"),
        ("Some text:\n-", "Some text:"),
        ("Some text:\n=", "Some text:"),
        ("1.", ""),
        ("-", ""),
        ("#", ""),
        ("- a\n- [", "- a"),
        ("- a\n- [x", "- a\n-"),
        ("```\ncode\n``", "```\ncode\n"),
        ("```ru", ""),
        ("text\n```ru", "text"),
        ("<di", ""),
        ("text\n<di", "text"),
        ("fish &am", "fish"),
        ("fish &amp;", "fish &amp;"),
        ("2**3 and f(**x", "2**3 and f(**x**"),
        ("`a **b` c", "`a **b` c"),
        ("a[0", "a[0"),
        ("as said [1", "as said [1"),
        ("| a | b", "| a | b |\n|---|---|"),
        ("| a | b |\n|--", "| a | b |\n|---|---|"),
        ("| a | b |\n|---|---|\n| c *d", "| a | b |\n|---|---|\n| c *d*"),
        ("<https://exam", "https://exam"),
        ("[a]: https://exam", ""),
        ("x\n\n[a]: https://exam", "x"),
        ("[x]: is not\nit", "[x]: is not\nit"),
    ] {
        assert_eq!(shown_after(typed), parse(meant), "{typed:?}");
    }
}

#[test]
fn nothing_appears_and_goes_away_again() {
    // The text that is visible may only grow, whatever it is drawn as.
    fn text(nodes: &[Node], into: &mut String) {
        for node in nodes {
            match node {
                Node::Text(text) => into.push_str(text),
                Node::Element { children, .. } => text_of(children, into),
                Node::Image { alt, .. } => into.push_str(alt),
                _ => into.push('\n'),
            }
        }
    }
    fn text_of(nodes: &[Node], into: &mut String) {
        text(nodes, into);
    }
    for sample in [
        "A **bold** word, *one* and `code`, ~~gone~~ [docs](https://a.example 'title') ![alt](https://b.example/i.png).",
        "Title\n=====\n\nSub\n---\n\n# One\n\n## Two ##\n\ntext:\n- one\n- two\n  - three\n\n1. first\n2. second\n",
        "| a | b |\n|---|:-:|\n| 1 | `2` |\n| 3 | **4** |\n\nafter\n",
        "- [ ] to do\n- [x] done\n\n> quoted *words*\n> more\n\n---\n\nend &amp; more &copy;\n",
        "```rust\nfn main() {\n    // ``\n}\n```\n\n<div>\nraw\n</div>\n\n<https://auto.example>\n",
        "See [this][1].\n\nAnd\n\n[1]: https://one.example\n",
    ] {
        let mut before = String::new();
        for (count, nodes) in frames(&characters(sample)).into_iter().enumerate() {
            let mut now = String::new();
            text(&nodes, &mut now);
            let kept = now.starts_with(before.trim_end());
            assert!(kept || sample.starts_with("See ["), "{:?}: {before:?} became {now:?}", &sample[..count]);
            before = now;
        }
    }
}
