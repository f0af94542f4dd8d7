use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{Job, Status};
use crate::error::ApiError;
use crate::order::Making;
use crate::state::lock;
use crate::stats::VideoStats;

/// All jobs of the provider's life.
#[derive(Debug, Default)]
pub(crate) struct Roster(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    jobs: Vec<Arc<Job>>,
    places: HashMap<String, usize>,
    /// Clips that were unfinished when last looked at.
    unfinished: Vec<Arc<Job>>,
    stats: VideoStats,
}

impl Roster {
    /// Takes a job in unless too many clips are unfinished.
    pub(crate) fn accept(&self, job: Job, most: usize) -> Result<Arc<Job>, ApiError> {
        let mut inner = lock(&self.0);
        let job = Arc::new(job);
        if matches!(job.order.making, Making::Clip) {
            inner.unfinished.retain(|job| !job.status().is_final());
            if inner.unfinished.len() >= most {
                inner.stats.refused += 1;
                let wait = inner.unfinished.iter().filter_map(|job| job.ms_left()).min();
                return Err(ApiError::busy(wait.unwrap_or(1000).div_ceil(1000).max(1)));
            }
            inner.unfinished.push(Arc::clone(&job));
            inner.stats.accepted += 1;
            inner.stats.high_water = inner.stats.high_water.max(inner.unfinished.len());
        }
        let place = inner.jobs.len();
        inner.places.insert(job.id.clone(), place);
        inner.jobs.push(Arc::clone(&job));
        Ok(job)
    }

    pub(crate) fn find(&self, id: &str) -> Result<Arc<Job>, ApiError> {
        let inner = lock(&self.0);
        let found = inner.places.get(id).and_then(|place| inner.jobs.get(*place));
        let found = found.filter(|job| job.status() != Status::Deleted);
        found.cloned().ok_or_else(|| ApiError::not_found(&format!("Video `{id}`")))
    }

    /// Those that fit, newest first.
    pub(crate) fn list(&self, fits: impl Fn(&Job) -> bool) -> Vec<Arc<Job>> {
        let inner = lock(&self.0);
        let present = |job: &&Arc<Job>| job.status() != Status::Deleted && fits(job);
        inner.jobs.iter().rev().filter(present).cloned().collect()
    }

    pub(crate) fn stats(&self) -> VideoStats {
        let mut inner = lock(&self.0);
        inner.unfinished.retain(|job| !job.status().is_final());
        VideoStats { running: inner.unfinished.len(), ..inner.stats }
    }

    pub(crate) fn reset_stats(&self) {
        let running = self.stats().running;
        lock(&self.0).stats = VideoStats { high_water: running, ..VideoStats::default() };
    }
}
