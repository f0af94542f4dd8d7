//! The blocks of a message, in groups: where a block changes, the browser looks at all that stand beside it.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element, Node};

use super::build;

/// How many blocks a group has before the next one begins.
const BLOCKS: u32 = 16;

/// What holds the groups, and nothing else.
pub(super) struct Root(Element);

impl Root {
    pub(super) fn of(element: Element) -> Self {
        Self(element)
    }

    /// The group of the last block, or where a further one goes.
    pub(super) fn group(&self, document: &Document, further: bool) -> Result<Node, JsValue> {
        let last = self.0.last_child();
        match last.filter(|group| !further || group.child_nodes().length() < BLOCKS) {
            Some(group) => Ok(group),
            None if further => Ok(self.0.append_child(&*build(document, "div", &[("class", "blocks")])?)?),
            None => Err(JsValue::NULL),
        }
    }

    /// The block at a place among all of them.
    pub(super) fn block(&self, place: usize) -> Option<Node> {
        let place = place as u32;
        let group = self.0.child_nodes().item(place / BLOCKS)?;
        group.child_nodes().item(place % BLOCKS)
    }

    /// Removes the last blocks, this many, and the groups that are empty then.
    pub(super) fn take_off(&self, count: usize) -> Result<(), JsValue> {
        for _ in 0..count {
            let group = self.0.last_child().ok_or(JsValue::NULL)?;
            group.remove_child(&group.last_child().ok_or(JsValue::NULL)?)?;
            if group.first_child().is_none() {
                self.0.remove_child(&group)?;
            }
        }
        Ok(())
    }
}
