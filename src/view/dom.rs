//! Elements of the page, and what of them follows the state.
//!
//! Leptos' own views have a type for each shape of element, and so machine code for each of them: half of the widget
//! was that. Here an element is the browser's own, and what changes is one boxed closure that an effect of Leptos runs.

mod listener;
mod region;

use std::any::Any;
use std::borrow::Cow;

use reactive_graph::effect::RenderEffect;
use reactive_graph::owner::StoredValue;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Event, HtmlElement, Node};

use self::listener::listen;
pub(super) use self::region::{dynamic, each, item, when};

thread_local! {
    static DOCUMENT: Document = web_sys::window()
        .and_then(|window| window.document())
        .unwrap_or_else(|| JsValue::UNDEFINED.unchecked_into());
}

/// Words to show, or none where what they are in is to be absent.
type Shown = Option<Cow<'static, str>>;

/// Puts the words where they are to be seen.
type Apply = Box<dyn Fn(Option<&str>)>;

/// Something to put into an element: an element, a text, or several of both in a fragment.
pub(super) struct View(pub(super) Node);

impl Default for View {
    fn default() -> View {
        nothing()
    }
}

/// An element while it is made. Its closures live as long as the owner that was current when they were given.
pub(super) struct El(Element);

/// An element with its classes, which may be none.
pub(super) fn el(tag: &str, class: &str) -> El {
    El(made(DOCUMENT.with(|document| document.create_element(tag)))).class(class)
}

/// An element of a drawing.
pub(super) fn svg(tag: &str) -> El {
    El(made(DOCUMENT.with(|document| document.create_element_ns(Some("http://www.w3.org/2000/svg"), tag))))
}

/// A button that sends no form.
pub(super) fn button(class: &str) -> El {
    el("button", class).attr("type", "button")
}

/// Words that stay.
pub(super) fn text(words: &str) -> View {
    View(DOCUMENT.with(|document| document.create_text_node(words)).into())
}

/// Words that follow the state.
pub(super) fn text_of<T: Into<Cow<'static, str>>>(words: impl Fn() -> T + 'static) -> View {
    let View(node) = text("");
    let place = node.clone();
    follow_words(
        Box::new(move || Some(words().into())),
        Box::new(move |words| place.set_text_content(words)),
    );
    View(node)
}

/// Nothing to see.
pub(super) fn nothing() -> View {
    View(DOCUMENT.with(Document::create_document_fragment).into())
}

/// Several things one after the other.
pub(super) fn group(views: impl IntoIterator<Item = View>) -> View {
    let group = nothing();
    for View(node) in views {
        append(&group.0, &node);
    }
    group
}

/// Runs `effect` now, and again whenever a signal that it has read has changed, for as long as the current owner lives.
pub(super) fn follow(effect: impl FnMut() + 'static) {
    follow_boxed(Box::new(effect));
}

/// Keeps a value for as long as the current owner lives.
pub(super) fn keep(value: impl Any) {
    StoredValue::<Box<dyn Any>, _>::new_local(Box::new(value));
}

/// Calls once, right before the browser paints the next time.
pub(super) fn next_frame(call: impl FnOnce() + 'static) {
    fn ask(call: Box<dyn FnOnce()>) {
        if let Some(window) = web_sys::window() {
            let _ = window.request_animation_frame(Closure::once_into_js(call).unchecked_ref());
        }
    }
    ask(Box::new(call));
}

/// The value of an attribute that follows the state: a truth is an attribute without words that is there or is not.
pub(super) trait Value {
    /// The words, or none where the attribute is to be absent.
    fn words(self) -> Shown;
}

impl El {
    /// The browser's own element.
    pub(super) fn element(&self) -> &Element {
        &self.0
    }

    /// The same as what it is known to be.
    pub(super) fn to<T: JsCast>(&self) -> T {
        self.0.clone().unchecked_into()
    }

    /// The same as something that can have the focus.
    pub(super) fn html(&self) -> HtmlElement {
        self.to()
    }

    fn class(self, class: &str) -> Self {
        if class.is_empty() { self } else { self.attr("class", class) }
    }

    /// An attribute that stays.
    pub(super) fn attr(self, name: &str, value: &str) -> Self {
        // The names are ours, and each is one that an attribute can have.
        let _ = self.0.set_attribute(name, value);
        self
    }

