//! What JavaScript calls.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::{Step, render};

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

#[wasm_bindgen]
extern "C" {
    /// An element or the document.
    #[derive(Clone)]
    pub type Node;
    #[wasm_bindgen(method, getter, js_name = ownerDocument)]
    fn document(this: &Node) -> Node;
    #[wasm_bindgen(method, js_name = createElementNS)]
    fn create(this: &Node, namespace: &str, name: &str) -> Node;
    #[wasm_bindgen(method, js_name = setAttribute)]
    fn set(this: &Node, name: &str, value: &str);
    #[wasm_bindgen(method)]
    fn append(this: &Node, child: &Node);
    #[wasm_bindgen(method, setter, js_name = textContent)]
    fn set_text(this: &Node, text: &str);
}

/// Appends a diagram to an element. What was not understood comes back; then there is none.
#[wasm_bindgen]
pub fn draw(into: &Node, source: &str) -> Option<String> {
    let drawing = match render(source) {
        Ok(drawing) => drawing,
        Err(error) => return Some(error.part().to_owned()),
    };
    let document = into.document();
    let mut open = vec![into.clone()];
    for step in drawing.steps {
        let Some(last) = open.last() else { break };
        match step {
            Step::Open(name) => {
                let element = document.create(NAMESPACE, name);
                last.append(&element);
                if open.len() == 1 {
                    element.set("aria-label", &drawing.description);
                }
                open.push(element);
            }
            Step::Attribute(name, value) => last.set(name, &value),
            Step::Text(text) => last.set_text(&text),
            Step::Close => {
                open.pop();
            }
        }
    }
    None
}
