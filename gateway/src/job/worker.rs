//! The one task of each gateway that moves jobs on.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::{Id, JoinError, JoinHandle, JoinSet};
use tokio::time::Instant;
use tracing::Instrument;

use super::lease::Due;
use super::{Job, JobState, intake, lease, query, queue, recover, slot, step, submit};
use crate::error::Error;
use crate::state::AppState;
use crate::store::now_ms;
use crate::trace;

/// How often what has expired is cleared away.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Longest sleep, and how often the jobs of gateways that are gone are looked for.
const RECOVERY: Duration = Duration::from_secs(10);
/// Pause after the store could not be reached.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Calls to one provider at once, besides the orders, which its places bound. A provider that is slow to answer keeps
/// its own jobs waiting and no others.
const CALLS: usize = 16;
/// Clips of one provider that are fetched at once, and of all.
const DOWNLOADS: usize = 4;
const DOWNLOADS_IN_ALL: usize = 8;
/// Clips of one provider that are judged at once.
const JUDGEMENTS: usize = 16;
/// Late looks at a provider's jobs at once.
const LATE_LOOKS: usize = 2;

/// What a task does.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Work {
    Submit,
    Step(Due),
}

impl Work {
    /// What it is called in a trace.
    fn name(self, job: &Job) -> &'static str {
        match (self, job.state) {
            (Work::Submit, _) => "job submit",
            (Work::Step(Due::Download), _) => "job store",
            (Work::Step(Due::Judgement), _) => "job judge",
            (Work::Step(Due::Late), _) => "job late look",
            (Work::Step(Due::Call), JobState::Indeterminate) => "job find",
            (Work::Step(Due::Call), _) => "job poll",
        }
    }
}

/// A task of the worker's.
struct Task {
    job: String,
    provider: String,
    work: Work,
}

/// What is under way, by the worker's own book.
#[derive(Default)]
struct Book {
    tasks: JoinSet<Option<Duration>>,
    known: HashMap<Id, Task>,
    /// Jobs that a task is busy with.
    busy: HashSet<String>,
    /// Providers that asked to be left alone, and until when.
    paused: HashMap<String, Instant>,
}

/// Starts the worker. It ends by itself after [`AppState::shut_down`], once the calls under way have been written
/// down.
pub(crate) fn spawn(state: AppState) -> JoinHandle<()> {
    tokio::spawn(async move { run(state).await }.instrument(tracing::info_span!("jobs")))
}

