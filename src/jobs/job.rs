use triptych_protocol::{Estimate, Video, VideoRequest, VideoStatus, record};

use crate::error::Failure;

/// Names a job for as long as the panel lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JobId(pub u32);

/// One job.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Its name here.
    pub id: JobId,
    /// What was asked for.
    pub request: VideoRequest,
    /// What the button said.
    pub estimate: Option<Estimate>,
    /// The server's word on it; absent until it has answered.
    pub video: Option<Video>,
    /// Where it stands between here and the server.
    pub phase: Phase,
    pub(super) key: String,
    pub(super) asked_at: f64,
    pub(super) next_poll: Option<f64>,
    pub(super) wait: f64,
}

/// Where a job stands between here and the server.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// The click has not been answered.
    Submitting,
    /// The server has it.
    Tracked,
    /// The server has it, and the last question about it failed; it will be asked again.
    Unreachable(Failure),
    /// The user takes it back.
    Cancelling,
    /// The server did not take it.
    Refused(Failure),
}

/// A click that was not answered yet, as it is kept across a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The body.
    pub request: VideoRequest,
    /// The idempotency key, which makes sending it again safe.
    pub key: String,
    /// When it was clicked; the page's wall clock in milliseconds.
    pub at: i64,
}
record!(Pending { request, key, at });

impl Job {
    /// True once nothing will change any more.
    pub fn is_final(&self) -> bool {
        match (&self.phase, &self.video) {
            (Phase::Refused(_), _) => true,
            (_, Some(video)) => video.status.is_final(),
            (_, None) => false,
        }
    }

    /// True where the user can take it back.
    pub fn can_cancel(&self) -> bool {
        let queued = self.video.as_ref().is_some_and(|video| video.status == VideoStatus::Queued);
        queued && self.phase != Phase::Cancelling
    }

    /// When the click was made or the server took the job; wall clock in milliseconds.
    pub fn started_at(&self) -> f64 {
        self.video.as_ref().map_or(self.asked_at, |video| video.created_at as f64 * 1_000.0)
    }
}
