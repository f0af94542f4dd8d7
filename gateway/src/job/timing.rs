//! How long clips take, told from those that were finished last.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Row;
use triptych_protocol::VideoEstimate;

use super::Job;
use crate::error::Error;
use crate::state::AppState;

/// Fewer finished clips say nothing.
const FEWEST: usize = 3;
/// How many of the last ones are looked at.
const MOST: u32 = 50;
/// For how long what was found is good.
const KEEP: Duration = Duration::from_secs(30);
/// For how long it is good that nothing was found: the first clips of a kind come soon.
const KEEP_NOTHING: Duration = Duration::from_secs(2);

/// What is alike in clips that take alike long.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) resolution: String,
    pub(super) seconds: u32,
}

/// How long the making of a clip takes, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spread {
    p50: i64,
    p90: i64,
}

/// What was found of late. There are as many entries as the catalogue has kinds.
#[derive(Debug, Default)]
pub(super) struct Times(Mutex<HashMap<Kind, (Instant, Option<Spread>)>>);

/// How long a job may take, if anything like it was made before.
pub(super) async fn estimate(state: &AppState, job: &Job) -> Result<Option<VideoEstimate>, Error> {
    let kind = Kind {
        provider: job.provider.clone(),
        model: job.model.clone(),
        resolution: job.resolution.clone(),
        seconds: job.seconds,
    };
    Ok(spread(state, &kind).await?.map(|spread| spread.estimate(state, &job.provider, job.position)))
}

/// How long clips of a kind take, else those of its model.
pub(super) async fn spread(state: &AppState, kind: &Kind) -> Result<Option<Spread>, Error> {
    let times = || state.jobs.times.0.lock().unwrap_or_else(PoisonError::into_inner);
    let known = times().get(kind).copied();
    if let Some((at, spread)) = known
        && at.elapsed() < if spread.is_some() { KEEP } else { KEEP_NOTHING }
    {
        return Ok(spread);
    }
    let mut found = of(state, kind, "AND resolution = $3 AND seconds = $4").await?;
    if found.is_none() {
        found = of(state, kind, "AND $3 <> '' AND $4 > 0").await?;
    }
    times().insert(kind.clone(), (Instant::now(), found));
    Ok(found)
}

async fn of(state: &AppState, kind: &Kind, alike: &'static str) -> Result<Option<Spread>, Error> {
    let query = format!(
        "SELECT completed_at - started_at FROM job WHERE state = 'completed' AND started_at IS NOT NULL \
         AND provider = $1 AND model = $2 {alike} ORDER BY completed_at DESC LIMIT {MOST}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(&kind.provider)
        .bind(&kind.model)
        .bind(&kind.resolution)
        .bind(i64::from(kind.seconds))
        .fetch_all(state.store.read())
        .await?;
    let times: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(Spread::of(times))
}

impl Spread {
    fn of(mut times: Vec<i64>) -> Option<Spread> {
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        (times.len() >= FEWEST).then_some(())?;
        Some(Spread { p50: at(50)?, p90: at(90)? })
    }

    /// In seconds, with the wait of a job at that place of the queue.
    pub(super) fn estimate(self, state: &AppState, provider: &str, position: Option<u32>) -> VideoEstimate {
        let places = state.providers.get(provider).map(|provider| provider.config().max_video_jobs);
        let wait = |position: u32, places: u32| {
            // With all places taken one becomes free each time this long.
            seconds(self.p50.saturating_mul(i64::from(position)) / i64::from(places.max(1)))
        };
        VideoEstimate {
            p50_seconds: seconds(self.p50),
            p90_seconds: seconds(self.p90),
            starts_in_seconds: position.zip(places).map(|(position, places)| wait(position, places)),
        }
    }
}

fn seconds(millis: i64) -> u32 {
    u32::try_from((millis.max(0) + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nine_in_ten_are_counted_over_what_there_is() {
        assert_eq!(Spread::of(vec![5, 1]), None);
        assert_eq!(Spread::of(vec![9, 1, 5]), Some(Spread { p50: 5, p90: 9 }));
        assert_eq!(Spread::of((1..=20).rev().collect()), Some(Spread { p50: 10, p90: 18 }));
        assert_eq!((seconds(1), seconds(1000), seconds(1001)), (1, 1, 2));
    }
}
