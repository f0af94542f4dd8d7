//! The one task that moves jobs on.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;
use tracing::Instrument;

use super::{Job, query, slot, step, transition};
use crate::error::Error;
use crate::state::AppState;
use crate::store::now_ms;

/// Longest sleep, and how often what has expired is cleared away.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Pause after the store could not be reached.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// What is under way, by the worker's own book.
#[derive(Default)]
struct Work {
    tasks: JoinSet<(String, String, Option<Duration>)>,
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
    let mut work = Work::default();
    let mut swept = None;
    while !state.shutdown.is_set() {
        if swept.is_none_or(|at: Instant| at.elapsed() >= HOUSEKEEPING) {
            swept = Some(Instant::now());
            state.streams.forget_old();
            if let Err(error) = sweep(&state).await {
                error.log();
            }
        }
        let wait = match work.take_due(&state).await {
            Ok(wait) => wait,
            Err(error) => {
                error.log();
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = state.shutdown.wait() => {}
            () = state.jobs.wake.notified() => {}
            Some(done) = work.tasks.join_next() => work.done(done),
            () = tokio::time::sleep(wait) => {}
        }
    }
    // An answer that is on its way would be lost, and its job with it.
    let rest = async { while work.tasks.join_next().await.is_some() {} };
    tokio::time::timeout(state.config.shutdown_grace, rest).await.ok();
}

async fn sweep(state: &AppState) -> Result<(), Error> {
    state.assets.sweep(&state.store).await?;
    state.ledger.release_overdue(now_ms()).await?;
    state.ledger.release_interrupted().await?;
    crate::idempotency::sweep(&state.store).await?;
    Ok(())
}

async fn prepare(state: &AppState) -> Result<(), Error> {
    for provider in state.providers.iter() {
        slot::prepare(&state.store, &provider.config().id, provider.config().max_video_jobs).await?;
    }
    transition::recover(state).await
}

impl Work {
    /// Starts everything that can be started now, and tells how long nothing else will be due.
    async fn take_due(&mut self, state: &AppState) -> Result<Duration, Error> {
        let mut wait = HOUSEKEEPING;
        for provider in state.providers.iter() {
            let config = provider.config();
            if let Some(until) = self.paused.get(&config.id).copied() {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    wait = wait.min(left);
                    continue;
                }
                self.paused.remove(&config.id);
            }
            while let Some(job) = transition::claim(state, &config.id, config.max_video_jobs).await? {
                self.start(state, job, true);
            }
        }
        // One moment for both questions: a job that falls due between them would be in neither answer.
        let now = now_ms();
        for job in query::due(&state.store, now).await? {
            if !self.busy.contains(&job.id) {
                self.start(state, job, false);
            }
        }
        if let Some(due) = query::next_due(&state.store, now).await? {
            wait = wait.min(Duration::from_millis(u64::try_from(due - now_ms()).unwrap_or_default()));
        }
        Ok(wait)
    }

    fn start(&mut self, state: &AppState, job: Job, claimed: bool) {
        self.busy.insert(job.id.clone());
        let state = state.clone();
        let span = tracing::info_span!("job", id = job.id);
        self.tasks.spawn(
            async move {
                let (id, provider) = (job.id.clone(), job.provider.clone());
                let step = async {
                    if claimed { step::submit(&state, job).await } else { step::run(&state, job).await }
                };
                let pause = match caught(step).await {
                    Ok(pause) => pause,
                    Err(error) => {
                        error.log();
                        // Keeps a store that fails from being asked in a tight loop.
                        tokio::time::sleep(STORE_PAUSE).await;
                        None
                    }
                };
                (id, provider, pause)
            }
            .instrument(span),
        );
    }

    fn done(&mut self, done: Result<(String, String, Option<Duration>), tokio::task::JoinError>) {
        match done {
            Ok((id, provider, pause)) => {
                self.busy.remove(&id);
                if let Some(pause) = pause {
                    self.paused.insert(provider, Instant::now() + pause);
                }
            }
            Err(error) => {
                tracing::error!(%error, "a task of the worker was lost; its job waits for a restart")
            }
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
