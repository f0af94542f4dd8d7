use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

use crate::bill::{Bill, Book};
use crate::config::Config;
use crate::error::ApiError;
use crate::fault::{self, Asked, Fault, FaultRoute, Faults, QueuedFault, Stage};
use crate::job::{Job, Roster};
use crate::stats::{Stats, Tally};

/// A simulated provider: its pace, its jobs, its bill and its faults to come. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Simulator(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    started_ms: u64,
    ids: AtomicU64,
    book: Book,
    roster: Roster,
    tally: Tally,
    queue: Mutex<VecDeque<QueuedFault>>,
    standing: Mutex<Vec<QueuedFault>>,
    seen_once: Mutex<HashSet<String>>,
    cached: Mutex<HashSet<u64>>,
    uploads: Mutex<Vec<(String, Bytes)>>,
    files_origin: OnceLock<String>,
}

impl Simulator {
    /// A provider with nothing on its bill.
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            book: Book::new(config.keep_bill),
            config,
            started_ms: now_ms(),
            ids: AtomicU64::new(1),
            roster: Roster::default(),
            tally: Tally::default(),
            queue: Mutex::default(),
            standing: Mutex::default(),
            seen_once: Mutex::default(),
            cached: Mutex::default(),
            uploads: Mutex::default(),
            files_origin: OnceLock::new(),
        }))
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// The bill as of now; the same as `GET /sim/bill`.
    pub fn bill(&self) -> Bill {
        self.0.book.bill()
    }

    /// Forgets the bill; the same as `DELETE /sim/bill`. Jobs stay.
    pub fn reset_bill(&self) {
        self.0.book.clear();
    }

    /// What it has seen; the same as `GET /sim/stats`.
    pub fn stats(&self) -> Stats {
        self.0.tally.stats(self.0.roster.stats())
    }

    /// Forgets what it has seen; the same as `DELETE /sim/stats`.
    pub fn reset_stats(&self) {
        self.0.tally.reset();
        self.0.roster.reset_stats();
    }

    /// Replaces the queue of faults; the same as `PUT /sim/faults` with `next`.
    pub fn set_faults(&self, next: impl IntoIterator<Item = QueuedFault>) {
        *lock(&self.0.queue) = next.into_iter().collect();
    }

    /// Replaces the faults that every request of their route suffers; `always` in `PUT /sim/faults`.
    pub fn set_standing_faults(&self, always: impl IntoIterator<Item = QueuedFault>) {
        *lock(&self.0.standing) = always.into_iter().collect();
    }

    /// The queued faults that have not been used yet.
    pub fn waiting_faults(&self) -> Vec<QueuedFault> {
        lock(&self.0.queue).iter().cloned().collect()
    }

    /// The faults that every request of their route suffers.
    pub fn standing_faults(&self) -> Vec<QueuedFault> {
        lock(&self.0.standing).clone()
    }

    pub(crate) fn book(&self) -> &Book {
        &self.0.book
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.0.roster
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.0.tally
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
        let (prompt, asked) = self.asked(route, headers, prompt)?;
        Ok((prompt, asked.now()))
    }

    /// The same for a call that creates a job, whose faults may be for later.
    pub(crate) fn asked(
        &self,
        route: FaultRoute,
        headers: &HeaderMap,
        prompt: &str,
    ) -> Result<(String, Asked), ApiError> {
        let (clean, mut always, mut once) = fault::from_text(prompt)?;
        always.extend(self.unasked(route, headers)?);
        if !once.is_empty() && !lock(&self.0.seen_once).insert(format!("{route:?} {prompt}")) {
            once.clear();
        }
        Ok((clean, Asked { always, once }))
    }

    /// The faults of a call about a job that exists.
    pub(crate) fn later_faults(
        &self,
        route: FaultRoute,
        headers: &HeaderMap,
        job: Option<(&Job, Stage)>,
    ) -> Result<Faults, ApiError> {
        let unasked = self.unasked(route, headers)?.into_iter().map(|fault| fault.kind);
        let mut kinds: Vec<_> = unasked.collect();
        kinds.extend(job.into_iter().flat_map(|(job, stage)| job.faults(stage)));
        Ok(Faults(kinds))
    }

    /// Whether these words have been sent before; from now on they have.
    pub(crate) fn seen_before(&self, hash: u64) -> bool {
        !lock(&self.0.cached).insert(hash)
    }

    pub(crate) fn keep_upload(&self, name: String, file: Bytes) {
        lock(&self.0.uploads).push((name, file));
    }

    pub(crate) fn upload(&self, name: &str) -> Option<Bytes> {
        lock(&self.0.uploads).iter().find(|(kept, _)| kept == name).map(|(_, file)| file.clone())
    }

    /// From now on files are said to be there: `http://HOST:PORT`.
    pub(crate) fn set_files_origin(&self, origin: String) {
        // Only the server that was just started calls this.
        let _ = self.0.files_origin.set(origin);
    }

    /// The address of a file, as absolute as the caller reached us.
    pub(crate) fn file_url(&self, headers: &HeaderMap, name: &str) -> String {
        if let Some(origin) = self.0.files_origin.get() {
            return format!("{origin}/files/{name}");
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1");
        format!("http://{host}/files/{name}")
    }

    /// Faults by header, by queue and by standing order.
    fn unasked(&self, route: FaultRoute, headers: &HeaderMap) -> Result<Vec<Fault>, ApiError> {
        self.0.tally.count_request(route);
        let mut faults = fault::from_headers(headers)?;
        // Their names were checked when they were set.
        let standing = lock(&self.0.standing);
        let here = standing.iter().filter(|queued| queued.route == route);
        faults.extend(here.filter_map(|queued| queued.fault.parse::<Fault>().ok()));
        let mut queue = lock(&self.0.queue);
        if let Some(at) = queue.iter().position(|queued| queued.route == route)
            && let Some(queued) = queue.remove(at)
        {
            faults.extend(queued.fault.parse::<Fault>());
        }
        Ok(faults)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as u64)
}

// A panic elsewhere leaves the plain data behind these locks usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
