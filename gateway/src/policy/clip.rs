use serde::Serialize;

use super::{About, Policy, Stage, hook::Question};
use crate::error::Error;

/// A finished clip that nobody has seen yet.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Clip<'a> {
    /// Its job, which stays the same when the judge is asked again.
    pub(crate) id: &'a str,
    /// A link to the file that works for an hour.
    pub(crate) url: String,
    #[serde(rename = "type")]
    pub(crate) mime: &'a str,
    pub(crate) bytes: u64,
    pub(crate) prompt: &'a str,
    pub(crate) seconds: u32,
    pub(crate) size: &'a str,
    pub(crate) resolution: &'a str,
    pub(crate) aspect_ratio: &'a str,
    /// The job of the clip that it was made from.
    pub(crate) remixed_from: Option<&'a str>,
}

/// What comes of asking about a clip.
#[derive(Debug)]
pub(crate) enum Judgement {
    Allowed,
    /// With what its owner is told.
    Refused(Error),
    /// There was no answer. Unlike a caller a job can wait for one.
    Unheard {
        cause: String,
        /// Whether it may be delivered all the same.
        pass_over: bool,
    },
}

impl Policy {
    /// True where finished clips are judged.
    pub(crate) fn judges_clips(&self) -> bool {
        self.judges_pictures()
    }

    /// Judges a clip before it is delivered.
    pub(crate) async fn clip(&self, about: &About, clip: &Clip<'_>) -> Judgement {
        let Some(hook) = self.hook.as_ref().filter(|_| self.judges_clips()) else {
            return Judgement::Allowed;
        };
        let question = Question { stage: Stage::After, about, texts: &[], pictures: &[], clip: Some(clip) };
        match hook.hear(&question).await {
            Ok(None) => Judgement::Allowed,
            Ok(Some(refusal)) => Judgement::Refused(refusal),
            Err(cause) => Judgement::Unheard { cause, pass_over: hook.fails_open() },
        }
    }
}
