//! Leptos' signals, memos and effects for values of any type, over one type that Leptos sees.
//!
//! Leptos makes machine code of its own for each type of value and each closure that reads one, kilobytes each time.
//! Here every value is behind one `dyn Any`; what is left for each type is a look at it.

use std::any::Any;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;

use reactive_graph::computed;
use reactive_graph::effect::Effect;
use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::signal::ArcTrigger;
use reactive_graph::traits::{Get, GetUntracked, GetValue, Notify, Track};
use send_wrapper::SendWrapper;

/// A value that effects follow. It lives as long as the owner it was made under.
pub(crate) struct RwSignal<T> {
    slot: StoredValue<Slot, LocalStorage>,
    of: PhantomData<fn() -> T>,
}

/// A value that effects follow. It lives as long as somebody has it.
pub(crate) struct ArcRwSignal<T> {
    changed: ArcTrigger,
    value: Rc<RefCell<T>>,
}

/// A value made of others, made anew when they change. Who follows it hears only of another value.
pub(crate) struct Memo<T> {
    memo: computed::Memo<SendWrapper<Derived>>,
    of: PhantomData<fn() -> T>,
}

#[derive(Clone)]
struct Slot {
    changed: ArcTrigger,
    value: Rc<dyn Any>,
}

#[derive(Clone)]
struct Derived {
    value: Rc<dyn Any>,
    same: fn(&dyn Any, &dyn Any) -> bool,
}

/// Runs soon, and again after each change of what it has read. It is given what it returned the last time.
pub(crate) fn watch<T: 'static>(mut effect: impl FnMut(Option<T>) -> T + 'static) {
    let mut before = None;
    watch_boxed(Box::new(move || before = Some(effect(before.take()))));
}

fn watch_boxed(effect: Box<dyn FnMut()>) {
    Effect::new(effect);
}

impl<T: 'static> RwSignal<T> {
    /// A signal with its first value.
    pub(crate) fn new(value: T) -> Self {
        let slot = Slot { changed: ArcTrigger::new(), value: Rc::new(RefCell::new(value)) };
        RwSignal { slot: StoredValue::new_local(slot), of: PhantomData }
    }

    /// Follows it without a look.
    pub(crate) fn track(&self) {
        tracked(self.slot);
    }

    /// Looks at it and follows it.
    pub(crate) fn with<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&cell(&tracked(self.slot)).borrow())
    }

    /// Looks at it.
    pub(crate) fn with_untracked<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&cell(&self.slot.get_value()).borrow())
    }

    /// Puts another value in its place and tells who follows it.
    pub(crate) fn set(&self, value: T) {
        self.update(|place| *place = value);
    }

    /// Changes it and tells who follows it. When its owner has ended nothing happens.
    pub(crate) fn update(&self, change: impl FnOnce(&mut T)) {
        if let Some(slot) = self.slot.try_get_value() {
            change(&mut cell(&slot).borrow_mut());
            slot.changed.notify();
        }
    }
}

impl<T: Clone + 'static> RwSignal<T> {
    /// A copy. Whoever asks follows it.
    pub(crate) fn get(&self) -> T {
        self.with(T::clone)
    }

    /// A copy.
    pub(crate) fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }

    /// A copy, while its owner has not ended.
    pub(crate) fn try_get_untracked(&self) -> Option<T> {
        self.slot.try_get_value().map(|slot| cell::<T>(&slot).borrow().clone())
    }
}

impl<T> ArcRwSignal<T> {
    /// A signal with its first value.
    pub(crate) fn new(value: T) -> Self {
        ArcRwSignal { changed: ArcTrigger::new(), value: Rc::new(RefCell::new(value)) }
    }

    /// Looks at it and follows it.
    pub(crate) fn with<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        self.changed.track();
        look(&self.value.borrow())
    }

    /// Looks at it.
    pub(crate) fn with_untracked<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(&self.value.borrow())
    }

    /// Puts another value in its place and tells who follows it.
    pub(crate) fn set(&self, value: T) {
        self.update(|place| *place = value);
    }

    /// Changes it and tells who follows it.
    pub(crate) fn update(&self, change: impl FnOnce(&mut T)) {
        self.update_untracked(change);
        self.changed.notify();
    }

    /// Changes it and tells nobody.
    pub(crate) fn update_untracked(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.value.borrow_mut());
    }
}

impl<T: Clone> ArcRwSignal<T> {
    /// A copy. Whoever asks follows it.
    pub(crate) fn get(&self) -> T {
        self.with(T::clone)
    }

    /// A copy.
    pub(crate) fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }
}

impl<T: PartialEq + 'static> Memo<T> {
    /// What `make` makes of what it reads.
    pub(crate) fn new(make: impl Fn() -> T + 'static) -> Self {
        let same = |one: &dyn Any, other: &dyn Any| one.downcast_ref::<T>() == other.downcast_ref::<T>();
        Memo { memo: derived(Box::new(move || Derived { value: Rc::new(make()), same })), of: PhantomData }
    }

    /// Looks at it and follows it.
    pub(crate) fn with<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(typed(&*self.memo.get().value))
    }

    /// Looks at it.
    pub(crate) fn with_untracked<U>(&self, look: impl FnOnce(&T) -> U) -> U {
        look(typed(&*self.memo.get_untracked().value))
    }
}

impl<T: Clone + PartialEq + 'static> Memo<T> {
    /// A copy. Whoever asks follows it.
    pub(crate) fn get(&self) -> T {
        self.with(T::clone)
    }

    /// A copy.
    pub(crate) fn get_untracked(&self) -> T {
        self.with_untracked(T::clone)
    }
}

impl<T: Default + 'static> Default for RwSignal<T> {
    fn default() -> Self {
        RwSignal::new(T::default())
    }
}

impl<T> Copy for RwSignal<T> {}
impl<T> Clone for RwSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Memo<T> {}
impl<T> Clone for Memo<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Clone for ArcRwSignal<T> {
    fn clone(&self) -> Self {
        ArcRwSignal { changed: self.changed.clone(), value: self.value.clone() }
    }
}

/// Leptos wants what it could send to another thread; a page has but one.
fn derived(make: Box<dyn Fn() -> Derived>) -> computed::Memo<SendWrapper<Derived>> {
    let make = SendWrapper::new(make);
    computed::Memo::new_with_compare(
        move |_| SendWrapper::new(make()),
        |before, now| match (before, now) {
            (Some(before), Some(now)) => !(now.same)(&*before.value, &*now.value),
            _ => true,
        },
    )
}

fn tracked(slot: StoredValue<Slot, LocalStorage>) -> Slot {
    let slot = slot.get_value();
    slot.changed.track();
    slot
}

fn cell<T: 'static>(slot: &Slot) -> &RefCell<T> {
    typed(&*slot.value)
}

/// The value as what it was put in as: the handle on it knows the type, and nobody else puts anything in.
fn typed<T: 'static>(value: &dyn Any) -> &T {
    match value.downcast_ref() {
        Some(value) => value,
        None => unreachable!(),
    }
}
