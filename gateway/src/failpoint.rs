//! Places at which a crash would hurt most: before and after each commit, each call of a provider or a judge, and each file.
//!
//! A debug build dies at the n-th of them where `TRIPTYCH_DIE_AT=n` is set, without any farewell, as with `kill -9`.
//! The crash tests set it. A release build has nothing of this.

/// Passes one such place.
#[cfg(debug_assertions)]
pub(crate) fn pass(place: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static LAST: OnceLock<Option<u64>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    let last = LAST.get_or_init(|| std::env::var("TRIPTYCH_DIE_AT").ok()?.parse().ok());
    if last.is_some_and(|last| PASSED.fetch_add(1, Ordering::SeqCst) + 1 == last) {
        tracing::error!(place, "told to die here");
        std::process::abort();
    }
}

/// Nothing, in a release build.
#[cfg(not(debug_assertions))]
#[inline(always)]
pub(crate) const fn pass(_place: &'static str) {}
