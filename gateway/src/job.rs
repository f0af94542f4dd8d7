//! Video jobs: rows that outlive the process, moved from state to state by the workers of all gateways.
//!
//! ```text
//! queued → submitting → running → storing → completed
//!   │ ↑        │ │        │  ↑       └────→ failed
//!   │ └─ busy ─┘ │        ↓  │ too late
//!   │            │    cancelling ─────────→ cancelled
//!   │            └─ answer lost → indeterminate → running, once it is found
//!   └→ cancelled          whatever has not ended in time → expired
//! ```
//!
//! Every move names the state and version that it starts from, and the move that ends a job settles or releases its
//! hold in the same transaction. A job whose submission was lost is never submitted again on a guess. A clip that the
//! operator's judge is to see stays in `storing` until it was judged. A worker leases a job while it is busy with it;
//! what a gateway that is gone has leased, another one takes over.

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use triptych_protocol::{Credits, VideoEstimate};

use crate::error::Error;
use crate::ledger::{AccountId, ReservationId};
use crate::provider::Operation;

mod cancel;
mod create;
mod delivery;
mod intake;
mod judgement;
mod late;
mod lease;
mod lost;
mod poll;
mod query;
mod queue;
mod recover;
mod slot;
mod step;
mod stop;
mod storing;
mod submit;
mod timing;
mod transition;
pub(crate) mod worker;

pub(crate) use cancel::{cancel, hide};
pub(crate) use create::{Created, create};
pub(crate) use intake::told;
pub(crate) use query::{find, list, most_overdue};
pub(crate) use stop::stop;

/// Wakes the worker when there is something new, and knows how long jobs take.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    wake: Notify,
    times: timing::Times,
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
    /// Its owner wants it taken back; how it ends is for the provider to say.
    Cancelling,
    Completed,
    Failed,
    Cancelled,
    /// It was given up before the provider said how it ends. The hold was given back; should the clip turn out to have
    /// been made, the platform pays for it.
    Expired,
}

/// Whether a job is to be taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wish {
    #[default]
    None,
    /// Its owner wants it, and the provider has not agreed yet.
    Asked,
    /// The provider has agreed.
    Agreed,
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
    /// The provider's handle of it.
    pub(crate) operation: Option<Operation>,
    pub(crate) upstream_url: Option<String>,
    pub(crate) progress: u8,
    pub(crate) misses: u32,
    pub(crate) error: Option<Failure>,
    pub(crate) held: Credits,
    pub(crate) charged: Option<Credits>,
    /// Its length where the provider says that it came out shorter than it was ordered.
    pub(crate) delivered: Option<u32>,
    /// The clip that it is made from.
    pub(crate) source: Option<Source>,
    pub(crate) asset_id: Option<String>,
    pub(crate) wish: Wish,
    pub(crate) created_at: i64,
    /// When the provider was asked for it.
    pub(crate) started_at: Option<i64>,
    pub(crate) due_at: i64,
    pub(crate) deadline_at: i64,
    pub(crate) completed_at: Option<i64>,
    /// When the clip will be deleted.
    pub(crate) asset_expires_at: Option<i64>,
    /// Counted from 1, while it is queued. Only where its owner asks.
    pub(crate) position: Option<u32>,
    /// While it has not ended. Only where its owner asks.
    pub(crate) estimate: Option<VideoEstimate>,
}

/// A finished clip that another one is made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Its job.
    pub(crate) video: String,
    /// What its provider knows it by.
    pub(crate) operation: Operation,
}

/// Why a job has failed, for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl JobState {
    pub(crate) const ALL: [JobState; 10] = [
        JobState::Queued,
        JobState::Submitting,
        JobState::Running,
        JobState::Storing,
        JobState::Indeterminate,
        JobState::Cancelling,
        JobState::Completed,
        JobState::Failed,
        JobState::Cancelled,
        JobState::Expired,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            JobState::Queued => "queued",
            JobState::Submitting => "submitting",
            JobState::Running => "running",
            JobState::Storing => "storing",
            JobState::Indeterminate => "indeterminate",
            JobState::Cancelling => "cancelling",
            JobState::Completed => "completed",
            JobState::Failed => "failed",
            JobState::Cancelled => "cancelled",
            JobState::Expired => "expired",
        }
    }

    fn parse(word: &str) -> Result<Self, Error> {
        let found = JobState::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| Error::internal(format!("unknown state of a job: {word}")))
    }

    pub(crate) const fn is_final(self) -> bool {
        matches!(self, JobState::Completed | JobState::Failed | JobState::Cancelled | JobState::Expired)
    }
}

impl Failure {
    pub(crate) fn new(code: &str, message: impl Into<String>) -> Self {
        Failure { code: code.to_owned(), message: message.into() }
    }
}
