//! The video panel as a state machine. The gateway owns the jobs; this follows them: it asks less and less often,
//! obeys the server's wish, rests while nobody looks or the network is gone, and catches up at once afterwards.

mod job;
mod signal;

use triptych_protocol::{Estimate, Video, VideoRequest};

pub use job::{Job, JobId, Pending, Phase};
pub use signal::{Effect, Input};

use crate::error::{Failure, FailureKind};

/// Milliseconds to the second look at a job; every further one waits half as long again.
const FIRST_WAIT: f64 = 1_000.0;
/// The longest wait between two looks.
const LONGEST_WAIT: f64 = 10_000.0;
/// For how long a click that was not answered is sent again after a reload, in milliseconds.
const PENDING_LIFE: f64 = 15.0 * 60_000.0;

/// The user's jobs, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Jobs {
    jobs: Vec<Job>,
    next: u32,
    awake: bool,
    wake: Option<f64>,
}

impl Default for Jobs {
    fn default() -> Self {
        Jobs { jobs: Vec::new(), next: 0, awake: true, wake: None }
    }
}

impl Jobs {
    /// The jobs, newest first.
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// A job by its name.
    pub fn job(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// True while a job is waited for.
    pub fn is_busy(&self) -> bool {
        self.jobs.iter().any(|job| !job.is_final())
    }

    /// Takes in what happened at a time of the wall clock in milliseconds.
    pub fn handle(&mut self, input: Input, now: f64) -> Vec<Effect> {
        let mut effects = match input {
            Input::Create { request, estimate, key } => self.create(request, estimate, key, now),
            Input::Restore(pending) => self.restore(pending, now),
            Input::Retry { id, key } => self.retry(id, key, now),
            Input::Told { id, video, retry_after } => self.told(id, *video, retry_after, now),
            Input::CreateFailed { id, failure } => self.create_failed(id, failure),
            Input::PollFailed { id, failure } => self.poll_failed(id, failure, now),
            Input::Listed(videos) => self.listed(videos, now),
            Input::Cancel(id) => self.cancel(id),
            Input::CancelFailed { id, failure } => self.cancel_failed(id, failure, now),
            Input::Remove(id) => self.remove(id),
            Input::Removed(id) => self.removed(id),
            Input::Tick => Vec::new(),
            Input::Awake(awake) => self.awake(awake, now),
        };
        effects.extend(self.poll_due(now));
        let wake = self.earliest();
        if wake != self.wake {
            self.wake = wake;
            effects.push(Effect::Wake(wake));
        }
        effects
    }

    fn create(
        &mut self,
        request: VideoRequest,
        estimate: Option<Estimate>,
        key: String,
        now: f64,
    ) -> Vec<Effect> {
        let id = self.name();
        let create = Effect::Create { id, request: request.clone(), key: key.clone() };
        let job = Job {
            id,
            request,
            estimate,
            video: None,
            phase: Phase::Submitting,
            key,
            asked_at: now,
            next_poll: None,
            wait: FIRST_WAIT,
        };
        self.jobs.insert(0, job);
        // Kept before it is sent: a reload between the two must not lose the click.
        vec![Effect::ListChanged, self.keep(), create]
    }

    fn restore(&mut self, pending: Vec<Pending>, now: f64) -> Vec<Effect> {
        let mut effects = vec![Effect::List];
        for click in pending.into_iter().filter(|click| now - (click.at as f64) < PENDING_LIFE) {
            effects.extend(self.create(click.request, None, click.key, click.at as f64));
        }
        effects.push(self.keep());
        effects
    }

    fn retry(&mut self, id: JobId, key: String, now: f64) -> Vec<Effect> {
        let Some(job) = self.find(id) else { return Vec::new() };
        let Phase::Refused(failure) = &job.phase else { return Vec::new() };
        // Where nothing came back the same key makes sure that there is one job and one price.
        if failure.kind != FailureKind::Network {
            job.key = key;
        }
        (job.phase, job.asked_at) = (Phase::Submitting, now);
        let create = Effect::Create { id, request: job.request.clone(), key: job.key.clone() };
        vec![Effect::JobChanged(id), self.keep(), create]
    }

    fn told(&mut self, id: JobId, video: Video, retry_after: Option<f64>, now: f64) -> Vec<Effect> {
        // The list may have brought the same job before the answer to its click came.
        self.jobs.retain(|job| job.id == id || job.video.as_ref().is_none_or(|known| known.id != video.id));
        let Some(job) = self.find(id) else { return vec![Effect::ListChanged] };
        let new = job.video.is_none();
        let was_final = job.video.as_ref().is_some_and(|known| known.status.is_final());
        // An answer that was overtaken by a later one must not bring an ended job back to life.
        if was_final && !video.status.is_final() {
            return Vec::new();
        }
        let ended = video.status.is_final() && !was_final;
        let moved = job.video.as_ref().is_none_or(|known| known.status != video.status);
        if job.phase != Phase::Cancelling || ended {
            job.phase = Phase::Tracked;
        }
        job.wait = if moved { FIRST_WAIT } else { (job.wait * 1.5).min(LONGEST_WAIT) };
        let wait = job.wait.max(retry_after.unwrap_or(0.0));
        job.next_poll = (!video.status.is_final()).then_some(now + wait);
        job.video = Some(video);
        let mut effects = vec![Effect::JobChanged(id)];
        if new {
            effects.push(Effect::ListChanged);
            effects.push(self.keep());
        }
        if new || ended {
            effects.push(Effect::Balance);
        }
        if ended {
            effects.push(Effect::Ended(id));
        }
        effects
    }

    fn create_failed(&mut self, id: JobId, failure: Failure) -> Vec<Effect> {
        let Some(job) = self.find(id) else { return Vec::new() };
        job.phase = Phase::Refused(failure.clone());
        vec![Effect::JobChanged(id), self.keep(), Effect::Reported(failure), Effect::Balance]
    }

    fn poll_failed(&mut self, id: JobId, failure: Failure, now: f64) -> Vec<Effect> {
        let Some(job) = self.find(id) else { return Vec::new() };
        if failure.kind == FailureKind::Gone {
            return self.removed(id);
        }
        job.wait = (job.wait * 1.5).min(LONGEST_WAIT);
        job.next_poll = Some(now + job.wait.max(failure.retry_after_ms.unwrap_or(0) as f64));
        job.phase = Phase::Unreachable(failure);
        vec![Effect::JobChanged(id)]
    }

    fn listed(&mut self, videos: Vec<Video>, now: f64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for video in videos {
            let known =
                self.jobs.iter().find(|job| job.video.as_ref().is_some_and(|known| known.id == video.id));
            let id = match known {
                Some(job) => job.id,
                None => self.adopt(&video),
            };
            // A listed job is no news for the balance, which is asked for on its own at the start.
            let told = self.told(id, video, None, now);
            effects.extend(told.into_iter().filter(|effect| matches!(effect, Effect::JobChanged(_))));
        }
        self.jobs.sort_by(|one, other| other.started_at().total_cmp(&one.started_at()));
        effects.push(Effect::ListChanged);
        effects
    }

    fn cancel(&mut self, id: JobId) -> Vec<Effect> {
        let Some(job) = self.find(id).filter(|job| job.can_cancel()) else { return Vec::new() };
        job.phase = Phase::Cancelling;
        let cancel = job.video.as_ref().map(|video| Effect::Cancel { id, video: video.id.clone() });
        cancel.into_iter().chain(Some(Effect::JobChanged(id))).collect()
    }

    fn cancel_failed(&mut self, id: JobId, failure: Failure, now: f64) -> Vec<Effect> {
        let Some(job) = self.find(id) else { return Vec::new() };
        job.phase = Phase::Tracked;
        if !job.is_final() {
            job.next_poll = Some(now);
        }
        vec![Effect::JobChanged(id), Effect::Reported(failure)]
    }

    fn remove(&mut self, id: JobId) -> Vec<Effect> {
        let Some(job) = self.find(id).filter(|job| job.is_final()) else { return Vec::new() };
        match &job.video {
            Some(video) => vec![Effect::Delete { id, video: video.id.clone() }],
            None => self.removed(id),
        }
    }

    fn removed(&mut self, id: JobId) -> Vec<Effect> {
        self.jobs.retain(|job| job.id != id);
        vec![Effect::ListChanged, self.keep()]
    }

    fn awake(&mut self, awake: bool, now: f64) -> Vec<Effect> {
        if awake && !self.awake {
            // Whatever happened meanwhile is worth one question at once.
            for job in self.jobs.iter_mut().filter(|job| job.next_poll.is_some()) {
                (job.next_poll, job.wait) = (Some(now), FIRST_WAIT);
            }
        }
        self.awake = awake;
        Vec::new()
    }

    fn poll_due(&mut self, now: f64) -> Vec<Effect> {
        if !self.awake {
            return Vec::new();
        }
        let mut effects = Vec::new();
        for job in &mut self.jobs {
            if let (Some(due), Some(video)) = (job.next_poll, &job.video)
                && due <= now
            {
                // None until the answer: a job is never asked about twice at once.
                job.next_poll = None;
                effects.push(Effect::Poll { id: job.id, video: video.id.clone() });
            }
        }
        effects
    }

    fn earliest(&self) -> Option<f64> {
        self.jobs.iter().filter_map(|job| job.next_poll).min_by(f64::total_cmp).filter(|_| self.awake)
    }

    /// Clicks of which nobody knows whether the server has them.
    fn keep(&self) -> Effect {
        let unanswered = |job: &&Job| match &job.phase {
            Phase::Submitting => true,
            Phase::Refused(failure) => failure.kind == FailureKind::Network,
            _ => false,
        };
        let pending = |job: &Job| Pending {
            request: job.request.clone(),
            key: job.key.clone(),
            at: job.asked_at as i64,
        };
        Effect::Keep(self.jobs.iter().filter(unanswered).map(pending).collect())
    }

    fn adopt(&mut self, video: &Video) -> JobId {
        let id = self.name();
        let request = VideoRequest {
            model: video.model.clone(),
            prompt: video.prompt.clone(),
            duration: video.seconds.parse().ok(),
            resolution: video.resolution.clone(),
            aspect_ratio: video.aspect_ratio.clone(),
            ..VideoRequest::default()
        };
        self.jobs.push(Job {
            id,
            request,
            estimate: None,
            video: None,
            phase: Phase::Tracked,
            key: String::new(),
            asked_at: video.created_at as f64 * 1_000.0,
            next_poll: None,
            wait: FIRST_WAIT,
        });
        id
    }

    fn name(&mut self) -> JobId {
        let id = JobId(self.next);
        self.next += 1;
        id
    }

    fn find(&mut self, id: JobId) -> Option<&mut Job> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }
}

#[cfg(test)]
#[path = "jobs/tests.rs"]
mod tests;