async fn run(state: AppState) {
    while let Err(error) = prepare(&state).await {
        error.log();
        tokio::select! {
            () = state.shutdown.wait() => return,
            () = tokio::time::sleep(STORE_PAUSE) => {}
        }
    }
    let listener = tokio::spawn(listen(state.clone()));
    let mut book = Book::default();
    let mut swept = None;
    // Done once by `prepare`.
    let mut recovered = Instant::now();
    while !state.shutdown.is_set() {
        if swept.is_none_or(|at: Instant| at.elapsed() >= HOUSEKEEPING) {
            swept = Some(Instant::now());
            state.streams.forget_old();
            if let Err(error) = sweep(&state).await {
                error.log();
            }
        }
        if recovered.elapsed() >= RECOVERY {
            recovered = Instant::now();
            if let Err(error) = recover::recover(&state).await {
                error.log();
            }
        }
        let wait = match book.take_due(&state).await {
            Ok(wait) => wait,
            Err(error) => {
                error.log();
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = state.shutdown.wait() => {}
            () = state.jobs.wake.notified() => {}
            Some(done) = book.tasks.join_next_with_id() => book.done(done),
            () = tokio::time::sleep(wait) => {}
        }
    }
    listener.abort();
    // An answer that is on its way would be lost, and its job with it.
    let rest = async { while book.tasks.join_next().await.is_some() {} };
    tokio::time::timeout(state.config.shutdown_grace, rest).await.ok();
}

/// Wakes the worker when another gateway has changed a job.
async fn listen(state: AppState) {
    loop {
        let outcome = async {
            let mut listener = state.store.listen().await?;
            // What was said while nobody listened.
            state.jobs.wake();
            loop {
                listener.heard().await?;
                state.jobs.wake();
            }
        };
        let outcome: Result<std::convert::Infallible, Error> = outcome.await;
        let Err(error) = outcome;
        tracing::warn!(%error, "the news of other gateways cannot be heard; the worker looks by itself");
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

async fn sweep(state: &AppState) -> Result<(), Error> {
    state.ledger.release_overdue(now_ms()).await?;
    state.ledger.release_interrupted().await?;
    crate::idempotency::sweep(&state.store).await?;
    crate::auth::revocation::sweep(&state.store).await?;
    crate::limit::sweep(&state.store).await?;
    intake::forget(&state.store).await
}

async fn prepare(state: &AppState) -> Result<(), Error> {
    for provider in state.providers.iter() {
        slot::prepare(&state.store, provider.id(), provider.config().max_video_jobs).await?;
    }
    recover::recover(state).await
}

impl Book {
    /// Starts everything that can be started now, and tells how long nothing else will be due.
    async fn take_due(&mut self, state: &AppState) -> Result<Duration, Error> {
        let mut wait = RECOVERY;
        // One moment for all questions: a job that falls due between them would be in none of the answers.
        let now = now_ms();
        for provider in state.providers.iter() {
            let id = provider.id();
            for (due, most) in [
                (Due::Call, CALLS),
                (Due::Download, DOWNLOADS.min(DOWNLOADS_IN_ALL.saturating_sub(self.downloads()))),
                (Due::Judgement, JUDGEMENTS),
                (Due::Late, LATE_LOOKS),
            ] {
                let room = most.saturating_sub(self.count(id, Work::Step(due)));
                for job in lease::due(state, id, due, room, |job| !self.busy.contains(job)).await? {
                    self.start(state, job, Work::Step(due));
                }
            }
            match self.paused.get(id).map(|until| until.saturating_duration_since(Instant::now())) {
                Some(left) if !left.is_zero() => wait = wait.min(left),
                _ => {
                    self.paused.remove(id);
                    while let Some(job) = queue::claim(state, id, provider.config().max_video_jobs).await? {
                        self.start(state, job, Work::Submit);
                    }
                }
            }
        }
        for job in lease::orphans(state, CALLS, |job| !self.busy.contains(job)).await? {
            self.start(state, job, Work::Step(Due::Call));
        }
        if let Some(due) = query::next_due(&state.store, now).await? {
            wait = wait.min(Duration::from_millis(u64::try_from(due - now_ms()).unwrap_or_default()));
        }
        Ok(wait)
    }

    fn count(&self, provider: &str, work: Work) -> usize {
        self.known.values().filter(|task| task.work == work && task.provider == provider).count()
    }

    fn downloads(&self) -> usize {
        self.known.values().filter(|task| task.work == Work::Step(Due::Download)).count()
    }

    fn start(&mut self, state: &AppState, job: Job, work: Work) {
        let task = Task { job: job.id.clone(), provider: job.provider.clone(), work };
        self.busy.insert(job.id.clone());
        let state = state.clone();
        let span = tracing::info_span!("job", id = job.id);
        let trace = state.traces.step(work.name(&job), &job);
        let handle = self.tasks.spawn(trace.run(perform(state, job, work)).instrument(span));
        self.known.insert(handle.id(), task);
    }

    fn done(&mut self, done: Result<(Id, Option<Duration>), JoinError>) {
        let (id, pause) = match done {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(%error, "a task of the worker was lost; its job is taken over");
                (error.id(), None)
            }
        };
        let Some(task) = self.known.remove(&id) else { return };
        self.busy.remove(&task.job);
        if let Some(pause) = pause {
            self.paused.insert(task.provider, Instant::now() + pause);
        }
    }
}

/// Does one thing for a job. The result is how long its provider wants to be left alone.
async fn perform(state: AppState, job: Job, work: Work) -> Option<Duration> {
    let id = job.id.clone();
    let step = caught(async {
        match work {
            Work::Submit => submit::submit(&state, job).await,
            Work::Step(_) => step::run(&state, &job).await.map(|()| None),
        }
    });
    match lease::kept(&state.store, &id, step).await {
        Ok(pause) => pause,
        Err(error) => {
            trace::fail_current(error.code().as_str());
            error.log();
            // Keeps a store that fails from being asked in a tight loop.
            tokio::time::sleep(STORE_PAUSE).await;
            None
        }
    }
}

/// Makes a panic an error like any other: the job is tried again instead of keeping its place until a restart.
async fn caught<T>(step: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let caught = AssertUnwindSafe(step).catch_unwind().await;
    caught.unwrap_or_else(|_| Err(Error::internal("a step of a job has panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_step_that_panics_does_not_take_its_job_along() {
        assert!(matches!(caught(async { Ok(1) }).await, Ok(1)));
        assert!(caught::<()>(async { panic!("a bug") }).await.is_err());
    }
}
