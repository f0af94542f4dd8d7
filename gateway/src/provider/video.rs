use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::{UpstreamError, clean, error_message};

/// A clip to be made, as every adapter needs it.
#[derive(Clone, Debug)]
pub(crate) struct VideoOrder {
    /// Our own id of the job. It goes along where the API has a place for it, so that a clip whose order was
    /// answered into the void can be found again.
    pub(crate) client_ref: String,
    /// The model of the catalogue.
    pub(crate) model: String,
    /// What to film.
    pub(crate) prompt: String,
    /// Length.
    pub(crate) seconds: u32,
    /// Such as `1280x720`.
    pub(crate) size: String,
    /// Such as `720p`.
    pub(crate) resolution: String,
    /// Such as `16:9`.
    pub(crate) aspect_ratio: String,
    /// Where the provider may tell that the clip is done.
    pub(crate) callback_url: Option<String>,
    /// The finished clip to make this one from, as the same provider knows it.
    pub(crate) remix_of: Option<Operation>,
}

/// A provider's handle of a clip. Only the adapter that made it knows what is in it; the rest of the gateway stores
/// it and hands it back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// The provider's own id, for the audit and for webhooks. Never shown to users.
    pub(crate) id: String,
    /// What else the adapter must know to find the clip again.
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

/// How an order ended. The difference decides whether the order may be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Submission {
    /// The provider has it.
    Accepted(Operation),
    /// The provider does not have it and never will: it said so, or it was not reached at all.
    Rejected(UpstreamError),
    /// The provider has not taken it and may later.
    Busy(UpstreamError),
    /// Nobody knows. It must not be made again.
    Unknown(UpstreamError),
}

/// Where a clip stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VideoStatus {
    /// It waits for its turn at the provider.
    Queued,
    /// It is being made; in percent.
    Running {
        /// 0 where the provider gives none.
        progress: u8,
    },
    /// It is ready.
    Done {
        /// Links to it, for the providers that give some.
        outputs: Vec<String>,
        /// Its length, for the providers that say.
        seconds: Option<u32>,
    },
    /// There will be none.
    Failed {
        /// The provider's word for it, or ours.
        code: String,
        /// Fit for the user.
        message: String,
    },
    /// It was taken back at the provider.
    Cancelled,
    /// The provider gave it up, or has thrown it away.
    Expired,
}

/// A poll's result, and when the provider wants the next one.
#[derive(Clone, Debug)]
pub(crate) struct VideoReport {
    pub(crate) status: VideoStatus,
    pub(crate) poll_after: Option<Duration>,
}

/// What became of the wish to take a clip back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancellation {
    /// It will not be made.
    Cancelled,
    /// It is made or being made; its end must be waited for.
    TooLate,
    /// The provider cannot; its end must be waited for.
    Unsupported,
}

/// Which file of a finished clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Variant {
    /// The clip itself.
    #[default]
    Video,
    /// One picture of it.
    Thumbnail,
    /// Many small pictures of it in one.
    Spritesheet,
}

impl Operation {
    /// A handle that is no more than the provider's id.
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Operation { id: id.into(), more: Map::new() }
    }

    /// Reads the handle out of the answer to an order, which names it in one of several ways.
    pub(super) fn read(answer: &Value) -> Result<Self, UpstreamError> {
        let id = ["/job_id", "/task_id", "/id", "/data/id", "/data/task_id"]
            .iter()
            .find_map(|path| answer.pointer(path)?.as_str())
            .ok_or_else(|| UpstreamError::Protocol("the new job has no id".into()))?;
        segment(id).map(Operation::new)
    }
}

impl Submission {
    /// Why the order was not taken, or may not have been.
    pub(super) fn error(&self) -> Option<&UpstreamError> {
        match self {
            Submission::Accepted(_) => None,
            Submission::Rejected(error) | Submission::Busy(error) | Submission::Unknown(error) => Some(error),
        }
    }

    /// Sorts the outcome of the call that makes an order.
    pub(super) fn of(outcome: Result<Operation, UpstreamError>) -> Self {
        let error = match outcome {
            Ok(operation) => return Submission::Accepted(operation),
            Err(error) => error,
        };
        match &error {
            UpstreamError::Resting(_) | UpstreamError::Refused { status: 429, .. } => Submission::Busy(error),
            // With a time to come back it is the server's own word; without one it may be a proxy's, which does not
            // know what the server behind it has done.
            UpstreamError::Refused { status: 503, retry_after: Some(_), .. } => Submission::Busy(error),
            UpstreamError::Refused { status: 408, .. } => Submission::Unknown(error),
            UpstreamError::Refused { status: ..500, .. }
            | UpstreamError::Connect
            | UpstreamError::Unsupported(_) => Submission::Rejected(error),
            _ => Submission::Unknown(error),
        }
    }
}

impl Variant {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Variant::Video => "video",
            Variant::Thumbnail => "thumbnail",
            Variant::Spritesheet => "spritesheet",
        }
    }
}

