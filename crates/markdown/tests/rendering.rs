//! What the tree looks like for what people and models write.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use triptych_markdown::{Align, Kind, Node, Url, parse};

fn text(text: &str) -> Node {
    Node::Text(text.into())
}

fn element(kind: Kind, children: impl Into<Vec<Node>>) -> Node {
    Node::Element { kind, children: children.into() }
}

fn paragraph(children: impl Into<Vec<Node>>) -> Node {
    element(Kind::Paragraph, children)
}

fn link(url: &str, title: Option<&str>, children: impl Into<Vec<Node>>) -> Node {
    element(Kind::Link { url: Url::new(url).unwrap(), title: title.map(Into::into) }, children)
}

#[test]
fn a_paragraph_keeps_its_lines_and_breaks_in_one_run_of_text() {
    let expected = paragraph([text("a & <b>x</b>\nb"), Node::Break, text("c")]);
    assert_eq!(parse("a &amp; <b>x</b>\nb  \nc"), [expected]);
}

#[test]
fn lists_are_tight_or_loose_as_a_whole() {
    let items = ["a", "b"].map(|item| element(Kind::Item, [paragraph([text(item)])]));
    let list = |tight| element(Kind::List { ordered: true, start: 3, tight }, items.clone());
    assert_eq!(parse("3. a\n4. b"), [list(true)]);
    assert_eq!(parse("3. a\n\n4. b"), [list(false)]);
}

#[test]
fn a_task_list_has_its_markers() {
    let item = |done, label| element(Kind::Item, [paragraph([Node::TaskMarker(done), text(label)])]);
    let kind = Kind::List { ordered: false, start: 1, tight: true };
    let list = element(kind, [item(false, "a"), item(true, "b")]);
    assert_eq!(parse("- [ ] a\n- [x] b"), [list]);
}

#[test]
fn a_table_has_one_head_one_body_and_aligned_cells() {
    let row = |header, cells: [&str; 2]| {
        let [left, right] = cells.map(|cell| if cell.is_empty() { vec![] } else { vec![text(cell)] });
        let cell = |align, children| element(Kind::TableCell { header, align }, children);
        element(Kind::TableRow, [cell(Align::Auto, left), cell(Align::Right, right)])
    };
    let head = element(Kind::TableHead, [row(true, ["a", "b"])]);
    let body = element(Kind::TableBody, [row(false, ["1", "2"]), row(false, ["3", ""])]);
    assert_eq!(parse("|a|b|\n|-|-:|\n|1|2|\n|3|"), [element(Kind::Table, [head, body])]);
}

#[test]
fn code_has_its_language_and_its_text_untouched() {
    let code = |language: Option<&str>, code: &str| {
        element(Kind::Code { language: language.map(Into::into) }, [text(code)])
    };
    assert_eq!(parse("```rust,ignore x\n<a> *b*\n\n```"), [code(Some("rust"), "<a> *b*\n\n")]);
    assert_eq!(parse("```\nopen"), [code(None, "open")]);
    assert_eq!(parse("    a\n     b"), [code(None, "a\n b")]);
}

#[test]
fn marks_nest() {
    let both = element(Kind::Strong, [text("b "), element(Kind::Emphasis, [text("c")])]);
    let code = element(Kind::InlineCode, [text("*d*")]);
    let struck = element(Kind::Strike, [text("e")]);
    let nodes = [text("a "), both, text(" "), code, text(" "), struck];
    assert_eq!(parse("a **b *c*** `*d*` ~~e~~"), [paragraph(nodes)]);
}

#[test]
fn links_and_mail_addresses_are_absolute() {
    assert_eq!(
        parse("[a](https://a.example 't') <me@a.example>"),
        [paragraph([
            link("https://a.example", Some("t"), [text("a")]),
            text(" "),
            link("mailto:me@a.example", None, [text("me@a.example")]),
        ])]
    );
}

#[test]
fn an_image_is_its_description_and_address() {
    let url = Url::new("https://a.example/i.png");
    let image = |url| Node::Image { alt: "a b c".into(), url, title: None };
    assert_eq!(parse("![a *b* `c`](https://a.example/i.png)"), [paragraph([image(url)])]);
    assert_eq!(parse("![a *b* [c](x)](data:image/png;base64,x)"), [paragraph([image(None)])]);
    let linked = link("https://b.example", None, [image(None)]);
    assert_eq!(parse("[![a b c](https://a.example/i.png)](https://b.example)"), [paragraph([linked])]);
}

#[test]
fn a_block_of_html_is_its_source() {
    let html = element(Kind::Html, [text("<div onclick=x>\n*a*\n</div>\n")]);
    assert_eq!(parse("<div onclick=x>\n*a*\n</div>\n\n---"), [html, Node::Rule]);
}

#[test]
fn headings_have_levels_and_quotes_have_blocks() {
    let heading = element(Kind::Heading(2), [text("a")]);
    let quote = element(Kind::Quote, [heading, paragraph([text("b")])]);
    assert_eq!(parse("> a\n> ---\n> b"), [quote]);
}
