use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Bytes;
use tokio::sync::OnceCell;

use crate::config::Dialect;
use crate::fault::{Fault, Faults, Kind, Stage};
use crate::order::{Making, Order};
use crate::state::{lock, now_ms};
use crate::{clip, painting};

mod roster;

pub(crate) use roster::Roster;

/// A job on its way. Its status follows from the clock, so nothing runs in the background.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) order: Order,
    pub(crate) created_ms: u64,
    pub(crate) time_ms: u64,
    pub(crate) outcome: Outcome,
    pub(crate) dialect: Dialect,
    faults: Vec<Fault>,
    once: Mutex<Vec<Fault>>,
    polls: AtomicU32,
    end: Mutex<Option<End>>,
    files: OnceCell<Vec<Bytes>>,
}

/// How a job ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Result,
    Failure,
    DoneWithError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    InProgress,
    Completed,
    Failed,
    Cancelled,
    Deleted,
}

/// How a client ended it, and whether it still has to pay.
#[derive(Clone, Copy, Debug)]
enum End {
    Cancelled { billed: bool },
    Deleted { billed: bool },
}

impl Status {
    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }
}

/// The part of the time that a job waits before work on it begins, in percent.
const QUEUED_PERCENT: u64 = 10;

impl Job {
    pub(crate) fn new(
        id: String,
        order: Order,
        dialect: Dialect,
        time_ms: u64,
        faults: Vec<Fault>,
        once: Vec<Fault>,
    ) -> Self {
        let has = |kind| faults.iter().chain(&once).any(|fault| fault.kind == kind);
        let outcome = if has(Kind::JobFailed) {
            Outcome::Failure
        } else if has(Kind::DoneWithError) {
            Outcome::DoneWithError
        } else {
            Outcome::Result
        };
        let dialect = match (has(Kind::NewApi), has(Kind::NewApiOlder)) {
            (_, true) => Dialect::NewApiOlder,
            (true, _) => Dialect::NewApi,
            _ => dialect,
        };
        Self {
            id,
            order,
            created_ms: now_ms(),
            time_ms,
            outcome,
            dialect,
            faults,
            once: Mutex::new(once),
            polls: AtomicU32::new(0),
            end: Mutex::default(),
            files: OnceCell::default(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        match *lock(&self.end) {
            Some(End::Deleted { .. }) => return Status::Deleted,
            Some(End::Cancelled { .. }) => return Status::Cancelled,
            None => {}
        }
        match (self.percent(), self.outcome) {
            (100, Outcome::Failure) => Status::Failed,
            (100, _) => Status::Completed,
            (percent, _) if percent < QUEUED_PERCENT => Status::Queued,
            _ => Status::InProgress,
        }
    }

    /// The status as a poll is told it; `None` is a word that nobody knows.
    pub(crate) fn told_status(&self, faults: &Faults) -> Option<Status> {
        let poll = self.polls.fetch_add(1, Ordering::Relaxed);
        if faults.has(Kind::UnknownStatus) {
            return None;
        }
        Some(match poll {
            0 | 3 if faults.has(Kind::OutOfOrder) => Status::InProgress,
            1 if faults.has(Kind::OutOfOrder) => Status::Queued,
            _ => self.status(),
        })
    }

    /// 0 to 100, of the work itself.
    pub(crate) fn progress(&self) -> u64 {
        self.percent().saturating_sub(QUEUED_PERCENT) * 100 / (100 - QUEUED_PERCENT)
    }

    /// Milliseconds until the end, if it has not come yet.
    pub(crate) fn ms_left(&self) -> Option<u64> {
        (!self.status().is_final()).then(|| (self.created_ms + self.time_ms).saturating_sub(now_ms()))
    }

    /// Unix time of the end, once it has come.
    pub(crate) fn completed_at(&self) -> Option<u64> {
        (self.status() == Status::Completed).then(|| (self.created_ms + self.time_ms) / 1000)
    }

    /// A failed job costs nothing, nor does one that was taken back before its end.
    pub(crate) fn is_billed(&self) -> bool {
        match *lock(&self.end) {
            Some(End::Cancelled { billed } | End::Deleted { billed }) => billed,
            None => self.outcome == Outcome::Result,
        }
    }

    /// The faults it brought along for such a call; those for one time only are gone after this.
    pub(crate) fn faults(&self, stage: Stage) -> Vec<Kind> {
        let mut kinds: Vec<Kind> =
            self.faults.iter().filter(|fault| fault.stage == stage).map(|fault| fault.kind).collect();
        lock(&self.once).retain(|fault| {
            let due = fault.stage == stage;
            kinds.extend(due.then_some(fault.kind));
            !due
        });
        kinds
    }

    /// Whether its create call named this fault.
    pub(crate) fn named(&self, kind: Kind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
            || lock(&self.once).iter().any(|fault| fault.kind == kind)
    }

    /// How long the clip comes out.
    pub(crate) fn seconds(&self) -> u32 {
        let short = self.faults.iter().find_map(|fault| match fault.kind {
            Kind::ShortClip(seconds) => Some(seconds),
            _ => None,
        });
        short.map_or(self.order.seconds, |seconds| seconds.min(self.order.seconds))
    }

    /// Whether it could be taken back; afterwards it is.
    pub(crate) fn cancel(&self) -> bool {
        if self.status().is_final() || self.named(Kind::CancelTooLate) {
            return false;
        }
        let billed = self.named(Kind::CancelBilled) && self.outcome == Outcome::Result;
        *lock(&self.end) = Some(End::Cancelled { billed });
        true
    }

    /// Whether it could be thrown away; one that is done stays on the bill.
    pub(crate) fn delete(&self) -> bool {
        let ended = self.status().is_final();
        if !ended && self.named(Kind::CancelTooLate) {
            return false;
        }
        let billed = self.is_billed() && (ended || self.named(Kind::CancelBilled));
        *lock(&self.end) = Some(End::Deleted { billed });
        true
    }

    /// The MP4 or the PNGs, made when they are first asked for.
    pub(crate) async fn files(&self) -> Option<&[Bytes]> {
        if self.status() != Status::Completed || self.outcome != Outcome::Result {
            return None;
        }
        let order = Order { seconds: self.seconds(), ..self.order.clone() };
        let make = || async move { tokio::task::spawn_blocking(move || make(&order)).await };
        self.files.get_or_try_init(make).await.ok().map(Vec::as_slice)
    }

    fn percent(&self) -> u64 {
        let age = now_ms().saturating_sub(self.created_ms);
        if age >= self.time_ms { 100 } else { age * 100 / self.time_ms }
    }
}

fn make(order: &Order) -> Vec<Bytes> {
    match order.making {
        Making::Clip => {
            let ratio = clip::parse_pair(&order.aspect_ratio, ':').unwrap_or((16, 9));
            vec![Bytes::from(clip::encode(&order.prompt, ratio, order.seconds))]
        }
        Making::Pictures(count) => (0..count as usize)
            .filter_map(|index| {
                let (width, height) = order.size;
                let canvas = painting::paint(&order.prompt, width as usize, height as usize, index);
                painting::to_png(&canvas).ok().map(Bytes::from)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn job(age_ms: u64, faults: &[&str]) -> Job {
        let order = Order {
            shape: "videos",
            making: Making::Clip,
            model: "sora-2".into(),
            prompt: "a boat".into(),
            seconds: 4,
            size: (1280, 720),
            aspect_ratio: "16:9".into(),
            ..Order::default()
        };
        let faults = faults.iter().map(|name| name.parse().unwrap()).collect();
        let mut job = Job::new("video_1".into(), order, Dialect::Seed, 100_000, faults, Vec::new());
        job.created_ms -= age_ms;
        job
    }

    #[test]
    fn a_job_goes_from_queued_over_progress_to_completed() {
        assert_eq!(job(0, &[]).status(), Status::Queued);
        let half = job(55_500, &[]);
        assert_eq!((half.status(), half.progress()), (Status::InProgress, 50));
        let done = job(100_000, &[]);
        assert_eq!((done.status(), done.progress()), (Status::Completed, 100));
        assert_eq!(job(100_000, &["job-failed"]).status(), Status::Failed);
    }

    #[test]
    fn only_a_delete_before_the_end_saves_the_price() {
        let early = job(50_000, &[]);
        assert!(early.delete());
        let late = job(100_500, &[]);
        assert!(late.delete());
        assert!(!early.is_billed());
        assert!(late.is_billed());
    }

    #[test]
    fn a_cancel_may_come_too_late_or_cost_the_price_all_the_same() {
        assert!(!job(100_000, &[]).cancel());
        let stays = job(50_000, &["cancel-too-late"]);
        assert!(!stays.cancel() && !stays.delete());
        assert_eq!((stays.status(), stays.is_billed()), (Status::InProgress, true));
        for (name, billed) in [("delay", false), ("cancel-billed", true)] {
            let taken_back = job(50_000, &[name]);
            assert!(taken_back.cancel());
            assert_eq!((taken_back.status(), taken_back.is_billed()), (Status::Cancelled, billed));
        }
    }
}
