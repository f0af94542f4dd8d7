//! The calls, one file each.

pub(crate) mod body;
#[cfg_attr(not(test), allow(dead_code))]
pub(crate) mod upload;

mod admin;
mod assets;
mod audio;
mod chat;
mod credits;
mod demo;
mod estimate;
mod health;
mod images;
mod models;
mod responses;
pub(crate) mod sessions;
mod site;
mod streamed;
mod streams;
mod switches;
mod topups;
mod video_generations;
mod videos;
mod webhooks;
mod widget;

use axum::Router;

pub(crate) use assets::url as asset_url;

use crate::openapi::{Audience, Calls, calls, described, described_aside, undescribed};
use crate::state::AppState;

/// What operators call.
pub(crate) fn for_operators() -> Router<AppState> {
    let calls = calls()
        .merge(admin::router())
        .merge(switches::router())
        .merge(health::router())
        .merge(health::metrics_router());
    described(calls, Audience::Operators)
}

/// What browsers and hosts call. Operators too, where they have no listener of their own.
pub(crate) fn router(state: &AppState) -> Router<AppState> {
    let mut calls = calls()
        .merge(assets::router())
        .merge(audio::router())
        .merge(chat::router())
        .merge(credits::router())
        .merge(estimate::router())
        .merge(health::router())
        .merge(images::router())
        .merge(models::router())
        .merge(responses::router())
        .merge(sessions::router())
        .merge(site::router())
        .merge(streams::router())
        .merge(topups::router())
        .merge(video_generations::router())
        .merge(videos::router())
        .merge(webhooks::router())
        .merge(widget::router());
    if state.config.demo.enabled {
        calls = calls.merge(demo::router());
    }
    let router =
        if state.config.openapi { described(calls, Audience::Everybody) } else { undescribed(calls) };
    match state.config.admin_listen {
        Some(_) => router,
        None => router.merge(described_aside(beside())),
    }
}

/// The calls of operators who have no listener of their own.
fn beside() -> Calls {
    calls().merge(admin::router()).merge(switches::router()).merge(health::guarded_metrics_router())
}
