//! Hostile input: nothing dangerous gets into a node, and nothing takes forever or overflows.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::{Duration, Instant};

use proptest::prelude::*;
use triptych_markdown::{Kind, MAX_DEPTH, MAX_NODES, Node, Stream, Tree, parse};

/// Calls `see` with every node and its depth.
fn walk(nodes: &[Node], depth: usize, see: &mut impl FnMut(&Node, usize)) {
    for node in nodes {
        see(node, depth);
        if let Node::Element { children, .. } = node {
            walk(children, depth + 1, see);
        }
    }
}

fn urls(nodes: &[Node]) -> Vec<String> {
    let mut urls = Vec::new();
    walk(nodes, 1, &mut |node, _| match node {
        Node::Element { kind: Kind::Link { url, .. }, .. } | Node::Image { url: Some(url), .. } => {
            urls.push(url.as_str().to_owned());
        }
        _ => {}
    });
    urls
}

fn text(nodes: &[Node]) -> String {
    let mut all = String::new();
    walk(nodes, 1, &mut |node, _| match node {
        Node::Text(text) | Node::Image { alt: text, .. } => all.push_str(text),
        _ => {}
    });
    all
}

fn assert_allowed(nodes: &[Node]) {
    for url in urls(nodes) {
        let lower = url.to_ascii_lowercase();
        let allowed = ["http://", "https://", "mailto:"].iter().any(|scheme| lower.starts_with(scheme));
        assert!(allowed && !url.contains(|c: char| c.is_control() || c == ' '), "{url:?}");
    }
}

const SCHEMES: &[&str] = &[
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java&#10;script:alert(1)",
    "java&Tab;script:alert(1)",
    "&#1;javascript:alert(1)",
    "javascript&colon;alert(1)",
    "&#x6A;avascript:alert(1)",
    "data:text/html;base64,PHM+",
    "vbscript:msgbox(1)",
    "//evil.example",
    "/\\evil.example",
    "file:///etc/passwd",
    "blob:https://a/b",
    "feed:javascript:alert(1)",
    "view-source:javascript:alert(1)",
    "%6Aavascript:alert(1)",
    "\\javascript:alert(1)",
    "jav\u{ad}ascript:alert(1)",
    "filesystem:https://a",
    "jar:https://a!/b",
    "tel:1",
    "about:srcdoc",
];

#[test]
fn a_refused_address_leaves_plain_text_in_every_place_for_one() {
    for scheme in SCHEMES {
        for (source, label) in [
            (format!("[label]({scheme})"), "label"),
            (format!("[label](<{scheme}> 'title')"), "label"),
            (format!("![label]({scheme})"), "label"),
            (format!("[la**bel**]({scheme})"), "label"),
            (format!("[label][r]\n\n[r]: {scheme}"), "label"),
            (format!("[label]\n\n[label]: <{scheme}>"), "label"),
            (format!("[![label]({scheme})]({scheme})"), "label"),
        ] {
            let nodes = parse(&source);
            assert_eq!(urls(&nodes), [""; 0], "{source:?}");
            assert!(text(&nodes).starts_with(label), "{source:?} gave {nodes:?}");
        }
        assert_eq!(urls(&parse(&format!("<{scheme}>"))), [""; 0]);
    }
}

#[test]
fn raw_html_is_only_ever_text() {
    for source in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <svg/onload=alert(1)> b",
        "<a href=\"javascript:alert(1)\">x</a>",
        "<iframe srcdoc='<b>'></iframe>",
        "<!--><img src=x>-->",
        "- <details open ontoggle=alert(1)>",
        "> <math><mtext><style>",
        "| a |\n|-|\n| <b onclick=x> |",
    ] {
        let nodes = parse(source);
        assert_eq!(urls(&nodes), [""; 0]);
        assert!(text(&nodes).contains('<'), "{source:?} gave {nodes:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_node_has_an_address_outside_the_list(
        parts in prop::collection::vec(prop_oneof![
            prop::sample::select(SCHEMES).prop_map(str::to_owned),
            prop::sample::select(&["[", "](", ")", "<", ">", "![", "[a]: ", "\n", " ", "http", "s:", "//a", "mailto:"][..])
                .prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ], 0..30),
    ) {
        let source = parts.concat();
        assert_allowed(&parse(&source));
        let (mut stream, mut tree) = (Stream::new(), Tree::new());
        for part in &parts {
            stream.push(part);
            tree.apply(stream.edit());
            assert_allowed(tree.nodes());
        }
    }
}

