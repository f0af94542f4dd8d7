//! The gateway over HTTP, against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;

mod cli;
mod cors;
mod credits;
mod demo;
mod errors;
mod estimates;
mod sessions;
mod widget;
