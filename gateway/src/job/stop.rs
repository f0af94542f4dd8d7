use std::time::Duration;

use futures_util::{StreamExt, stream};
use sqlx::Row;
use tracing::Instrument;

use super::cancel;
use super::query::OPEN;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::state::AppState;

/// Jobs that are taken back at once.
const ABREAST: usize = 8;
/// How often each is asked to end, and how long between.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(300);

/// Takes back the unfinished jobs that fall under a switch, as far as their providers let go of them. That takes calls
/// to the providers, so it goes on behind the answer to the operator.
pub(crate) async fn stop(state: &AppState, subject: &str) -> Result<(), Error> {
    let query = format!(
        "SELECT job.id, job.account_id, users.tenant, users.external_id, job.model, job.provider \
         FROM job JOIN users ON users.id = job.account_id WHERE job.{OPEN} ORDER BY job.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(state.store.read()).await?;
    let mut jobs: Vec<(String, AccountId)> = Vec::new();
    for row in rows {
        let word = |index: usize| row.try_get::<String, _>(index);
        let (tenant, user) = (word(2)?, word(3)?);
        let subjects = [
            "all".to_owned(),
            format!("tenant:{tenant}"),
            format!("user:{tenant}/{user}"),
            format!("model:{}", word(4)?),
            format!("provider:{}", word(5)?),
        ];
        if subjects.iter().any(|own| own == subject) {
            jobs.push((word(0)?, AccountId(word(1)?)));
        }
    }
    let (state, running) = (state.clone(), state.underway.begin());
    let work = async move {
        let take_back = async |(id, account): (String, AccountId)| {
            let mut last = None;
            for _ in 0..TRIES {
                match cancel(&state, &id, &account).await {
                    Ok(()) => return,
                    Err(error) => last = Some(error),
                }
                // It may have moved on at that moment.
                tokio::time::sleep(PAUSE).await;
            }
            if let Some(error) = last {
                tracing::info!(job = id, %error, "a job that was to be stopped goes on");
            }
        };
        stream::iter(jobs).for_each_concurrent(ABREAST, take_back).await;
        drop(running);
    };
    tokio::spawn(work.in_current_span());
    Ok(())
}
