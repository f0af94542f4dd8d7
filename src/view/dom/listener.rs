use reactive_graph::graph::untrack;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Event, EventTarget};

use super::keep;

/// A listener, taken off again when it is dropped: what leaves the page loses the focus and calls nobody any more.
struct Listener {
    target: EventTarget,
    name: &'static str,
    call: Closure<dyn Fn(Event)>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ =
            self.target.remove_event_listener_with_callback(self.name, self.call.as_ref().unchecked_ref());
    }
}

/// Calls `handler` at each event of that name, for as long as the current owner lives.
pub(super) fn listen(target: &EventTarget, name: &'static str, handler: Box<dyn Fn(Event)>) {
    let call = Closure::new(move |event| untrack(|| handler(event)));
    let _ = target.add_event_listener_with_callback(name, call.as_ref().unchecked_ref());
    keep(Listener { target: target.clone(), name, call });
}
