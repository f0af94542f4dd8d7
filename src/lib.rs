//! Triptych: a copilot that any web page can embed. Chat with streamed tokens, pictures and clips, paid from a
//! per-user credit balance.
//!
//! Data goes one way: `handle` → `app` → [`session`], [`images`], [`jobs`] (pure state machines) → effects → `client`
//! → back into the machines → `view`. Pages use the custom element of the npm package; Leptos applications mount
//! [`Copilot`].
//!
//! ```ignore
//! view! { <Copilot config=Config { token_url: Some("/token".into()), ..Config::new("https://ai.example.com") } /> }
//! ```

pub mod aloud;
pub mod attachment;
pub mod command;
pub mod config;
pub mod context;
pub mod credits;
pub mod dictation;
pub mod error;
pub mod form;
pub mod host;
pub mod images;
pub mod jobs;
pub mod locale;
pub mod narration;
pub mod offer;
pub mod recording;
pub mod session;
pub mod speech;
pub mod sse;
pub mod thread;
pub mod threads;
pub mod tongue;
pub mod tools;

// What needs a browser to run; it compiles everywhere.
mod app;
mod chunk;
mod client;
#[cfg(feature = "leptos")]
pub mod copilot;
mod handle;
mod mount;
mod part;
#[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
mod proof;
mod reactive;
mod view;

pub use config::Config;
#[cfg(feature = "leptos")]
pub use copilot::Copilot;
pub use handle::{WidgetHandle, mount, version};

/// The painter of answers, for the tests in a browser. Not part of the interface.
#[doc(hidden)]
pub mod painter {
    pub use crate::view::markdown::{Announce, Chunks, Hosts, Painter};
}
