//! Parts of the widget that are fetched when they are needed.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Where parts come from.
#[derive(Clone)]
pub struct Chunks {
    host: JsValue,
    /// Whether formulas are drawn.
    pub(crate) math: bool,
    /// Whether diagrams are.
    pub(crate) diagrams: bool,
}

impl Chunks {
    /// The parts that `host.chunk(name)` promises, each the exports of its glue. A host without that has none.
    pub(crate) fn new(host: JsValue) -> Self {
        Self { host, math: false, diagrams: false }
    }

    /// The same, and whether formulas and diagrams are drawn.
    pub(crate) fn drawing(self, math: bool, diagrams: bool) -> Self {
        Self { math, diagrams, ..self }
    }

    /// No parts, as where a Leptos application mounts the widget.
    pub fn none() -> Self {
        Self::new(JsValue::UNDEFINED)
    }

    /// The exports of a part; `None` where it cannot be had, which may be different the next time.
    pub(crate) async fn load(&self, name: &str) -> Option<JsValue> {
        let chunk = Reflect::get(&self.host, &"chunk".into()).ok()?.dyn_into::<Function>().ok()?;
        let promise = chunk.call1(&self.host, &name.into()).ok()?;
        JsFuture::from(Promise::resolve(&promise)).await.ok()
    }
}

/// Puts a new instance in the place of a part that failed, which stays failed otherwise.
pub(super) fn reset(module: &JsValue) {
    if let Ok(reset) = Reflect::get(module, &"__wbg_reset_state".into())
        && let Some(reset) = reset.dyn_ref::<Function>()
    {
        let _ = reset.call0(module);
    }
}
