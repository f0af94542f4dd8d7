//! Parts of the widget that are fetched when they are needed.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Where parts come from.
#[derive(Clone)]
pub(crate) struct Chunks {
    host: JsValue,
}

impl Chunks {
    /// The parts that `host.chunk(name)` promises, each the exports of its glue. A host without that has none.
    pub(crate) fn new(host: JsValue) -> Self {
        Self { host }
    }

    /// No parts, as where a Leptos application mounts the widget.
    pub(crate) fn none() -> Self {
        Self::new(JsValue::UNDEFINED)
    }

    /// The exports of a part; `None` where it cannot be had, which may be different the next time.
    pub(crate) async fn load(&self, name: &str) -> Option<JsValue> {
        let chunk = Reflect::get(&self.host, &"chunk".into()).ok()?.dyn_into::<Function>().ok()?;
        let promise = chunk.call1(&self.host, &name.into()).ok()?;
        JsFuture::from(Promise::resolve(&promise)).await.ok()
    }
}
