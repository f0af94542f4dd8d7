//! What survives a reload, in the tab's own session storage: drafts and clicks that were not answered. Storage may be
//! forbidden or full; then nothing survives and nothing breaks.

use triptych_protocol::wire::{Write, to_json};
use web_sys::Storage;

/// The part of the storage that belongs to one user of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    owner: String,
}

impl Shelf {
    pub(crate) fn new(gateway: &str, user: &str) -> Self {
        Shelf { owner: format!("{gateway}:{user}") }
    }

    /// Whose it is, among all users of all gateways.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        storage()?.get_item(&self.key(name)).ok()?
    }

    pub(crate) fn set_text(&self, name: &str, text: &str) {
        let Some(storage) = storage() else { return };
        // A full or forbidden storage is no reason to stop.
        let _ = if text.is_empty() {
            storage.remove_item(&self.key(name))
        } else {
            storage.set_item(&self.key(name), text)
        };
    }

    pub(crate) fn set_value(&self, name: &str, value: &impl Write) {
        self.set_text(name, &to_json(value));
    }

    fn key(&self, name: &str) -> String {
        format!("triptych:{}:{name}", self.owner)
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.session_storage().ok()?
}

/// A small choice of the user's that outlives the tab; the same for all copilots of the site.
pub(crate) fn lasting(name: &str) -> Option<String> {
    web_sys::window()?.local_storage().ok()??.get_item(name).ok()?
}

/// See [`lasting`].
pub(crate) fn set_lasting(name: &str, text: &str) {
    if let Some(storage) = web_sys::window().and_then(|window| window.local_storage().ok()?) {
        // A full or forbidden storage is no reason to stop.
        let _ = storage.set_item(name, text);
    }
}
