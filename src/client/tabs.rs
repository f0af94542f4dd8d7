//! The other tabs of the same user: who hears that a thread has changed, and which one reads its answer.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, BroadcastChannel, MessageEvent};

use super::property;

/// A line to the other tabs of a user; closed when it is dropped.
pub(crate) struct Tabs {
    channel: BroadcastChannel,
    _hear: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// Opens the line. `hear` is called with the thread that another tab has changed. None where the browser has no
    /// such thing; then each tab sees what others did when it is opened anew.
    pub(crate) fn join(owner: &str, hear: impl Fn(String) + 'static) -> Option<Tabs> {
        // Its constructor is missing in old browsers, and a call of what is missing would end the widget.
        if property(&js_sys::global(), "BroadcastChannel").is_undefined() {
            return None;
        }
        let channel = BroadcastChannel::new(&format!("triptych:{owner}")).ok()?;
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(thread) = event.data().as_string() {
                hear(thread);
            }
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        Some(Tabs { channel, _hear: hear })
    }

    /// Tells the others that a thread has changed.
    pub(crate) fn tell(&self, thread: &str) {
        // A line that is closed reaches nobody.
        let _ = self.channel.post_message(&JsValue::from_str(thread));
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

thread_local! {
    static HOLD: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Says who is told how to give up a right. An instance that has crashed cannot do it any more, and the browser would
/// keep the right for the page, which lives on.
pub(crate) fn release_at_crash(hold: &JsValue) {
    HOLD.set(hold.dyn_ref::<Function>().cloned());
}

/// The right to read a thread's answer, which one tab has at a time. Given up, or asked for no longer, when it is
/// dropped; the browser gives up that of a tab that dies.
pub(crate) struct Hold {
    release: Rc<RefCell<Option<Function>>>,
    abort: Option<AbortController>,
}

impl Hold {
    /// Waits for the right and calls when it is there. Without locks in the browser it is there at once: then several
    /// tabs read the same answer, which costs nothing but the reading.
    pub(crate) fn wait(name: &str, granted: impl FnOnce() + 'static) -> Hold {
        let options = Object::new();
        let abort = AbortController::new().ok();
        if let Some(abort) = &abort {
            set(&options, "signal", &abort.signal());
        }
        let release: Rc<RefCell<Option<Function>>> = Rc::default();
        let has = release.clone();
        let call = move |_: JsValue| {
            wasm_bindgen_futures::spawn_local(async move { granted() });
            until_released(&has)
        };
        match request(name, &options, Closure::once_into_js(call)) {
            Some(_) => Hold { release, abort },
            None => Hold::anyway(),
        }
    }

    /// True once the right is there.
    pub(crate) fn is_held(&self) -> bool {
        self.release.borrow().is_some() || self.abort.is_none()
    }

    /// Takes the right where nobody has it.
    pub(crate) async fn take(name: &str) -> Option<Hold> {
        let options = Object::new();
        set(&options, "ifAvailable", &JsValue::TRUE);
        Hold::ask(name, &options).await
    }

    /// Takes the right as soon as nobody else has it.
    pub(crate) async fn after_others(name: &str) -> Hold {
        Hold::ask(name, &Object::new()).await.unwrap_or_else(Hold::anyway)
    }

    async fn ask(name: &str, options: &Object) -> Option<Hold> {
        let release: Rc<RefCell<Option<Function>>> = Rc::default();
        let has = release.clone();
        let mut asked = None;
        let answer = Promise::new(&mut |told: Function, _| {
            let has = has.clone();
            let call = move |lock: JsValue| {
                // Whoever waits hears at once, while the right is held until it is given up.
                let _ = told.call1(&JsValue::NULL, &JsValue::from_bool(!lock.is_null()));
                if lock.is_null() {
                    return JsValue::UNDEFINED;
                }
                until_released(&has)
            };
            asked = request(name, options, Closure::once_into_js(call));
        });
        if asked.is_none() {
            return Some(Hold::anyway());
        }
        let got = JsFuture::from(answer).await.is_ok_and(|got| got.is_truthy());
        got.then(|| Hold { release, abort: None })
    }

    fn anyway() -> Hold {
        Hold { release: Rc::default(), abort: None }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        match (self.release.take(), &self.abort) {
            (Some(release), _) => drop(release.call0(&JsValue::NULL)),
            (None, Some(abort)) => abort.abort(),
            (None, None) => {}
        }
    }
}

/// A promise that ends when the right is given up.
fn until_released(has: &RefCell<Option<Function>>) -> JsValue {
    Promise::new(&mut |release, _| {
        if let Some(hold) = HOLD.with_borrow(Clone::clone) {
            let _ = hold.call1(&JsValue::NULL, &release);
        }
        has.replace(Some(release));
    })
    .into()
}

/// Asks the browser for a lock; none where it has none.
fn request(name: &str, options: &Object, call: JsValue) -> Option<()> {
    let locks = property(&web_sys::window()?.navigator(), "locks");
    let request: Function = property(&locks, "request").dyn_into().ok()?;
    let arguments = Array::of3(&JsValue::from_str(&format!("triptych:{name}")), options, &call);
    let ended: Promise = Reflect::apply(&request, &locks, &arguments).ok()?.dyn_into().ok()?;
    // A request that is taken back ends with an error that is nobody's concern.
    wasm_bindgen_futures::spawn_local(async move { drop(JsFuture::from(ended).await) });
    Some(())
}

fn set(options: &Object, name: &str, value: &JsValue) {
    // A plain object takes any property.
    let _ = Reflect::set(options, &JsValue::from_str(name), value);
}
