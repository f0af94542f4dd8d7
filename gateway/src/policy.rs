//! What may be asked for and what may be shown: the operator's list of words, and the operator's own judge behind an
//! HTTP call. A refusal reaches the user as a reason and costs the user nothing; what the provider bills for an answer
//! that is then refused is the platform's.

mod clip;
mod hook;
mod text;
mod watch;
mod withheld;
mod words;

use bytes::Bytes;
use serde_json::Value;
use triptych_protocol::{ErrorCode, Modality, Model};

use crate::auth::Caller;
use crate::config::{AfterCheck, PolicyConfig};
use crate::error::Error;

pub(crate) use clip::{Clip, Judgement};
use hook::{Hook, Question};
use text::texts;
pub(crate) use watch::Watch;
pub(crate) use withheld::{note_loss, withhold};
use words::Words;

/// Whose call about what is judged.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct About {
    tenant: String,
    user: String,
    model: String,
    kind: Modality,
}

/// The judges; cloning it is cheap.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    words: Option<std::sync::Arc<Words>>,
    hook: Option<Hook>,
    before: bool,
    after: AfterCheck,
}

/// When something is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    Before,
    After,
}

impl About {
    pub(crate) fn new(caller: &Caller, model: &Model) -> Self {
        About {
            tenant: caller.tenant.clone(),
            user: caller.user.clone(),
            model: model.id.clone(),
            kind: model.triptych.modality,
        }
    }

    /// Of a clip, whose order was answered long ago.
    pub(crate) fn clip(tenant: String, user: String, model: String) -> Self {
        About { tenant, user, model, kind: Modality::Video }
    }
}

impl Policy {
    /// Reads the list of words.
    ///
    /// # Errors
    /// A sentence about the file that cannot be read.
    pub(crate) fn new(config: &PolicyConfig) -> Result<Self, String> {
        let words = match &config.words {
            Some(path) => {
                let text = std::fs::read_to_string(path);
                let text = text.map_err(|error| format!("policy.words: {}: {error}", path.display()))?;
                Some(std::sync::Arc::new(Words::parse(&text)))
            }
            None => None,
        };
        let hook = config.hook.as_ref().map(Hook::new).transpose()?;
        Ok(Policy { words, hook, before: config.before, after: config.after })
    }

    /// Judges a request before anything is held or sent.
    ///
    /// # Errors
    /// `content_refused` with the reason; `unavailable` where the judge cannot be asked and may not be passed over.
    pub(crate) async fn before(&self, about: &About, body: &[u8]) -> Result<(), Error> {
        if !self.before || self.is_idle() {
            return Ok(());
        }
        self.judge(Stage::Before, about, &text::of_body(body), &[]).await
    }

    /// Judges an answer that came in one piece.
    ///
    /// # Errors
    /// As [`Policy::before`].
    pub(crate) async fn after(&self, about: &About, answer: &Value) -> Result<(), Error> {
        if self.after == AfterCheck::Off || self.is_idle() {
            return Ok(());
        }
        self.judge(Stage::After, about, &texts(answer), &[]).await
    }

    /// Judges pictures before they are shown.
    ///
    /// # Errors
    /// As [`Policy::before`].
    pub(crate) async fn after_pictures(&self, about: &About, pictures: &[Bytes]) -> Result<(), Error> {
        if !self.judges_pictures() {
            return Ok(());
        }
        self.judge(Stage::After, about, &[], pictures).await
    }

    /// True where pictures are judged. A list of words finds nothing in them.
    pub(crate) fn judges_pictures(&self) -> bool {
        self.after != AfterCheck::Off && self.hook.is_some()
    }

    /// Judges a stream while it is written, where the configuration wants that.
    pub(crate) fn watch(&self, about: &About) -> Option<Box<Watch>> {
        let wanted = self.after == AfterCheck::Stream && !self.is_idle();
        wanted.then(|| Box::new(Watch::new(self.clone(), about.clone())))
    }

    async fn judge(
        &self,
        stage: Stage,
        about: &About,
        texts: &[String],
        pictures: &[Bytes],
    ) -> Result<(), Error> {
        if let Some(words) = &self.words
            && texts.iter().any(|text| words.find(text))
        {
            return Err(refusal(stage, what(stage), "it holds words that are not allowed here"));
        }
        match &self.hook {
            Some(hook) => hook.ask(&Question { stage, about, texts, pictures, clip: None }).await,
            None => Ok(()),
        }
    }

    fn is_idle(&self) -> bool {
        self.words.is_none() && self.hook.is_none()
    }
}

/// What is judged then, where it is no clip.
fn what(stage: Stage) -> &'static str {
    match stage {
        Stage::Before => "This request",
        Stage::After => "The answer",
    }
}

/// What the user reads. Which word it was is not told: the list would be read off it.
fn refusal(stage: Stage, what: &str, reason: &str) -> Error {
    metrics::counter!("triptych_policy_refusals_total", "stage" => match stage {
        Stage::Before => "before",
        Stage::After => "after",
    })
    .increment(1);
    Error::new(ErrorCode::ContentRefused, format!("{what} was refused: {reason}. Nothing was charged."))
}
