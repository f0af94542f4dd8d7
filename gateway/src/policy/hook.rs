use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use triptych_protocol::ErrorCode;

use super::{About, Stage, refusal};
use crate::config::PolicyHook;
use crate::error::Error;
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
    /// A judge that does not answer is passed over.
    fail_open: bool,
}

pub(super) struct Question<'a> {
    pub(super) stage: Stage,
    pub(super) about: &'a About,
    pub(super) texts: &'a [String],
    pub(super) pictures: &'a [Bytes],
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
            .timeout(Duration::from_millis(config.timeout_ms))
            .no_proxy()
            .build()
            .map_err(|error| format!("policy.url: {error}"))?;
        let secret = config.secret.clone();
        let inner = Inner { client, url: config.url.clone(), secret, fail_open: config.fail_open };
        Ok(Hook(Arc::new(inner)))
    }

    /// Asks, and turns anything but a clear yes into an error.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<(), Error> {
        match self.verdict(question).await {
            Ok(Verdict { allow: true, .. }) => Ok(()),
            Ok(Verdict { reason, .. }) => {
                let reason = reason.map(|reason| clean(&reason)).filter(|reason| !reason.is_empty());
                let reason = reason.unwrap_or_else(|| "it is not allowed here".to_owned());
                Err(refusal(question.stage, reason.trim_end_matches('.')))
            }
            Err(cause) => {
                metrics::counter!("triptych_policy_failures_total").increment(1);
                if self.0.fail_open {
                    tracing::warn!(cause, "the policy hook was passed over");
                    return Ok(());
                }
                let message =
                    "The check of the content cannot be reached. Nothing was charged; try again soon.";
                Err(Error::new(ErrorCode::Unavailable, message)
                    .cause(cause)
                    .retry_after(Duration::from_secs(5)))
            }
        }
    }

    async fn verdict(&self, question: &Question<'_>) -> Result<Verdict, String> {
        let pictures: Vec<_> = question.pictures.iter().map(|picture| STANDARD.encode(picture)).collect();
        let body = json!({
            "stage": question.stage, "about": question.about, "texts": question.texts, "pictures": pictures,
        });
        let body = body.to_string();
        let (id, now) = (new_id("check"), now_ms() / 1000);
        let request = self
            .0
            .client
            .post(&self.0.url)
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", webhook::sign(&self.0.secret, &id, now, body.as_bytes()))
            .body(body);
        let mut answer = request.send().await.map_err(|error| error.without_url().to_string())?;
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
