use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

/// Calls whenever the element has another size than before, and once at first. The page is laid out at that moment and
/// not painted yet: what is measured costs nothing, and what is scrolled is not seen to move.
pub(super) fn on_resize(element: NodeRef<html::Div>, call: impl Fn(&HtmlElement) + Clone + 'static) {
    let observing = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
    Effect::new(move || {
        let Some(element) = element.get() else { return };
        let element: HtmlElement = element.unchecked_into();
        let (call, measured) = (call.clone(), element.clone());
        let call = Closure::<dyn FnMut()>::new(move || call(&measured));
        if let Ok(observer) = ResizeObserver::new(call.as_ref().unchecked_ref()) {
            observer.observe(&element);
            observing.set_value(Some((observer, call)));
        }
    });
    on_cleanup(move || {
        observing.try_update_value(|observing| {
            if let Some((observer, _)) = observing.take() {
                observer.disconnect();
            }
        });
    });
}
