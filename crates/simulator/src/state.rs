use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::HeaderMap;

use crate::bill::{Bill, BillItem, BillKind};
use crate::config::Config;
use crate::error::ApiError;
use crate::fault::{self, FaultRoute, Faults, QueuedFault};
use crate::job::{Job, Status};

/// A simulated provider: its pace, its jobs, its bill and its faults to come. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Simulator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    started_ms: u64,
    ids: AtomicU64,
    bill: Mutex<Vec<BillItem>>,
    jobs: Mutex<Vec<Job>>,
    queue: Mutex<VecDeque<QueuedFault>>,
    seen_once: Mutex<HashSet<String>>,
}

impl Simulator {
    /// A provider with nothing on its bill.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            config,
            started_ms: now_ms(),
            ids: AtomicU64::new(1),
            bill: Mutex::default(),
            jobs: Mutex::default(),
            queue: Mutex::default(),
            seen_once: Mutex::default(),
        }))
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The bill as of now; the same as `GET /sim/bill`.
    pub fn bill(&self) -> Bill {
        let mut items = lock(&self.0.bill).clone();
        let jobs = lock(&self.0.jobs);
        for item in items.iter_mut().filter(|item| item.kind == BillKind::Video) {
            if let Some(job) = jobs.iter().find(|job| job.id == item.id) {
                item.billed = job.is_billed();
            }
        }
        Bill::of(items)
    }

    /// Forgets the bill; the same as `DELETE /sim/bill`. Jobs stay.
    pub fn reset_bill(&self) {
        lock(&self.0.bill).clear();
    }

    /// Replaces the queue of faults; the same as `PUT /sim/faults`.
    pub fn set_faults(&self, next: impl IntoIterator<Item = QueuedFault>) {
        *lock(&self.0.queue) = next.into_iter().collect();
    }

    /// The faults that have not been used yet.
    pub fn waiting_faults(&self) -> Vec<QueuedFault> {
        lock(&self.0.queue).iter().cloned().collect()
    }

    /// An id that no earlier run of the simulator has given out.
    pub(crate) fn new_id(&self, prefix: &str) -> String {
        let number = self.0.ids.fetch_add(1, Ordering::Relaxed);
        format!("{prefix}{:011x}{number:05x}", self.0.started_ms)
    }

    /// The faults this request has to suffer, and its prompt without the markers.
    pub(crate) fn faults(
        &self,
        route: FaultRoute,
        headers: &HeaderMap,
        prompt: &str,
    ) -> Result<(String, Faults), ApiError> {
        let mut faults = fault::from_headers(headers)?;
        let (clean, always, once) = fault::from_text(prompt)?;
        faults.extend(always);
        if !once.is_empty() && lock(&self.0.seen_once).insert(format!("{route:?} {prompt}")) {
            faults.extend(once);
        }
        let mut queue = lock(&self.0.queue);
        if let Some(at) = queue.iter().position(|queued| queued.route == route)
            && let Some(queued) = queue.remove(at)
        {
            faults.extend(queued.fault.parse::<fault::Fault>());
        }
        Ok((clean, Faults(faults)))
    }

    /// Adds an item; that of a chat then grows by [`Simulator::count_token`].
    pub(crate) fn add_to_bill(&self, item: BillItem) {
        lock(&self.0.bill).push(item);
    }

    /// Adds one completion token to a chat item. A reset in between has removed it, and that is fine.
    pub(crate) fn count_token(&self, id: &str) {
        if let Some(item) = lock(&self.0.bill).iter_mut().rev().find(|item| item.id == id) {
            item.completion_tokens += 1;
        }
    }

    /// Takes a job in unless too many are unfinished.
    pub(crate) fn accept(&self, job: Job) -> Result<(), ApiError> {
        let mut jobs = lock(&self.0.jobs);
        let unfinished = jobs.iter().filter(|job| !job.status().is_final()).count();
        if unfinished >= self.0.config.max_concurrent_videos {
            let wait = jobs.iter().filter_map(Job::ms_left).min().unwrap_or(1000).div_ceil(1000).max(1);
            return Err(ApiError::rate_limited("Too many videos are being generated at once.", wait));
        }
        jobs.push(job);
        Ok(())
    }

    pub(crate) fn job(&self, id: &str) -> Result<Job, ApiError> {
        let jobs = lock(&self.0.jobs);
        let found = jobs.iter().find(|job| job.id == id && job.status() != Status::Deleted);
        found.cloned().ok_or_else(|| ApiError::not_found(&format!("Video `{id}`")))
    }

    /// Newest first.
    pub(crate) fn jobs(&self) -> Vec<Job> {
        lock(&self.0.jobs).iter().rev().filter(|job| job.status() != Status::Deleted).cloned().collect()
    }

    pub(crate) fn delete_job(&self, id: &str) -> Result<(), ApiError> {
        let mut jobs = lock(&self.0.jobs);
        let found = jobs.iter_mut().find(|job| job.id == id && job.status() != Status::Deleted);
        found.ok_or_else(|| ApiError::not_found(&format!("Video `{id}`")))?.delete();
        Ok(())
    }
}

/// Who called, as the bill records it: `x-client-ref`, or else `idempotency-key`.
pub(crate) fn client_ref(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("x-client-ref").or_else(|| headers.get("idempotency-key"))?;
    header.to_str().ok().map(str::to_owned)
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u64)
}

// A panic elsewhere leaves the plain data behind these locks usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
