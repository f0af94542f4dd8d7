//! The gateway over HTTP, against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod app;

mod assets;
mod atlas;
mod audio;
mod billing;
mod books;
mod cancels;
mod chat;
mod cli;
mod cors;
mod credits;
mod cuts;
mod demo;
mod edits;
mod endings;
mod errors;
mod estimates;
mod fleet;
mod hooks;
mod hygiene;
mod images;
mod jobs;
mod late;
mod limits;
mod lost;
mod memory;
mod nodes;
mod policy;
mod redis;
mod repeats;
mod responses;
mod revocations;
mod routing;
mod safety;
mod sessions;
mod sites;
mod streams;
mod support;
mod switches;
mod topups;
mod turns;
mod videos;
mod widget;
