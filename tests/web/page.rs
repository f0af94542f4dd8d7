//! A place on the page like the one that the element class makes, and what is seen in it.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, ShadowRoot, ShadowRootInit, ShadowRootMode};

/// Frames that something may take to show.
const PATIENCE: u32 = 600;

/// An element within a shadow root, taken off the page at the end of its test.
pub(crate) struct Page {
    host: Element,
    shadow: ShadowRoot,
    root: HtmlElement,
}

impl Page {
    pub(crate) fn new() -> Self {
        let host = document().create_element("div").unwrap();
        document().body().unwrap().append_child(&host).unwrap();
        let shadow = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).unwrap();
        let root: HtmlElement = document().create_element("div").unwrap().unchecked_into();
        shadow.append_child(&root).unwrap();
        Page { host, shadow, root }
    }

    pub(crate) fn root(&self) -> HtmlElement {
        self.root.clone()
    }

    pub(crate) fn count(&self, selector: &str) -> u32 {
        self.root.query_selector_all(selector).unwrap().length()
    }

    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let found = self.root.query_selector_all(selector).unwrap();
        (0..found.length())
            .filter_map(|index| found.get(index))
            .map(|node| node.text_content().unwrap_or_default())
            .collect()
    }

    pub(crate) fn click(&self, selector: &str) {
        let element = self.root.query_selector(selector).unwrap().expect(selector);
        element.unchecked_into::<HtmlElement>().click();
    }

    /// True where both shadow roots have adopted the very same style sheets, and some.
    pub(crate) fn has_sheet_of(&self, other: &Page) -> bool {
        let [own, others] =
            [self, other].map(|page| Array::from(&named(&page.shadow, "adoptedStyleSheets")).to_vec());
        !own.is_empty() && own == others
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.host.remove();
    }
}

/// A configuration whose gateway nobody listens at.
pub(crate) fn config(mode: &str) -> JsValue {
    let config: JsValue = Object::new().into();
    set(&config, "gateway", "http://127.0.0.1:9");
    set(&config, "mode", mode);
    config
}

/// A page that hands out a token and writes down in `events` what it is told.
pub(crate) fn host() -> JsValue {
    let make = "return { events: [], getToken: async () => 'token', \
                emit(name) { this.events.push(name); return true; } }";
    Function::new_no_args(make).call0(&JsValue::NULL).unwrap()
}

/// What the page was told, in order.
pub(crate) fn heard(host: &JsValue) -> Vec<String> {
    Array::from(&named(host, "events")).iter().filter_map(|name| name.as_string()).collect()
}

pub(crate) fn set(object: &JsValue, name: &str, value: &str) {
    Reflect::set(object, &name.into(), &value.into()).unwrap();
}

fn named(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

/// Lets frames go by until something holds.
pub(crate) async fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..PATIENCE {
        if holds() {
            return;
        }
        let frame = Promise::new(&mut |resolve, _| {
            web_sys::window().unwrap().request_animation_frame(&resolve).unwrap();
        });
        JsFuture::from(frame).await.unwrap();
    }
    panic!("never came: {what}");
}

fn document() -> Document {
    web_sys::window().unwrap().document().unwrap()
}
