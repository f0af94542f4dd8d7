//! The gateway over HTTP, against the simulator.

#![allow(clippy::unwrap_used, clippy::expect_used)]
// Providers that are played here need no description.
#![allow(clippy::disallowed_methods)]

mod app;

mod assets;
mod atlas;
mod audio;
mod billing;
mod books;
mod bucket;
mod cancels;
mod chat;
mod cli;
mod cors;
mod credits;
mod cuts;
mod demo;
mod deploy;
mod described;
mod edits;
mod endings;
mod errors;
mod estimates;
mod fleet;
mod givebacks;
mod hooks;
mod hygiene;
mod images;
mod jobs;
mod judged;
mod late;
mod limits;
mod lost;
mod media;
mod memory;
mod nodes;
mod openapi;
mod policy;
mod redis;
mod remixes;
mod repeats;
mod responses;
mod revocations;
mod routing;
mod s3;
mod safety;
mod sessions;
mod sites;
mod streams;
mod support;
mod switches;
mod topups;
mod traces;
mod turns;
mod videos;
mod widget;
