//! Video jobs: a row that outlives the process, moved from state to state by one worker.
//!
//! ```text
//! queued → submitting → running → storing → completed
//!    ↑         │  │         └─────────┴───→ failed
//!    └─ busy ──┘  └─ answer lost → indeterminate → failed (at the deadline)
//! queued → cancelled
//! ```
//!
//! Every move names the state and version that it starts from, and the move that ends a job settles or releases its
//! hold in the same transaction. A job whose submission was lost is never submitted again on a guess.

use tokio::sync::Notify;
use triptych_protocol::Credits;

use crate::error::Error;
use crate::ledger::{AccountId, ReservationId};

mod create;
mod query;
mod slot;
mod step;
mod transition;
pub(crate) mod worker;

pub(crate) use create::{Created, create};
pub(crate) use query::{find, list};
pub(crate) use transition::{cancel, hide};

/// Wakes the worker when there is something new.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    wake: Notify,
}

impl Jobs {
    /// No worker listens yet; a wake-up is kept for it.
    pub(crate) fn new() -> Self {
        Jobs::default()
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// It waits for its turn.
    Queued,
    /// The provider is being asked; from here on the job may exist upstream.
    Submitting,
    /// The provider works on it.
    Running,
    /// The provider is done and the clip is being fetched.
    Storing,
    /// The answer to the submission was lost: the provider may or may not work on it.
    Indeterminate,
    Completed,
    Failed,
    Cancelled,
}

/// A row of the table `job`, and what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) reservation: ReservationId,
    pub(crate) provider: String,
    pub(crate) model: String,
    pub(crate) prompt: String,
    pub(crate) seconds: u32,
    pub(crate) size: String,
    pub(crate) resolution: String,
    pub(crate) aspect_ratio: String,
    pub(crate) state: JobState,
    pub(crate) version: i64,
    pub(crate) attempt_id: Option<String>,
    pub(crate) upstream_id: Option<String>,
    pub(crate) upstream_url: Option<String>,
    pub(crate) progress: u8,
    pub(crate) misses: u32,
    pub(crate) error: Option<Failure>,
    pub(crate) held: Credits,
    pub(crate) charged: Option<Credits>,
    pub(crate) asset_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) started_at: Option<i64>,
    pub(crate) due_at: i64,
    pub(crate) deadline_at: i64,
    pub(crate) completed_at: Option<i64>,
    /// When the clip will be deleted.
    pub(crate) asset_expires_at: Option<i64>,
    /// Counted from 1, while it is queued.
    pub(crate) position: Option<u32>,
}

/// Why a job has failed, for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl JobState {
    pub(crate) const ALL: [JobState; 8] = [
        JobState::Queued,
        JobState::Submitting,
        JobState::Running,
        JobState::Storing,
        JobState::Indeterminate,
        JobState::Completed,
        JobState::Failed,
        JobState::Cancelled,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Submitting => "submitting",
            JobState::Running => "running",
            JobState::Storing => "storing",
            JobState::Indeterminate => "indeterminate",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        let found = JobState::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| Error::internal(format!("unknown state of a job: {word}")))
    }

    pub(crate) const fn is_final(self) -> bool {
        matches!(self, JobState::Completed | JobState::Failed | JobState::Cancelled)
    }
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Failure { code: code.to_owned(), message: message.into() }
    }
}
