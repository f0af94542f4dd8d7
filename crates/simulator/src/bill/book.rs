use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::{Bill, BillItem};
use crate::job::Job;
use crate::state::lock;

/// Counts the tokens of an answer while it is being sent.
pub(crate) type Counter = Arc<AtomicU64>;

/// The bill as it is being written.
#[derive(Debug)]
pub(crate) struct Book {
    kept: bool,
    entries: Mutex<Vec<Entry>>,
    received: Mutex<BTreeMap<String, u64>>,
}

#[derive(Debug)]
struct Entry {
    item: BillItem,
    source: Source,
}

/// What may still change an item.
#[derive(Debug)]
enum Source {
    Done,
    Stream(Counter),
    Job(Arc<Job>),
}

impl Book {
    /// One that is not kept stays empty.
    pub(crate) fn new(kept: bool) -> Self {
        Self { kept, entries: Mutex::default(), received: Mutex::default() }
    }

    pub(crate) fn add(&self, item: BillItem) {
        self.push(item, Source::Done);
    }

    /// Adds an item whose `completion_tokens` grow with the counter.
    pub(crate) fn add_stream(&self, item: BillItem) -> Counter {
        let counter = Counter::default();
        self.push(item, Source::Stream(Arc::clone(&counter)));
        counter
    }

    /// Adds an item that is billed or not, as the job comes out.
    pub(crate) fn add_job(&self, item: BillItem, job: Arc<Job>) {
        self.push(item, Source::Job(job));
    }

    /// Notes that a creating call has come in.
    pub(crate) fn count_create(&self, client_ref: Option<&str>) {
        if let Some(client_ref) = client_ref {
            *lock(&self.received).entry(client_ref.to_owned()).or_default() += 1;
        }
    }

    pub(crate) fn bill(&self) -> Bill {
        let items = lock(&self.entries).iter().map(Entry::item).collect();
        Bill::of(items, &lock(&self.received))
    }

    pub(crate) fn clear(&self) {
        lock(&self.entries).clear();
        lock(&self.received).clear();
    }

    fn push(&self, item: BillItem, source: Source) {
        if self.kept {
            lock(&self.entries).push(Entry { item, source });
        }
    }
}

impl Entry {
    fn item(&self) -> BillItem {
        let mut item = self.item.clone();
        item.billed = true;
        match &self.source {
            Source::Done => {}
            Source::Stream(counter) => {
                let sent = counter.load(Ordering::Relaxed);
                item.completion_tokens = sent;
                item.reasoning_tokens = item.reasoning_tokens.min(sent);
            }
            Source::Job(job) => item.billed = job.is_billed(),
        }
        item
    }
}
