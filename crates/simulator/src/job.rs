use bytes::Bytes;

use crate::clip;
use crate::state::now_ms;

/// A video on its way. Its status follows from the clock, so nothing runs in the background.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) model: String,
    pub(crate) prompt: String,
    pub(crate) seconds: u32,
    /// Width and height as asked for.
    pub(crate) size: (u32, u32),
    /// `W:H`. The clip keeps it exactly; its pixels are fewer than asked for.
    pub(crate) aspect_ratio: String,
    pub(crate) created_ms: u64,
    pub(crate) time_ms: u64,
    pub(crate) outcome: Outcome,
    deleted_ms: Option<u64>,
    clip: std::sync::Arc<tokio::sync::OnceCell<Bytes>>,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Clip,
    Failure,
    DoneWithError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Queued,
    InProgress,
    Completed,
    Failed,
    Deleted,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::InProgress)
    }
}

/// The part of the time that a job waits before work on it begins, in percent.
const QUEUED_PERCENT: u64 = 10;

impl Job {
    #[expect(clippy::too_many_arguments, reason = "the fields of a job, each given once")]
    pub(crate) fn new(
        id: String,
        model: String,
        prompt: String,
        seconds: u32,
        size: (u32, u32),
        aspect_ratio: String,
        time_ms: u64,
        outcome: Outcome,
    ) -> Self {
        Self {
            id,
            model,
            prompt,
            seconds,
            size,
            aspect_ratio,
            created_ms: now_ms(),
            time_ms,
            outcome,
            deleted_ms: None,
            clip: std::sync::Arc::default(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        if self.deleted_ms.is_some() {
            return Status::Deleted;
        }
        match (self.percent(), self.outcome) {
            (100, Outcome::Failure) => Status::Failed,
            (100, _) => Status::Completed,
            (percent, _) if percent < QUEUED_PERCENT => Status::Queued,
            _ => Status::InProgress,
        }
    }

    /// 0 to 100, of the work itself.
    pub(crate) fn progress(&self) -> u64 {
        self.percent().saturating_sub(QUEUED_PERCENT) * 100 / (100 - QUEUED_PERCENT)
    }

    /// Milliseconds until the end, if it has not come yet.
    pub(crate) fn ms_left(&self) -> Option<u64> {
        (!self.status().is_final()).then(|| (self.created_ms + self.time_ms).saturating_sub(now_ms()))
    }

    /// Unix time of the end, once it has come.
    pub(crate) fn completed_at(&self) -> Option<u64> {
        (self.status() == Status::Completed).then(|| (self.created_ms + self.time_ms) / 1000)
    }

    /// A failed job costs nothing, nor does one that was deleted before its end.
    pub(crate) fn is_billed(&self) -> bool {
        let in_time = self.deleted_ms.is_some_and(|at| at < self.created_ms + self.time_ms);
        self.outcome == Outcome::Clip && !in_time
    }

    pub(crate) fn resolution(&self) -> String {
        format!("{}p", self.size.0.min(self.size.1))
    }

    pub(crate) fn delete(&mut self) {
        self.deleted_ms = Some(now_ms());
    }

    /// The MP4, encoded when it is first asked for.
    pub(crate) async fn clip(&self) -> Option<Bytes> {
        if self.status() != Status::Completed || self.outcome != Outcome::Clip {
            return None;
        }
        let ratio = clip::parse_pair(&self.aspect_ratio, ':').unwrap_or((16, 9));
        let (prompt, seconds) = (self.prompt.clone(), self.seconds);
        let encode = || async move {
            tokio::task::spawn_blocking(move || Bytes::from(clip::encode(&prompt, ratio, seconds))).await
        };
        self.clip.get_or_try_init(encode).await.ok().cloned()
    }

    fn percent(&self) -> u64 {
        let age = now_ms().saturating_sub(self.created_ms);
        if age >= self.time_ms { 100 } else { age * 100 / self.time_ms }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(age_ms: u64, outcome: Outcome) -> Job {
        let mut job = Job::new(
            "video_1".into(),
            "sora-2".into(),
            "a boat".into(),
            4,
            (1280, 720),
            "16:9".into(),
            100_000,
            outcome,
        );
        job.created_ms -= age_ms;
        job
    }

    #[test]
    fn a_job_goes_from_queued_over_progress_to_completed() {
        assert_eq!(job(0, Outcome::Clip).status(), Status::Queued);
        let half = job(55_500, Outcome::Clip);
        assert_eq!((half.status(), half.progress()), (Status::InProgress, 50));
        let done = job(100_000, Outcome::Clip);
        assert_eq!((done.status(), done.progress()), (Status::Completed, 100));
        assert_eq!(job(100_000, Outcome::Failure).status(), Status::Failed);
    }

    #[test]
    fn only_a_delete_before_the_end_saves_the_price() {
        let mut early = job(50_000, Outcome::Clip);
        early.delete();
        let mut late = job(100_500, Outcome::Clip);
        late.delete();
        assert!(!early.is_billed());
        assert!(late.is_billed());
    }
}
