use std::sync::Arc;

use axum::http::HeaderMap;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults, Kind, Stage};
use crate::job::{Job, Outcome, Status};
use crate::state::Simulator;

/// A job as one status call sees it.
pub(crate) struct Sight {
    pub(crate) job: Arc<Job>,
    /// `None` is a status that nobody knows.
    pub(crate) status: Option<Status>,
    pub(crate) faults: Faults,
}

/// The word for a status that no adapter can know.
pub(crate) const UNKNOWN: &str = "marinating";

impl Sight {
    /// As seen by a status call, with the faults that are due.
    pub(crate) async fn poll(simulator: &Simulator, id: &str, headers: &HeaderMap) -> Result<Self, ApiError> {
        let found = simulator.roster().find(id);
        let own = found.as_deref().ok().map(|job| (job, Stage::Poll));
        let faults = simulator.later_faults(FaultRoute::VideoPoll, headers, own)?;
        faults.at_the_door(false).await?;
        let job = found?;
        let status = job.told_status(&faults);
        Ok(Self { job, status, faults })
    }

    /// As it is, without counting as a poll: for lists and the answer to its creation.
    pub(crate) fn plain(job: &Arc<Job>) -> Self {
        Self { status: Some(job.status()), job: Arc::clone(job), faults: Faults::default() }
    }

    /// Ended with a result that it tells the address of.
    pub(crate) fn has_result(&self) -> bool {
        self.status == Some(Status::Completed)
            && self.job.outcome == Outcome::Result
            && !self.faults.has(Kind::NoUrl)
    }

    pub(crate) fn error_message(&self) -> Option<&'static str> {
        let ended = self.status.is_some_and(Status::is_final);
        match (self.status, self.job.outcome) {
            (Some(Status::Cancelled), _) => Some("The video was cancelled."),
            (_, Outcome::Failure | Outcome::DoneWithError) if ended => {
                Some("The video could not be generated.")
            }
            _ => None,
        }
    }

    pub(crate) fn error(&self) -> Option<Value> {
        let code = if self.status == Some(Status::Cancelled) { "cancelled" } else { "generation_failed" };
        self.error_message().map(|message| json!({"code": code, "message": message}))
    }
}

/// Lists are calls too, which may fail.
pub(crate) async fn at_the_list(simulator: &Simulator, headers: &HeaderMap) -> Result<Faults, ApiError> {
    let faults = simulator.later_faults(FaultRoute::Lookup, headers, None)?;
    faults.at_the_door(false).await?;
    Ok(faults)
}
