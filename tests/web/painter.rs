//! The painter of answers: whatever the pieces were, the nodes on the page are the same, and as they should be.

use std::rc::Rc;

use triptych_markdown::Stream;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Element;

use triptych_copilot::locale::Words;
use triptych_copilot::painter::{Announce, Chunks, Hosts, Painter};

const SAMPLES: &[&str] = &[
    "# Title\n\nSome **bold *and* words** with `code`, ~~gone~~ and [a link](https://a.example 'title').\n",
    "- one\n- two\n  - three *x*\n\n  still two\n- four\n\n3. five\n4. [x] six\n",
    "| a | b |\n|---|:-:|\n| `1` | **2** |\n| 3\n\nafter & <b>raw</b>\n",
    "```rust\nfn main() {\n    // ``\n}\n```\n\n    indented\n\n> quoted\nlazy\n\n---\n",
    "Title\n===\n\na | b\n-|-\nc | d\n\n![alt *text*](https://b.example/i.png) [![in](https://c.example)](https://d.example)\n",
    "see [one] and [two][2], 🐸\n\n- [one] in a list\n\n| [one] |\n|---|\n| x |\n\n[one]: https://one.example\n[2]: https://two.example 't'\n",
    "<div>\nraw\n</div>\n\nhard  \nbreak\\\nagain &amp; *open\n",
];

fn painter(root: &Element) -> Painter {
    let silent: Announce = Rc::new(|_| {});
    Painter::new(root.clone(), Chunks::none(), Hosts::default(), Words::english(), silent)
}

pub(crate) fn painted(pieces: &[&str]) -> Element {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    let mut painter = painter(&root);
    let mut stream = Stream::new();
    for piece in pieces {
        stream.push(piece);
        painter.apply(stream.edit());
    }
    painter.apply(stream.finish());
    root
}

#[wasm_bindgen_test]
fn an_answer_looks_the_same_in_whatever_pieces_it_came() {
    for sample in SAMPLES {
        let whole = painted(&[sample]).inner_html();
        let characters: Vec<_> = sample.split("").collect();
        assert_eq!(painted(&characters).inner_html(), whole, "{sample:?}");
        let words: Vec<_> = sample.split_inclusive([' ', '\n']).collect();
        assert_eq!(painted(&words).inner_html(), whole, "{sample:?}");
    }
}

#[wasm_bindgen_test]
fn a_long_answer_stands_in_groups_of_blocks_that_late_words_find_their_way_in() {
    let block = |number: usize| match number % 5 {
        0 => format!("## {number}\n\n"),
        1 => format!("- {number} [late]\n- two\n\n"),
        2 => format!("{number} [late] |\n-|\nx\n\n"),
        3 => format!("> {number} [late]\n\n"),
        _ => format!("{number} [late]\n\n"),
    };
    // The table and the loose list go back behind what the blocks before them looked like at first.
    let mut text: String = (0..50).map(block).collect();
    text += "- one\n\n  two\n\n[late]: https://late.example\n";
    let whole = painted(&[&text]);
    let characters: Vec<_> = text.split("").collect();
    assert_eq!(painted(&characters).inner_html(), whole.inner_html());
    let groups = whole.children();
    let sizes: Vec<_> =
        (0..groups.length()).map(|at| groups.item(at).unwrap().child_element_count()).collect();
    assert_eq!(sizes, [16, 16, 16, 3]);
    assert_eq!(whole.query_selector_all("a").unwrap().length(), 40);
    assert!(!whole.text_content().unwrap().contains("[late]"));
    assert_eq!(whole.query_selector_all("ul:not(.tight)").unwrap().length(), 1);
}

#[wasm_bindgen_test]
fn an_answer_is_made_of_the_elements_that_it_means() {
    let html = |text: &str| painted(&[text]).first_element_child().unwrap().inner_html();
    assert_eq!(
        html("3. a\n4. *b*\n"),
        "<ol class=\"tight\" start=\"3\"><li><p>a</p></li><li><p><em>b</em></p></li></ol>"
    );
    assert_eq!(html("- a\n\n- b\n"), "<ul><li><p>a</p></li><li><p>b</p></li></ul>");
    assert_eq!(
        html("[a](https://a.example) <i>"),
        "<p><a href=\"https://a.example\" target=\"_blank\" rel=\"noopener noreferrer nofollow\" part=\"link\" \
         title=\"a.example\">a</a> \
         &lt;i&gt;</p>"
    );
    assert_eq!(
        html("|a|\n|-:|\n|b|"),
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"Table\"><table><thead><tr>\
         <th scope=\"col\" class=\"right\">a</th></tr></thead><tbody><tr><td class=\"right\">b</td></tr></tbody>\
         </table></div>"
    );
    let late = painted(&["- see [a]\n\n", "|[a]|\n|-|\n", "\n", "[a]: https://a.example\n"]);
    assert_eq!(late.query_selector_all("li > p > a, div > table > thead > tr > th > a").unwrap().length(), 2);
    let code = painted(&["```rs\na\n```"]);
    assert_eq!(
        code.query_selector("figure.code figcaption span").unwrap().unwrap().text_content().unwrap(),
        "rs"
    );
    assert_eq!(
        code.query_selector("figure.code > pre > code").unwrap().unwrap().text_content().unwrap(),
        "a\n"
    );
}

#[wasm_bindgen_test]
fn a_text_that_grows_stays_the_node_that_it_is() {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    let mut painter = painter(&root);
    let mut stream = Stream::new();
    stream.push("Some wo");
    painter.apply(stream.edit());
    let first = || root.query_selector(".blocks > p").unwrap().unwrap().first_child().unwrap();
    let text = first();
    stream.push("rds and **mo");
    painter.apply(stream.edit());
    stream.push("re** of them.\n\nNext");
    painter.apply(stream.edit());
    assert!(first().is_same_node(Some(&text)));
    assert_eq!(text.text_content().unwrap(), "Some words and ");
}