const SIZE: usize = 50_000;

fn hostile() -> Vec<(&'static str, String)> {
    let fill = |unit: &str| unit.repeat(SIZE / unit.len());
    let mut inputs: Vec<_> = [
        "[",
        "]",
        "![",
        "[a](",
        "[a][",
        "[](",
        "*a ",
        "*a**b ",
        "_a __b ",
        "a**b",
        "*",
        "_",
        "~",
        "~~a ",
        "**a *a ",
        ">",
        "> ",
        ">\n",
        "- ",
        "* ",
        "1. ",
        "- a\n",
        "`",
        "` a`` ",
        "```\n",
        "<",
        "<a ",
        "<!--",
        "<?",
        "<![CDATA[",
        "<!A ",
        "</",
        "&",
        "&#",
        "\\",
        "|",
        "|-",
        "a|",
        "a\n===\n",
        "[a]: b\n",
        "[a]:",
        "[a]: <",
        "\t",
        " \n",
        "\n",
        "#",
        "# a\n",
        "=",
        "-\n",
        "a\n\n",
        "<a@b",
        "<http:",
        "(",
        "[a](b\"",
        "\u{0}",
        "!",
        "[[a]",
        "*[a](",
        "[x",
        "- [ ] ",
        "a  \n",
        "<div>\n\n",
        "<script>\n",
        "![[]()",
        "a *",
        "a]",
        "[(](",
    ]
    .into_iter()
    .map(|unit| (unit, fill(unit)))
    .collect();
    let half = SIZE / 2;
    inputs.extend([
        ("nested brackets", ["[".repeat(half), "]".repeat(half)].concat()),
        ("nested links", ["[".repeat(half / 4), "](x)".repeat(half / 4)].concat()),
        ("nested emphasis", ["*a **a ".repeat(half / 7), "b** b*".repeat(half / 6)].concat()),
        ("nested items", (0..300).map(|depth| format!("{}- a\n", "  ".repeat(depth))).collect()),
        ("quoted items", "> - ".repeat(SIZE / 4)),
        ("deep quote, lazy lines", [">".repeat(half), "a\n".repeat(half / 2)].concat()),
        ("backticks of every length", (1..300).map(|length| "`".repeat(length) + " ").collect()),
        (
            "wide table",
            ["|a".repeat(8_000), "|\n".into(), "|-".repeat(8_000), "|\n".into(), "|\n".repeat(2_000)]
                .concat(),
        ),
        ("definitions", (0..3_000).map(|n| format!("[a{n}]: b\n\n")).collect()),
        (
            "definitions in use",
            "[a]: https://a.example/long/long/long\n\n".to_owned() + &"[a] ".repeat(12_000),
        ),
        ("one long word", "a".repeat(SIZE)),
        ("open fence", "```\n".to_owned() + &"code\n".repeat(10_000)),
    ]);
    inputs
}

#[test]
fn hostile_input_ends_soon_and_stays_within_the_limits() {
    for (name, input) in hostile() {
        let begun = Instant::now();
        let nodes = parse(&input);
        walk(&nodes, 1, &mut |_, depth| assert!(depth <= MAX_DEPTH + 1, "{name}"));
        for block in &nodes {
            let mut count = 0;
            walk(std::slice::from_ref(block), 1, &mut |_, _| count += 1);
            assert!(count <= MAX_NODES + MAX_DEPTH, "{name}: {count}");
        }
        let once = begun.elapsed();
        let (mut stream, mut shown) = (Stream::new(), Tree::new());
        let characters: Vec<_> = input.chars().collect();
        for piece in characters.chunks(2_500) {
            stream.push(&piece.iter().collect::<String>());
            shown.apply(stream.edit());
        }
        shown.apply(stream.finish());
        let streamed = begun.elapsed() - once;
        assert!(shown.nodes() == nodes, "{name}");
        // Far above what any of it takes, far below what a quadratic parse would.
        assert!(
            once < Duration::from_secs(5) && streamed < Duration::from_secs(30),
            "{name}: {once:?} {streamed:?}"
        );
    }
}

#[test]
fn a_wide_table_is_not_filled_up_without_end() {
    let table =
        ["|a".repeat(8_000), "|\n".into(), "|-".repeat(8_000), "|\n".into(), "|b|\n".repeat(2_000)].concat();
    let mut count = 0;
    walk(&parse(&table), 1, &mut |_, _| count += 1);
    assert!(count > 30_000 && count < MAX_NODES + 20_000, "{count}");
}
