use std::time::Duration;

use reqwest::Response;
use serde_json::Value;

use super::Provider;
use super::failure::{UpstreamError, clean, error_message};
use crate::config::ProviderKind;

/// A clip to be made, as every adapter needs it.
#[derive(Clone, Debug)]
pub(crate) struct VideoOrder {
    /// Our own id of the job; sent along so that a lost answer can be traced by hand.
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
}

/// What a provider said of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum VideoOutcome {
    /// It is not done yet; in percent.
    Pending {
        /// 0 where the provider gives none.
        progress: u8,
    },
    /// The clip is ready.
    Completed {
        /// Where it is, for the providers that say so.
        url: Option<String>,
    },
    /// There will be no clip.
    Failed {
        /// The provider's word for it, or ours.
        code: String,
        /// Fit for the user.
        message: String,
    },
}

/// A poll's result, and when the provider wants the next one.
#[derive(Clone, Debug)]
pub(crate) struct VideoStatusAnswer {
    pub(crate) outcome: VideoOutcome,
    pub(crate) poll_after: Option<Duration>,
}

impl Provider {
    /// Orders a clip; the result is the provider's own id of the job.
    pub(crate) async fn video_start(&self, order: &VideoOrder) -> Result<String, UpstreamError> {
        let answer = match self.config.kind {
            ProviderKind::Openai => self.openai_start(order).await?,
            ProviderKind::Generations => self.generations_start(order).await?,
        };
        let id = ["job_id", "task_id", "id"].iter().find_map(|field| answer.get(field)?.as_str());
        let id = id.ok_or_else(|| UpstreamError::Protocol("the new job has no id".into()))?;
        super::openai::segment(id).map(str::to_owned)
    }

    /// Where a job stands.
    pub(crate) async fn video_status(&self, operation: &str) -> Result<VideoStatusAnswer, UpstreamError> {
        match self.config.kind {
            ProviderKind::Openai => self.openai_status(operation).await,
            ProviderKind::Generations => self.generations_status(operation).await,
        }
    }

    /// The finished clip, whose link the provider may have given.
    pub(crate) async fn video_file(
        &self,
        operation: &str,
        url: Option<&str>,
    ) -> Result<Response, UpstreamError> {
        match (self.config.kind, url) {
            (ProviderKind::Openai, _) => self.openai_file(operation).await,
            (ProviderKind::Generations, Some(url)) => self.linked_file(url).await,
            (ProviderKind::Generations, None) => {
                Err(UpstreamError::Protocol("the finished job has no link".into()))
            }
        }
    }
}

/// Reads a job's status. A word that nobody knows is an error: taken for "pending" it would be polled for ever.
pub(super) fn outcome(job: &Value) -> Result<VideoOutcome, UpstreamError> {
    let status = job.get("status").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    let error = error_message(job);
    let failed = |message: Option<String>| {
        let code = job.pointer("/error/code").and_then(Value::as_str).map(clean);
        VideoOutcome::Failed {
            code: code.unwrap_or_else(|| "upstream_failed".into()),
            message: message.unwrap_or_else(|| "The provider could not make the clip.".into()),
        }
    };
    Ok(match status.as_str() {
        "queued" | "pending" | "submitted" | "starting" | "created" | "throttled" | "in_progress"
        | "processing" | "running" => VideoOutcome::Pending { progress: progress(job) },
        // Done with an error inside is a failure.
        "completed" | "succeeded" | "succeed" | "success" if error.is_some() => failed(error),
        "completed" | "succeeded" | "succeed" | "success" => {
            let url =
                ["/video_url", "/url", "/data/outputs/0"].iter().find_map(|path| job.pointer(path)?.as_str());
            VideoOutcome::Completed { url: url.map(str::to_owned) }
        }
        "failed" | "error" | "cancelled" | "canceled" | "expired" | "aborted" | "timeout" => failed(error),
        other => {
            return Err(UpstreamError::Protocol(format!("the job's status `{}` is unknown", clean(other))));
        }
    })
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

    #[test]
    fn an_unknown_status_is_an_error_and_not_pending() {
        assert!(outcome(&json!({"status": "marinating"})).is_err());
        assert!(outcome(&json!({})).is_err());
    }

    #[test]
    fn done_with_an_error_inside_is_a_failure() {
        let job = json!({"status": "completed", "error": {"code": "moderation", "message": "No."}});
        assert_eq!(
            outcome(&job).unwrap(),
            VideoOutcome::Failed { code: "moderation".into(), message: "No.".into() }
        );
    }

    #[test]
    fn progress_is_read_in_each_of_its_shapes() {
        for (value, percent) in [(json!(40), 40), (json!("40%"), 40), (json!(100), 99), (json!(null), 0)] {
            let job = json!({"status": "in_progress", "progress": value, "error": null});
            assert_eq!(outcome(&job).unwrap(), VideoOutcome::Pending { progress: percent });
        }
    }

    #[test]
    fn a_finished_job_says_where_its_clip_is() {
        let job = json!({"status": "succeeded", "video_url": "http://127.0.0.1/x.mp4"});
        assert_eq!(
            outcome(&job).unwrap(),
            VideoOutcome::Completed { url: Some("http://127.0.0.1/x.mp4".into()) }
        );
    }
}
