//! Parts of the widget that are fetched when they are first needed.
//!
//! A part is entered by a table of functions ([`entries`]) and compiled with all the rest. The feature `parts` marks the
//! tables, and `cargo xtask dist` takes the machine code that nothing else reaches out of the module, into files of its
//! own (`xtask/src/widget/parts.rs`). Without the feature it stays where it is, and every part is there from the
//! beginning.

#[cfg(feature = "parts")]
use std::pin::pin;

#[cfg(feature = "parts")]
use futures_util::FutureExt as _;

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Pictures and clips, and the jobs that make them.
    Panels,
    /// What opens by a click or a rare turn of a chat: lists, menus, forms, questions.
    More,
}

/// Where a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nobody has asked for it.
    #[cfg_attr(not(feature = "parts"), allow(dead_code))]
    #[cfg_attr(feature = "parts", default)]
    Away,
    /// On its way.
    Coming,
    /// Ready to be called.
    #[cfg_attr(not(feature = "parts"), default)]
    Here,
    /// It could not be fetched.
    Missing,
}

/// Where all parts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parts([Place; 2]);

impl Parts {
    /// Where one is.
    pub(crate) fn place(self, part: Part) -> Place {
        self.0[part as usize]
    }

    /// Notes where one is now.
    pub(crate) fn put(&mut self, part: Part, place: Place) {
        self.0[part as usize] = place;
    }
}

/// Fetches a part. False where that failed; another call tries again.
#[cfg(feature = "parts")]
pub(crate) async fn fetch(part: Part) -> bool {
    match part {
        Part::Panels => fetched::panels().await.is_ok(),
        Part::More => fetched::more().await.is_ok(),
    }
}

/// It is there already.
#[cfg(not(feature = "parts"))]
pub(crate) async fn fetch(_: Part) -> bool {
    true
}

/// The result of a call into a part that is there. It is there at the second look: the first one asks.
#[cfg(feature = "parts")]
pub(crate) fn now<T>(call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let mut look = || (&mut call).now_or_never();
    look().or_else(look)
}

/// A function that gives the entries of a part: the only way to them, so that what only they reach goes into the part
/// with them. None while the part is not there.
macro_rules! entries {
    ($part:ident: $vis:vis fn $name:ident() -> $entries:ty = $table:expr) => {
        $vis fn $name() -> Option<&'static $entries> {
            #[cfg(feature = "parts")]
            {
                #[wasm_split_helpers::wasm_split($part)]
                fn $name() -> &'static $entries {
                    &$table
                }
                $crate::part::now($name())
            }
            #[cfg(not(feature = "parts"))]
            Some(&$table)
        }
    };
}
pub(crate) use entries;

/// The way to each part.
#[cfg(feature = "parts")]
mod fetched {
    use wasm_split_helpers::{SplitLoaderError, wasm_split};

    #[wasm_split(panels, fallible)]
    pub(super) fn panels() -> Result<(), SplitLoaderError> {
        Ok(())
    }

    #[wasm_split(more, fallible)]
    pub(super) fn more() -> Result<(), SplitLoaderError> {
        Ok(())
    }
}
