use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::failure::UpstreamError;

/// Keeps calls away from a provider that has failed again and again, so that they go to the next one, or fail at once,
/// instead of waiting for it. After a rest one call is let through to see.
#[derive(Debug)]
pub(crate) struct Breaker {
    /// Failures in a row that open it.
    most: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// Since when it is open, or since when the last trial runs.
    since: Option<Instant>,
}

impl Breaker {
    pub(super) fn new(most: u32, rest: Duration) -> Self {
        Breaker { most: most.max(1), rest, state: Mutex::default() }
    }

    /// Lets a call through, or says how long the provider is left alone.
    pub(super) fn admit(&self) -> Result<(), Duration> {
        self.admit_at(Instant::now())
    }

    fn admit_at(&self, now: Instant) -> Result<(), Duration> {
        let mut state = self.state();
        match state.since {
            Some(since) if now.saturating_duration_since(since) < self.rest => {
                Err(self.rest.saturating_sub(now.saturating_duration_since(since)))
            }
            Some(_) => {
                // The trial. The others wait for its outcome, for one more rest at most.
                state.since = Some(now);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Takes note of how a call went.
    pub(super) fn record(&self, error: Option<&UpstreamError>) {
        let mut state = self.state();
        match error {
            Some(error) if error.is_outage() => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= self.most {
                    state.since = Some(Instant::now());
                }
            }
            // Busy is neither well nor down, and our own end says nothing about the provider.
            Some(error) if error.is_busy() || matches!(error, UpstreamError::GoingDown) => {}
            _ => *state = State::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(30);

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_call_try_after_its_rest() {
        let breaker = Breaker::new(3, REST);
        for _ in 0..2 {
            breaker.record(Some(&UpstreamError::Connect));
        }
        breaker.record(None);
        for _ in 0..2 {
            breaker.record(Some(&UpstreamError::Connect));
        }
        assert_eq!(breaker.admit(), Ok(()));
        breaker.record(Some(&UpstreamError::Timeout));
        assert!(breaker.admit().is_err_and(|left| left <= REST));
        let later = Instant::now() + REST;
        assert_eq!(breaker.admit_at(later), Ok(()));
        assert_eq!(breaker.admit_at(later), Err(REST), "only one call tries");
        breaker.record(None);
        assert_eq!(breaker.admit(), Ok(()));
    }

    #[test]
    fn what_a_caller_can_bring_about_opens_nothing() {
        let breaker = Breaker::new(1, REST);
        for status in [400, 404, 422, 429, 500] {
            let error = UpstreamError::Refused { status, message: String::new(), retry_after: None };
            breaker.record(Some(&error));
            assert_eq!(breaker.admit(), Ok(()), "{status}");
        }
        breaker.record(Some(&UpstreamError::Protocol(String::new())));
        assert_eq!(breaker.admit(), Ok(()));
    }
}
