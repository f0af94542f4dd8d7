//! What the page around the widget does to it: being hidden, losing the network, painting frames.

use std::rc::{Rc, Weak};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::EventTarget;

use super::Core;
use crate::locale::Text;
use crate::session;

/// A listener that is taken away when it is dropped.
pub(crate) struct Listener {
    target: EventTarget,
    event: &'static str,
    call: Closure<dyn FnMut()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ =
            self.target.remove_event_listener_with_callback(self.event, self.call.as_ref().unchecked_ref());
    }
}

/// A call before the next paint, taken back when it is dropped.
pub(crate) struct Frame {
    id: i32,
    _call: Closure<dyn FnMut()>,
}

impl Frame {
    pub(super) fn new(call: impl FnOnce() + 'static) -> Option<Frame> {
        let call = Closure::once(call);
        let id = web_sys::window()?.request_animation_frame(call.as_ref().unchecked_ref()).ok()?;
        Some(Frame { id, _call: call })
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            let _ = window.cancel_animation_frame(self.id);
        }
    }
}

/// Listens for the page being hidden or shown and the network going or coming.
pub(super) fn listen(core: &Rc<Core>) -> Vec<Listener> {
    let Some(window) = web_sys::window() else { return Vec::new() };
    let Some(document) = window.document() else { return Vec::new() };
    let window: EventTarget = window.into();
    let document: EventTarget = document.into();
    core.look_around();
    [
        (&window, "online"),
        (&window, "offline"),
        (&document, "visibilitychange"),
        (&window, "pageshow"),
        (&window, "pagehide"),
    ]
    .into_iter()
    .filter_map(|(target, event)| {
        let weak: Weak<Core> = Rc::downgrade(core);
        let call = Closure::<dyn FnMut()>::new(move || {
            if let Some(core) = weak.upgrade().filter(|core| core.alive.get()) {
                core.look_around();
                if event == "pagehide" {
                    // Some browsers go on speaking on the next page.
                    core.fall_silent();
                }
            }
        });
        target.add_event_listener_with_callback(event, call.as_ref().unchecked_ref()).ok()?;
        Some(Listener { target: target.clone(), event, call })
    })
    .collect()
}

impl Core {
    fn look_around(self: &Rc<Self>) {
        let (online, back) = sight();
        // The page may be on its way out, and nothing tells more surely.
        self.flush();
        if self.signals.online.get_untracked() != online {
            self.signals.online.set(online);
            self.announce(self.text(if online { Text::SaidOnline } else { Text::SaidOffline }));
        }
        if online {
            self.fetch_missing();
        }
        self.chat(session::Input::Online(online));
        self.wake_jobs(back);
        if back && self.signals.wallet.get_untracked().balance().is_some() {
            self.ask_balance();
        }
    }
}

/// Whether the network is there, and whether somebody looks too.
pub(super) fn sight() -> (bool, bool) {
    let Some(window) = web_sys::window() else { return (true, true) };
    let online = window.navigator().on_line();
    (online, online && !window.document().is_some_and(|document| document.hidden()))
}
