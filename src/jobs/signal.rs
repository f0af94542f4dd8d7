use triptych_protocol::{Estimate, Video, VideoRequest};

use super::{JobId, Pending};
use crate::error::Failure;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user wants a clip. `key` is fresh.
    Create {
        /// The body.
        request: VideoRequest,
        /// What the button said.
        estimate: Option<Estimate>,
        /// The idempotency key.
        key: String,
    },
    /// The page was loaded, and these clicks had not been answered before.
    Restore(Vec<Pending>),
    /// The user wants a refused job once more.
    Retry {
        /// Which.
        id: JobId,
        /// A fresh key, used unless the old one is safer.
        key: String,
    },
    /// The server has taken a job, or said where it stands.
    Told {
        /// Which.
        id: JobId,
        /// Where it stands.
        video: Box<Video>,
        /// Milliseconds that the server wants to be left alone.
        retry_after: Option<f64>,
    },
    /// The server did not take a job, or the click did not reach it.
    CreateFailed {
        /// Which.
        id: JobId,
        /// Why.
        failure: Failure,
    },
    /// A question about a job failed.
    PollFailed {
        /// Which.
        id: JobId,
        /// Why.
        failure: Failure,
    },
    /// The user's jobs, newest first.
    Listed(Vec<Video>),
    /// The user takes a job back.
    Cancel(JobId),
    /// The job could not be taken back.
    CancelFailed {
        /// Which.
        id: JobId,
        /// Why.
        failure: Failure,
    },
    /// The user takes a job off the panel.
    Remove(JobId),
    /// The job is gone on the server.
    Removed(JobId),
    /// A time that was asked for has come.
    Tick,
    /// The page is looked at and the network is there, or not.
    Awake(bool),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Submit a job.
    Create {
        /// Which.
        id: JobId,
        /// The body.
        request: VideoRequest,
        /// The idempotency key.
        key: String,
    },
    /// Ask about a job.
    Poll {
        /// Which.
        id: JobId,
        /// Its name on the server.
        video: String,
    },
    /// Ask for the list.
    List,
    /// Take a job back.
    Cancel {
        /// Which.
        id: JobId,
        /// Its name on the server.
        video: String,
    },
    /// Delete a job on the server.
    Delete {
        /// Which.
        id: JobId,
        /// Its name on the server.
        video: String,
    },
    /// Keep these clicks across a reload.
    Keep(Vec<Pending>),
    /// Come back with [`Input::Tick`] at this time, instead of any other time named before. None: not at all.
    Wake(Option<f64>),
    /// The list has changed.
    ListChanged,
    /// A job has changed.
    JobChanged(JobId),
    /// A job has ended, one way or the other.
    Ended(JobId),
    /// A call failed.
    Reported(Failure),
    /// The balance has changed or will have.
    Balance,
}
