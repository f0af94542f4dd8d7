use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use triptych_protocol::ErrorCode;

use super::{About, Clip, Stage, refusal, what};
use crate::config::PolicyHook;
use crate::error::Error;
use crate::failpoint;
use crate::provider::clean;
use crate::store::{new_id, now_ms};
use crate::webhook;

/// Longest answer that is read.
const MAX_ANSWER: usize = 16 * 1024;

/// The operator's own judge. Its address is the operator's choice, so it may be in the own network.
#[derive(Clone, Debug)]
pub(super) struct Hook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    url: String,
    secret: webhook::Secret,
    timeout: Duration,
    clip_timeout: Duration,
    /// A judge that does not answer is passed over.
    fail_open: bool,
}

pub(super) struct Question<'a> {
    pub(super) stage: Stage,
    pub(super) about: &'a About,
    pub(super) texts: &'a [String],
    pub(super) pictures: &'a [Bytes],
    pub(super) clip: Option<&'a Clip<'a>>,
}

#[derive(Deserialize)]
struct Verdict {
    allow: bool,
    reason: Option<String>,
}

impl Hook {
    pub(super) fn new(config: &PolicyHook) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| format!("policy.url: {error}"))?;
        let inner = Inner {
            client,
            url: config.url.clone(),
            secret: config.secret.clone(),
            timeout: Duration::from_millis(config.timeout_ms),
            clip_timeout: Duration::from_millis(config.clip_timeout_ms),
            fail_open: config.fail_open,
        };
        Ok(Hook(Arc::new(inner)))
    }

    /// Asks, and turns anything but a clear yes into an error.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<(), Error> {
        match self.hear(question).await {
            Ok(None) => Ok(()),
            Ok(Some(refusal)) => Err(refusal),
            Err(cause) if self.0.fail_open => {
                tracing::warn!(cause, "the policy hook was passed over");
                Ok(())
            }
            Err(cause) => {
                let message =
                    "The check of the content cannot be reached. Nothing was charged; try again soon.";
                Err(Error::new(ErrorCode::Unavailable, message)
                    .cause(cause)
                    .retry_after(Duration::from_secs(5)))
            }
        }
    }

    /// Asks once. The answer is the refusal, where it is one.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn hear(&self, question: &Question<'_>) -> Result<Option<Error>, String> {
        match self.verdict(question).await {
            Ok(Verdict { allow: true, .. }) => Ok(None),
            Ok(Verdict { reason, .. }) => {
                let reason = reason.map(|reason| clean(&reason)).filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or_else(|| "it is not allowed here".to_owned());
                let what = if question.clip.is_some() { "The clip" } else { what(question.stage) };
                Ok(Some(refusal(question.stage, what, reason.trim_end_matches('.'))))
            }
            Err(cause) => {
                metrics::counter!("triptych_policy_failures_total").increment(1);
                Err(cause)
            }
        }
    }

    /// True where it may be passed over.
    pub(super) fn fails_open(&self) -> bool {
        self.0.fail_open
    }

    async fn verdict(&self, question: &Question<'_>) -> Result<Verdict, String> {
        let pictures: Vec<_> = question.pictures.iter().map(|picture| STANDARD.encode(picture)).collect();
        let mut body = json!({
            "stage": question.stage, "about": question.about, "texts": question.texts, "pictures": pictures,
        });
        if let (Some(clip), Some(fields)) = (question.clip, body.as_object_mut()) {
            fields.insert("clip".into(), json!(clip));
        }
        let body = body.to_string();
        let (id, now) = (new_id("check"), now_ms() / 1000);
        let timeout = if question.clip.is_some() { self.0.clip_timeout } else { self.0.timeout };
        let request = self
            .0
            .client
            .post(&self.0.url)
            .timeout(timeout)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", webhook::sign(&self.0.secret, &id, now, body.as_bytes()))
            .body(body);
        failpoint::pass("before the policy hook is called");
        let mut answer = request.send().await.map_err(|error| error.without_url().to_string())?;
        failpoint::pass("after the policy hook has answered");
        if !answer.status().is_success() {
            return Err(format!("the policy hook answered {}", answer.status()));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
            body.extend_from_slice(&part);
            if body.len() > MAX_ANSWER {
                return Err("the policy hook's answer is too long".to_owned());
            }
        }
        serde_json::from_slice(&body).map_err(|_| "the policy hook's answer is no verdict".to_owned())
    }
}
