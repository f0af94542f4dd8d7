//! Puts a widget into an element and takes it off again, leaving nothing behind.

use std::cell::RefCell;

use any_spawner::Executor;
use reactive_graph::owner::{Owner, provide_context};
use wasm_bindgen::JsValue;
use web_sys::{CssStyleSheet, HtmlElement};

use crate::app::App;
use crate::client::property;
use crate::client::token::Source;
use crate::config::{Config, ConfigError};
use crate::host::{Emit, Functions};
use crate::reactive::RwSignal;
use crate::view::{self, Chunks};

/// The order matters: of two rules that weigh the same, the later one holds.
const STYLE: &str = concat!(
    include_str!("style/theme.css"),
    include_str!("style/window.css"),
    include_str!("style/chat.css"),
    include_str!("style/chats.css"),
    include_str!("style/markdown.css"),
    include_str!("style/composer.css"),
    include_str!("style/tools.css"),
    include_str!("style/maker.css"),
    include_str!("style/adapt.css"),
);

thread_local! {
    /// One sheet for all widgets of the page.
    static SHEET: RefCell<Option<CssStyleSheet>> = const { RefCell::new(None) };
}

/// A widget on the page. Dropping it stops it and takes it off.
pub(crate) struct Mounted {
    pub(crate) app: App,
    root: HtmlElement,
    owner: Option<Owner>,
}

/// Puts a widget into `root`, which is the widget's alone.
pub(crate) fn mount(
    root: &HtmlElement,
    config: &Config,
    tokens: Source,
    emit: Emit,
    functions: Functions,
    chunks: Chunks,
) -> Result<Mounted, ConfigError> {
    adopt_style(root);
    // It fails where the page has a Leptos of its own, which has chosen the same one already.
    let _ = Executor::init_wasm_bindgen();
    // An owner of its own, so that a widget inside of another Leptos view does not die with some part of it.
    let owner = Owner::new_root(None);
    let mounted = owner.with(|| {
        provide_context(RwSignal::new(chunks.drawing(config.math, config.diagrams)));
        let app = App::start(config, tokens, emit, functions)?;
        // Where the widget is not drawn the page has no element to draw it on.
        let _ = root.append_child(&view::copilot(app));
        Ok(app)
    });
    Ok(Mounted { app: mounted?, root: root.clone(), owner: Some(owner) })
}

impl Drop for Mounted {
    fn drop(&mut self) {
        self.app.stop();
        if let Some(owner) = self.owner.take() {
            owner.unset_with_forced_cleanup();
        }
        self.root.set_text_content(None);
    }
}

/// A constructable sheet needs no inline style, so a strict content security policy allows it.
fn adopt_style(root: &HtmlElement) {
    let sheet = SHEET.with_borrow_mut(|shared| {
        if shared.is_none() {
            let sheet = CssStyleSheet::new().ok()?;
            sheet.replace_sync(STYLE).ok()?;
            *shared = Some(sheet);
        }
        shared.clone()
    });
    let (Some(sheet), node) = (sheet, root.get_root_node()) else { return };
    let name = JsValue::from_str("adoptedStyleSheets");
    let adopted = js_sys::Array::from(&property(&node, "adoptedStyleSheets"));
    if !adopted.includes(&sheet, 0) {
        adopted.push(&sheet);
        // Where the browser does not have it the widget works without style.
        let _ = js_sys::Reflect::set(&node, &name, &adopted);
    }
}
