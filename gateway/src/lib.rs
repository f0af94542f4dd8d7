//! The Triptych gateway: keeps the provider keys, mints browser tokens, holds the credit ledger, queues video jobs,
//! and speaks OpenAI's wire shapes to widgets on one side and to providers on the other.
//!
//! [`app::router`] is the whole HTTP surface; the binary and the tests serve the same one.

pub mod app;
#[cfg(feature = "bench")]
pub mod bench;
pub mod command;
pub mod config;
pub mod state;
pub mod webhook;

mod asset;
mod audit;
mod auth;
mod call;
mod catalogue;
mod cors;
mod demo;
mod error;
mod estimate;
mod failpoint;
mod idempotency;
mod job;
mod ledger;
mod limit;
mod links;
mod net;
mod observe;
mod openapi;
#[cfg_attr(not(test), allow(dead_code))]
mod picture;
mod policy;
mod provider;
mod routes;
mod serve;
mod site;
mod sse;
mod store;
mod stream;
mod switch;
mod trace;
mod widget_files;
mod wire;

/// Installs the TLS implementation that outgoing calls use. Call it once before the first request; a second call
/// changes nothing.
pub fn init_tls() {
    // Fails only when one is installed already, which is what was wanted.
    rustls::crypto::ring::default_provider().install_default().ok();
}