    /// Several attributes that stay.
    pub(super) fn attrs(self, attributes: &[(&str, &str)]) -> Self {
        attributes.iter().fold(self, |element, (name, value)| element.attr(name, value))
    }

    /// An attribute that follows the state.
    pub(super) fn attr_of<V: Value>(self, name: &'static str, value: impl Fn() -> V + 'static) -> Self {
        let place = self.0.clone();
        follow_words(
            Box::new(move || value().words()),
            Box::new(move |words| {
                let _ = match words {
                    Some(words) => place.set_attribute(name, words),
                    None => place.remove_attribute(name),
                };
            }),
        );
        self
    }

    /// A class that is there while `on` holds.
    pub(super) fn class_of(self, name: &'static str, on: impl Fn() -> bool + 'static) -> Self {
        let classes = self.0.class_list();
        follow_words(
            Box::new(move || on().then_some(Cow::Borrowed(""))),
            Box::new(move |on| {
                let _ = classes.toggle_with_force(name, on.is_some());
            }),
        );
        self
    }

    /// What is typed or chosen in the field, which the user changes too.
    pub(super) fn value_of(self, value: impl Fn() -> String + 'static) -> Self {
        let place = self.0.clone();
        follow_boxed(Box::new(move || set(&place, "value", &JsValue::from_str(&value()))));
        self
    }

    /// A property that stays.
    pub(super) fn prop(self, name: &str, value: impl Into<JsValue>) -> Self {
        set(&self.0, name, &value.into());
        self
    }

    /// Calls `handler` at each event of that name.
    pub(super) fn on<E: JsCast>(self, name: &'static str, handler: impl Fn(E) + 'static) -> Self {
        listen(&self.0, name, Box::new(move |event| handler(event.unchecked_into())));
        self
    }

    /// Calls `handler` at each click.
    pub(super) fn click(self, handler: impl Fn() + 'static) -> Self {
        self.on("click", move |_: Event| handler())
    }

    /// Words that stay.
    pub(super) fn text(self, words: &str) -> Self {
        self.child(text(words))
    }

    /// Words that follow the state.
    pub(super) fn text_of<T: Into<Cow<'static, str>>>(self, words: impl Fn() -> T + 'static) -> Self {
        self.child(text_of(words))
    }

    /// Puts something after what it has already.
    pub(super) fn child(self, view: impl Into<View>) -> Self {
        append(&self.0, &view.into().0);
        self
    }

    /// Puts several things after what it has already.
    pub(super) fn children(self, views: impl IntoIterator<Item = View>) -> Self {
        views.into_iter().fold(self, El::child)
    }

    /// Something to put into an element.
    pub(super) fn view(self) -> View {
        View(self.0.into())
    }
}

impl From<El> for View {
    fn from(element: El) -> View {
        element.view()
    }
}

impl<V: Into<View>> From<Option<V>> for View {
    fn from(view: Option<V>) -> View {
        view.map_or_else(nothing, Into::into)
    }
}

impl Value for bool {
    fn words(self) -> Shown {
        self.then_some(Cow::Borrowed(""))
    }
}

impl Value for &'static str {
    fn words(self) -> Shown {
        Some(Cow::Borrowed(self))
    }
}

impl Value for String {
    fn words(self) -> Shown {
        Some(Cow::Owned(self))
    }
}

impl<V: Value> Value for Option<V> {
    fn words(self) -> Shown {
        self.and_then(Value::words)
    }
}

/// The truth as ARIA's attributes have it, which are there either way.
pub(super) fn truth(is: bool) -> &'static str {
    if is { "true" } else { "false" }
}

/// Hands `apply` the words whenever they are others than before.
fn follow_words(words: Box<dyn Fn() -> Shown>, apply: Apply) {
    let mut shown = None;
    follow_boxed(Box::new(move || {
        let words = words();
        if shown.as_ref() != Some(&words) {
            apply(words.as_deref());
            shown = Some(words);
        }
    }));
}

fn follow_boxed(mut effect: Box<dyn FnMut()>) {
    keep(RenderEffect::new(move |_| effect()));
}

fn append(parent: &Node, child: &Node) {
    let _ = parent.append_child(child);
}

fn set(element: &Element, name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(element, &JsValue::from_str(name), value);
}

/// The browser makes every element whose name is one, and ours are.
fn made(element: Result<Element, JsValue>) -> Element {
    element.unwrap_or_else(JsCast::unchecked_into)
}
