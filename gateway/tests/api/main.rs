//! The gateway over HTTP, against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;

mod assets;
mod atlas;
mod billing;
mod books;
mod chat;
mod cli;
mod cors;
mod credits;
mod cuts;
mod demo;
mod endings;
mod errors;
mod estimates;
mod images;
mod jobs;
mod memory;
mod nodes;
mod policy;
mod redis;
mod routing;
mod safety;
mod sessions;
mod streams;
mod support;
mod topups;
mod videos;
mod widget;
