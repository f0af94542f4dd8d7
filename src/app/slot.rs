use std::cell::RefCell;

thread_local! {
    /// The places of this page's widgets, by user.
    static TAKEN: RefCell<Vec<(String, u32)>> = const { RefCell::new(Vec::new()) };
}

/// A widget's place among those of the same user on the page, counted from 0 and free again when it is dropped: what
/// each of them showed before a reload is shown in the same one after it.
#[derive(Debug)]
pub(super) struct Slot {
    owner: String,
    pub(super) number: u32,
}

impl Slot {
    pub(super) fn take(owner: &str) -> Slot {
        TAKEN.with_borrow_mut(|taken| {
            let is_free = |number: &u32| !taken.iter().any(|(of, other)| of == owner && other == number);
            let number = (0..).find(is_free).unwrap_or_default();
            taken.push((owner.to_owned(), number));
            Slot { owner: owner.to_owned(), number }
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        TAKEN.with_borrow_mut(|taken| {
            taken.retain(|(of, number)| *of != self.owner || *number != self.number)
        });
    }
}
