//! The page's clocks and timers.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::Performance;

/// Wall clock, milliseconds since 1970.
pub(crate) fn now() -> f64 {
    js_sys::Date::now()
}

/// The local time's distance from UTC in minutes, negative to the east.
pub(crate) fn offset() -> f64 {
    js_sys::Date::new_0().get_timezone_offset()
}

thread_local! {
    // Asked for with every piece of an answer.
    static CLOCK: Option<Performance> = web_sys::window().and_then(|window| window.performance());
}

/// Milliseconds since the page was loaded; never jumps.
pub(crate) fn monotonic() -> f64 {
    CLOCK.with(|clock| clock.as_ref().map_or_else(now, Performance::now))
}

/// A timer that calls once and is taken back when it is dropped.
pub(crate) struct Timer {
    id: i32,
    _call: Closure<dyn FnMut()>,
}

impl Timer {
    /// Calls after so many milliseconds. None outside a window.
    pub(crate) fn new(milliseconds: i32, call: impl FnOnce() + 'static) -> Option<Timer> {
        let call = Closure::once(call);
        let set = web_sys::window()?.set_timeout_with_callback_and_timeout_and_arguments_0(
            call.as_ref().unchecked_ref(),
            milliseconds.max(0),
        );
        Some(Timer { id: set.ok()?, _call: call })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(window) = web_sys::window() {
            window.clear_timeout_with_handle(self.id);
        }
    }
}

/// Waits; dropping it takes the timer back.
pub(crate) fn sleep(milliseconds: i32) -> Sleep {
    let state = Rc::new(RefCell::new(State::default()));
    let fired = state.clone();
    let timer = Timer::new(milliseconds, move || {
        let mut state = fired.borrow_mut();
        state.done = true;
        if let Some(waker) = state.waker.take() {
            waker.wake();
        }
    });
    Sleep { state, _timer: timer }
}

/// See [`sleep`].
pub(crate) struct Sleep {
    state: Rc<RefCell<State>>,
    _timer: Option<Timer>,
}

#[derive(Default)]
struct State {
    done: bool,
    waker: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.done {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
