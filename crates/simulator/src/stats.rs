use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use crate::fault::FaultRoute;
use crate::state::lock;

/// What the provider has seen: `GET /sim/stats`, forgotten by `DELETE /sim/stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Calls by kind, refused ones among them.
    pub requests: BTreeMap<FaultRoute, u64>,
    /// Clips under way.
    pub videos: VideoStats,
    /// Events sent to callers.
    pub webhooks: WebhookStats,
}

/// Clips under way, and how many there ever were at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoStats {
    /// Unfinished now.
    pub running: usize,
    /// Most that were unfinished at once.
    pub high_water: usize,
    /// Taken in.
    pub accepted: u64,
    /// Answered with 429 because too many were unfinished.
    pub refused: u64,
}

/// Deliveries of webhooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookStats {
    /// Tried, repetitions among them.
    pub sent: u64,
    /// Answered with 2xx.
    pub accepted: u64,
    /// Answered otherwise or not at all.
    pub failed: u64,
}

/// The counters behind [`Stats`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    requests: Mutex<BTreeMap<FaultRoute, u64>>,
    accepted: AtomicU64,
    failed: AtomicU64,
}

impl Tally {
    pub(crate) fn count_request(&self, route: FaultRoute) {
        *lock(&self.requests).entry(route).or_default() += 1;
    }

    pub(crate) fn count_webhook(&self, accepted: bool) {
        let counter = if accepted { &self.accepted } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn stats(&self, videos: VideoStats) -> Stats {
        let (accepted, failed) = (self.accepted.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        let webhooks = WebhookStats { sent: accepted + failed, accepted, failed };
        Stats { requests: lock(&self.requests).clone(), videos, webhooks }
    }

    pub(crate) fn reset(&self) {
        lock(&self.requests).clear();
        self.accepted.store(0, Ordering::Relaxed);
        self.failed.store(0, Ordering::Relaxed);
    }
}
