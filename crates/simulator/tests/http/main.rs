//! The simulator over real HTTP, as a gateway would see it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod basics;
mod faults;
mod jobs;
mod provider;
mod shapes;
mod webhooks;
