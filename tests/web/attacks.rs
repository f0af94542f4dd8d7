//! Published attacks, drawn by the real painter on a real page: what comes out is made of known elements with known
//! attributes, and leads nowhere that was not allowed.

use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Element, HtmlAnchorElement};

use crate::painter::painted;

#[path = "../../crates/markdown/tests/fixtures/xss/mod.rs"]
mod xss;

/// What an answer may be made of, each with its attributes.
const KNOWN: &[(&str, &[&str])] = &[
    ("A", &["href", "target", "rel", "part", "title", "class"]),
    ("BLOCKQUOTE", &[]),
    ("BR", &[]),
    ("BUTTON", &["type", "class", "part", "value", "title", "data-alt", "data-title"]),
    ("CODE", &[]),
    ("DEL", &[]),
    ("DIV", &["class", "tabindex", "role", "aria-label"]),
    ("EM", &[]),
    ("FIGCAPTION", &[]),
    ("FIGURE", &["class"]),
    ("H1", &[]),
    ("H2", &[]),
    ("H3", &[]),
    ("H4", &[]),
    ("H5", &[]),
    ("H6", &[]),
    ("HR", &[]),
    ("INPUT", &["type", "disabled", "aria-label", "checked"]),
    ("LI", &[]),
    ("OL", &["class", "start"]),
    ("P", &["class"]),
    ("PRE", &["tabindex", "role", "aria-label"]),
    ("SPAN", &["class", "dir"]),
    ("STRONG", &[]),
    ("TABLE", &[]),
    ("TBODY", &[]),
    ("TD", &["class"]),
    ("TH", &["class", "scope"]),
    ("THEAD", &[]),
    ("TR", &[]),
    ("UL", &["class"]),
];

fn check(element: &Element, source: &str) {
    let name = element.tag_name();
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    let (_, attributes) = known.unwrap_or_else(|| panic!("{name} from {source:?}"));
    for attribute in element.get_attribute_names().iter().filter_map(|name| name.as_string()) {
        assert!(attributes.contains(&attribute.as_str()), "{attribute} of {name} from {source:?}");
    }
    if name == "BUTTON" {
        let address = element.get_attribute("value");
        assert!(address.is_none_or(|address| address.starts_with("https://")), "{source:?}");
    }
    if let Some(link) = element.dyn_ref::<HtmlAnchorElement>() {
        // An address that the browser cannot read has no protocol, and leads nowhere.
        let protocol = link.protocol();
        assert!(
            ["http:", "https:", "mailto:", ":"].contains(&protocol.as_str()),
            "{protocol} from {source:?}"
        );
        assert_eq!(link.rel(), "noopener noreferrer nofollow");
    }
}

#[wasm_bindgen_test]
fn a_published_attack_becomes_known_elements_and_nothing_else() {
    for payload in xss::payloads() {
        for source in xss::places(payload) {
            let root = painted(&[&source]);
            let all = root.query_selector_all("*").unwrap();
            for index in 0..all.length() {
                check(&all.get(index).unwrap().unchecked_into(), &source);
            }
        }
    }
}
