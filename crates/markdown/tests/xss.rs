//! Published attacks on pages that show what strangers wrote: whatever stands around them, and in whatever pieces they
//! come, no step carries an address that was not allowed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use triptych_markdown::{Kind, Node, Op, Stream, Tree, parse};

#[path = "fixtures/xss/mod.rs"]
mod xss;

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn pieces(text: &str, dice: &mut Dice) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut rest = characters.as_slice();
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + dice.below(rest.len().min(40)));
        pieces.push(piece.iter().collect());
        rest = after;
    }
    pieces
}

fn check_address(address: &str, source: &str) {
    let lower = address.to_ascii_lowercase();
    let scheme = ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
    assert!(scheme, "{address:?} of {source:?}");
    assert!(!address.contains(|c: char| c.is_control() || c == ' '), "{address:?} of {source:?}");
}

fn check_node(node: &Node, source: &str) {
    match node {
        Node::Element { kind, children } => {
            check_kind(kind, source);
            children.iter().for_each(|child| check_node(child, source));
        }
        Node::Image { url: Some(url), .. } => check_address(url.as_str(), source),
        _ => {}
    }
}

fn check_kind(kind: &Kind, source: &str) {
    if let Kind::Link { url, .. } = kind {
        check_address(url.as_str(), source);
    }
}

fn check_step(step: &Op, source: &str) {
    match step {
        Op::Open(kind) => check_kind(kind, source),
        Op::Leaf(node) => check_node(node, source),
        Op::Rewrite(_, steps) => steps.iter().for_each(|step| check_step(step, source)),
        _ => {}
    }
}

#[test]
fn no_step_of_a_published_attack_carries_an_address_that_is_not_allowed() {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut sources = 0;
    for payload in xss::payloads() {
        for source in xss::places(payload) {
            let (mut stream, mut tree) = (Stream::new(), Tree::new());
            for piece in pieces(&source, &mut dice) {
                stream.push(&piece);
                let edit = stream.edit();
                edit.ops.iter().for_each(|step| check_step(step, &source));
                tree.apply(edit);
            }
            let edit = stream.finish();
            edit.ops.iter().for_each(|step| check_step(step, &source));
            tree.apply(edit);
            let whole = parse(&source);
            whole.iter().for_each(|node| check_node(node, &source));
            assert!(tree.nodes() == whole, "{source:?}");
            sources += 1;
        }
    }
    assert!(sources > 10_000, "{sources}");
}

#[test]
fn an_image_has_its_whole_address_or_none_at_any_moment() {
    // What is drawn of an allowed host is asked for, and half an address is somebody else's.
    for source in [
        "x ![alt](https://img.example/a/b.png 'title') y",
        "![alt](<https://img.example/a/b.png>)",
        "[![alt](https://img.example/a/b.png)](https://a.example)",
        "![alt][r] and ![r]\n\n- ![r]\n\n[r]: https://img.example/a/b.png 'title'\n\nlater",
        "[r]: https://img.example/a/b.png\n![alt][r]",
        "| a |\n|---|\n| ![alt](https://img.example/a/b.png) |",
    ] {
        let (mut stream, mut tree) = (Stream::new(), Tree::new());
        for piece in source.split("") {
            stream.push(piece);
            tree.apply(stream.edit());
            tree.nodes().iter().for_each(|node| check_image(node, source));
        }
    }
}

fn check_image(node: &Node, source: &str) {
    match node {
        Node::Element { children, .. } => children.iter().for_each(|child| check_image(child, source)),
        Node::Image { url: Some(url), .. } => {
            assert_eq!(url.as_str(), "https://img.example/a/b.png", "{source:?}");
        }
        _ => {}
    }
}