/// Reads the words that the job APIs have for where a job stands. One that nobody knows is an error: taken for
/// "pending" it would be polled for ever.
pub(super) fn status(job: &Value, outputs: Vec<String>) -> Result<VideoStatus, UpstreamError> {
    let word = job.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let error = error_message(job);
    let failed = |message: Option<String>| {
        let code = job.pointer("/error/code").and_then(Value::as_str).map(clean);
        VideoStatus::Failed {
            code: code.unwrap_or_else(|| "upstream_failed".into()),
            message: message.unwrap_or_else(|| "The provider could not make the clip.".into()),
        }
    };
    Ok(match word.as_str() {
        "queued" | "pending" | "submitted" | "created" | "queueing" | "throttled" => VideoStatus::Queued,
        "starting" | "in_progress" | "processing" | "running" => {
            VideoStatus::Running { progress: progress(job) }
        }
        // Done with an error inside is a failure.
        "completed" | "succeeded" | "succeed" | "success" if error.is_some() => failed(error),
        "completed" | "succeeded" | "succeed" | "success" => {
            VideoStatus::Done { outputs, seconds: delivered(job) }
        }
        "failed" | "failure" | "error" | "aborted" | "timeout" => failed(error),
        "cancelled" | "canceled" => VideoStatus::Cancelled,
        "expired" => VideoStatus::Expired,
        other => {
            return Err(UpstreamError::Protocol(format!("the job's status `{}` is unknown", clean(other))));
        }
    })
}

/// How long a clip came out, in whole seconds. A field that may mean how long it took is none of these.
fn delivered(job: &Value) -> Option<u32> {
    let value = job.get("seconds").or_else(|| job.pointer("/metadata/duration"))?;
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    (seconds > 0.0 && seconds < 1e6).then_some(seconds.ceil() as u32)
}

/// An id of the provider's as a piece of a path.
pub(super) fn segment(id: &str) -> Result<&str, UpstreamError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:~".contains(&byte);
    let fits = !id.is_empty() && id.len() <= 256 && !id.starts_with('.') && id.bytes().all(plain);
    fits.then_some(id).ok_or_else(|| UpstreamError::Protocol("the job's id is no id".into()))
}

/// A whole percentage; some send a fraction or a text such as `40%`.
fn progress(job: &Value) -> u8 {
    let number = match job.get("progress") {
        Some(Value::String(text)) => text.trim_end_matches('%').parse().ok(),
        Some(value) => value.as_f64(),
        None => None,
    };
    number.map_or(0, |number: f64| number.clamp(0.0, 99.0) as u8)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn read(job: Value) -> Result<VideoStatus, UpstreamError> {
        status(&job, Vec::new())
    }

    #[test]
    fn an_unknown_status_is_an_error_and_not_pending() {
        assert!(read(json!({"status": "marinating"})).is_err());
        assert!(read(json!({"status": 3})).is_err());
        assert!(read(json!({})).is_err());
    }

    #[test]
    fn done_with_an_error_inside_is_a_failure() {
        let job = json!({"status": "completed", "error": {"code": "moderation", "message": "No."}});
        assert_eq!(
            read(job).unwrap(),
            VideoStatus::Failed { code: "moderation".into(), message: "No.".into() }
        );
    }

    #[test]
    fn a_length_is_read_where_there_is_one_and_rounded_up() {
        for (job, seconds) in [
            (json!({"status": "completed", "seconds": "4"}), Some(4)),
            (json!({"status": "succeeded", "metadata": {"duration": 3.04}}), Some(4)),
            (json!({"status": "completed", "seconds": "long"}), None),
            (json!({"status": "completed", "seconds": 0}), None),
            (json!({"status": "completed"}), None),
        ] {
            assert_eq!(read(job).unwrap(), VideoStatus::Done { outputs: Vec::new(), seconds });
        }
    }

    #[test]
    fn progress_is_read_in_each_of_its_shapes() {
        for (value, percent) in [(json!(40), 40), (json!("40%"), 40), (json!(100), 99), (json!(null), 0)] {
            let job = json!({"status": "in_progress", "progress": value, "error": null});
            assert_eq!(read(job).unwrap(), VideoStatus::Running { progress: percent });
        }
    }

    #[test]
    fn what_ended_upstream_without_a_clip_is_told_apart() {
        assert_eq!(read(json!({"status": "canceled"})).unwrap(), VideoStatus::Cancelled);
        assert_eq!(read(json!({"status": "expired"})).unwrap(), VideoStatus::Expired);
    }

    #[test]
    fn only_what_the_provider_certainly_lacks_may_be_ordered_again() {
        let refused = |status, seconds: Option<u64>| UpstreamError::Refused {
            status,
            message: String::new(),
            retry_after: seconds.map(Duration::from_secs),
        };
        for error in [UpstreamError::Connect, refused(400, None), refused(401, None), refused(422, Some(1))] {
            assert_eq!(Submission::of(Err(error.clone())), Submission::Rejected(error));
        }
        for error in [refused(429, None), refused(503, Some(1)), UpstreamError::Resting(Duration::ZERO)] {
            assert_eq!(Submission::of(Err(error.clone())), Submission::Busy(error));
        }
        for error in [
            UpstreamError::Timeout,
            UpstreamError::Broken,
            UpstreamError::Protocol("no JSON".into()),
            UpstreamError::GoingDown,
            refused(408, None),
            refused(500, None),
            refused(502, Some(1)),
            refused(503, None),
        ] {
            assert_eq!(Submission::of(Err(error.clone())), Submission::Unknown(error));
        }
    }

    #[test]
    fn a_handle_survives_its_way_through_the_store() {
        let mut operation = Operation::new("vid_1");
        operation.more.insert("kind".into(), "image2video".into());
        let text = serde_json::to_string(&operation).unwrap();
        assert_eq!(serde_json::from_str::<Operation>(&text).unwrap(), operation);
        assert!(Operation::read(&json!({"id": "../admin"})).is_err());
    }
}
