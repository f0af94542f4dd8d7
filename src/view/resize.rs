use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

use super::dom::keep;

/// What watches an element, until it is dropped.
struct Watch {
    observer: ResizeObserver,
    _call: Closure<dyn FnMut()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

/// Calls whenever the element has another size than before, and once at first. The page is laid out at that moment and
/// not painted yet: what is measured costs nothing, and what is scrolled is not seen to move.
pub(super) fn on_resize(element: &HtmlElement, call: impl Fn(&HtmlElement) + 'static) {
    let measured = element.clone();
    let call = Closure::<dyn FnMut()>::new(move || call(&measured));
    if let Ok(observer) = ResizeObserver::new(call.as_ref().unchecked_ref()) {
        observer.observe(element);
        keep(Watch { observer, _call: call });
    }
}
