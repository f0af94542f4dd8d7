//! Formulas and diagrams: their source as it comes, and drawn as soon as the part of the widget that can is there. What
//! it draws it builds node by node, of names that are its own.

use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Document, Element};

use super::build;
use super::chunks::{Chunks, reset};
use crate::locale::{Text, Words};

#[wasm_bindgen]
extern "C" {
    /// The exports of `triptych-math` and `triptych-diagram`.
    type Module;
    #[wasm_bindgen(method, catch)]
    fn draw(this: &Module, into: &Element, source: &str, display: bool) -> Result<Option<String>, JsValue>;
}

/// The part of the widget that draws code in a language, if the page has asked for it.
pub(super) fn part(chunks: &Chunks, language: Option<&str>) -> Option<&'static str> {
    match language {
        Some("math") if chunks.math => Some("math"),
        Some("mermaid") if chunks.diagrams => Some("diagram"),
        _ => None,
    }
}

/// The part that draws a block, by the class that it has for that.
pub(super) fn part_of(figure: &Element) -> Option<&'static str> {
    ["math", "diagram"].into_iter().find(|part| figure.class_list().contains(part))
}

/// A formula within a line: its source, which is what is copied too, and beside it what is drawn.
pub(super) fn formula(
    document: &Document,
    chunks: &Chunks,
    words: Words,
    source: &str,
    display: bool,
) -> Result<Element, JsValue> {
    let element = build(document, "span", &[("class", if display { "math display" } else { "math" })])?;
    let code = build(document, "code", &[])?;
    let mark = if display { "$$" } else { "$" };
    code.set_text_content(Some(&[mark, source, mark].concat()));
    element.append_child(&code)?;
    let (chunks, source, place) = (chunks.clone(), source.to_owned(), element.clone());
    spawn_local(async move {
        if let Some(drawn) = drawn(&chunks, words, "math", &place, &source, display).await {
            let _ = place.append_child(&drawn);
            let _ = code.set_attribute("aria-hidden", "true");
            let _ = place.class_list().add_1("drawn");
        }
    });
    Ok(element)
}

/// Draws a block of code that is complete.
pub(super) fn block(figure: Element, chunks: Chunks, words: Words, part: &'static str) {
    let Some(pre) = figure.last_element_child() else { return };
    spawn_local(async move {
        // What has just come is in the block by now.
        let Some(first) = drawn(&chunks, words, part, &figure, "", true).await else { return };
        undo(&figure);
        let _ = figure.insert_before(&first, Some(&pre));
        let _ = figure.class_list().add_1("drawn");
        if part == "math" {
            let _ = pre.set_attribute("aria-hidden", "true");
            let _ = pre.remove_attribute("tabindex");
        } else if let (Some(caption), Some(document)) =
            (figure.first_element_child(), figure.owner_document())
        {
            let attributes = [("type", "button"), ("class", "source"), ("aria-pressed", "false")];
            if let Ok(button) = build(&document, "button", &attributes) {
                button.set_text_content(Some(words.get(Text::ShowSource)));
                let _ = caption.insert_before(&button, caption.last_child().as_ref());
            }
        }
    });
}

/// Shows the source of a block again, as when it goes on after all.
pub(super) fn undo(figure: &Element) {
    let _ = figure.class_list().remove_1("drawn");
    for drawn in ["div.rendered", "button.source"] {
        if let Ok(Some(element)) = figure.query_selector(drawn) {
            element.remove();
        }
    }
}

/// Shows or hides the source of a diagram.
pub(super) fn toggle(button: &Element) {
    if let Ok(Some(figure)) = button.closest("figure") {
        let shown = figure.class_list().toggle("open").unwrap_or_default();
        let _ = button.set_attribute("aria-pressed", if shown { "true" } else { "false" });
    }
}

/// What the part draws of a source, which is that in the block at `place` if it is empty. Where it cannot, the place
/// says what was not understood.
async fn drawn(
    chunks: &Chunks,
    words: Words,
    part: &str,
    place: &Element,
    source: &str,
    display: bool,
) -> Option<Element> {
    let module = chunks.load(part).await?;
    let document = place.owner_document()?;
    let block = source.is_empty();
    let text = if block { place.last_element_child()?.text_content()? } else { source.to_owned() };
    let attributes: &[_] =
        if block { &[("class", "rendered"), ("tabindex", "0")] } else { &[("class", "rendered")] };
    let into = build(&document, if block { "div" } else { "span" }, attributes).ok()?;
    match module.unchecked_ref::<Module>().draw(&into, &text, display) {
        Ok(None) => return Some(into),
        Ok(Some(unread)) => {
            let _ = place.set_attribute("title", &words.fill(Text::NotUnderstood, &[&unread]));
            let _ = place.class_list().add_1("unread");
        }
        Err(_) => reset(&module),
    }
    None
}
