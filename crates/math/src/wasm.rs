//! What JavaScript calls.

use std::cell::Cell;

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{
    Step,
    font::{Plain, plain},
    render,
};

const NAMESPACE: &str = "http://www.w3.org/1998/Math/MathML";

#[wasm_bindgen]
extern "C" {
    /// An element or the document.
    #[derive(Clone)]
    pub type Node;
    #[wasm_bindgen(method, getter, js_name = ownerDocument)]
    fn document(this: &Node) -> Node;
    #[wasm_bindgen(method, js_name = createElementNS)]
    fn create(this: &Node, namespace: &str, name: &str) -> Node;
    #[wasm_bindgen(method, js_name = createElement)]
    fn create_html(this: &Node, name: &str) -> Node;
    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method)]
    fn append(this: &Node, child: &Node);
    #[wasm_bindgen(method, setter, js_name = textContent)]
    fn set_text(this: &Node, text: &str);
    #[wasm_bindgen(method, js_name = getContext)]
    fn context(this: &Node, kind: &str) -> Option<Context>;

    type Context;
    #[wasm_bindgen(method, setter)]
    fn set_font(this: &Context, font: &str);
    #[wasm_bindgen(method, js_name = measureText)]
    fn measure(this: &Context, text: &str) -> Metrics;

    type Metrics;
    #[wasm_bindgen(method, getter)]
    fn width(this: &Metrics) -> f64;
}

thread_local! {
    /// Whether the system has letters for formulas.
    static LETTERS: Cell<Option<bool>> = const { Cell::new(None) };
}

/// Appends a formula to an element. What was not understood comes back; then there is none.
#[wasm_bindgen]
pub fn draw(into: &Node, source: &str, display: bool) -> Option<String> {
    let steps = match render(source, display) {
        Ok(steps) => steps,
        Err(error) => return Some(error.part().to_owned()),
    };
    let document = into.document();
    let letters = LETTERS.get().unwrap_or_else(|| has_letters(&document));
    LETTERS.set(Some(letters));
    let mut open = vec![into.clone()];
    // The element is a variable, and nothing says that it stands upright.
    let mut slanted = false;
    for step in steps {
        let Some(last) = open.last() else { break };
        match step {
            Step::Open(name) => {
                let element = document.create(NAMESPACE, name);
                last.append(&element);
                open.push(element);
                slanted = name == "mi";
            }
            Step::Attribute(name, value) => {
                last.set(name, value);
                slanted = false;
            }
            Step::Text(text) if letters => last.set_text(&text),
            Step::Text(text) => {
                let (text, style) = plain(&text, slanted);
                last.set_text(&text);
                let class = match style {
                    Plain::Upright => continue,
                    Plain::Slanted => "slanted",
                    Plain::Bold => "bold",
                };
                last.set("mathvariant", "normal");
                last.set("class", class);
            }
            Step::Close => {
                open.pop();
            }
        }
    }
    None
}

/// Letters that the system has not all look the same, and are as wide.
fn has_letters(document: &Node) -> bool {
    let Some(context) = document.create_html("canvas").context("2d") else {
        return true;
    };
    context.set_font("32px math, serif");
    context.measure("𝑖").width() < context.measure("𝑚").width()
}
