//! What is around the text of a code block: the name of its language, and a button that copies it.

use std::rc::Rc;

use js_sys::{Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, Event};

use super::{build, drawing};
use crate::locale::{Text, Words};

/// How long a copy button says what came of it, in milliseconds.
const COPIED_FOR: i32 = 2_000;

/// Has the screen reader say a sentence.
pub type Announce = Rc<dyn Fn(&'static str)>;

/// Listens to the copy buttons in an element, until it is dropped.
pub(super) struct Copying {
    root: Element,
    on_click: Closure<dyn FnMut(Event)>,
}

impl Copying {
    pub(super) fn listen(root: &Element, words: Words, announce: Announce) -> Self {
        let on_click = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            let Some(button) = target.and_then(|target| target.closest("button").ok().flatten()) else {
                return;
            };
            match button.class_name().as_str() {
                "copy" => spawn_local(copy(button, words, announce.clone())),
                "source" => drawing::toggle(&button),
                _ => {}
            }
        });
        let _ = root.add_event_listener_with_callback("click", on_click.as_ref().unchecked_ref());
        Self { root: root.clone(), on_click }
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        let _ =
            self.root.remove_event_listener_with_callback("click", self.on_click.as_ref().unchecked_ref());
    }
}

/// An empty block of code: figure > (figcaption > (span, button), pre > code).
pub(super) fn frame(document: &Document, words: Words, language: Option<&str>) -> Result<Element, JsValue> {
    let figure = build(document, "figure", &[("class", "code")])?;
    let caption = build(document, "figcaption", &[])?;
    caption.append_child(&*build(document, "span", &[])?)?;
    let button = build(document, "button", &[("type", "button"), ("class", "copy")])?;
    button.set_text_content(Some(words.get(Text::Copy)));
    caption.append_child(&button)?;
    // Code that is too wide scrolls, which a keyboard can only do where there is focus.
    let pre = build(document, "pre", &[("tabindex", "0")])?;
    pre.append_child(&*build(document, "code", &[])?)?;
    figure.append_child(&caption)?;
    figure.append_child(&pre)?;
    if let Some(language) = language {
        name(&figure, language);
    }
    Ok(figure)
}

/// Says what language the code is in, above it and to who comes to it with the keyboard.
pub(super) fn name(figure: &Element, language: &str) {
    let name = figure.first_element_child().and_then(|caption| caption.first_element_child());
    if let (Some(name), Some(pre)) = (name, figure.last_element_child()) {
        name.set_text_content(Some(language));
        let _ = pre.set_attribute("role", "group");
        let _ = pre.set_attribute("aria-label", language);
    }
}

/// Copies the code that `button` belongs to, and lets the button say for a while how that went.
async fn copy(button: Element, words: Words, announce: Announce) {
    let figure = button.closest("figure").ok().flatten();
    let pre = figure.and_then(|figure| figure.query_selector("pre").ok().flatten());
    let Some(text) = pre.and_then(|pre| pre.text_content()) else { return };
    let copied = to_clipboard(&text).await;
    let said = words.get(if copied { Text::Copied } else { Text::CopyFailed });
    button.set_text_content(Some(said));
    announce(said);
    told().await;
    button.set_text_content(Some(words.get(Text::Copy)));
}

/// Puts a text on the clipboard; false where that cannot be.
pub(crate) async fn to_clipboard(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    let navigator = window.navigator();
    // Pages without a secure context have no clipboard, and calling it there would throw.
    let has_clipboard = Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| value.is_object());
    has_clipboard && JsFuture::from(navigator.clipboard().write_text(text)).await.is_ok()
}

/// Waits for as long as a button says what came of it.
pub(crate) async fn told() {
    let Some(window) = web_sys::window() else { return };
    let over = Promise::new(&mut |resolve, _| {
        let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, COPIED_FOR);
    });
    let _ = JsFuture::from(over).await;
}
