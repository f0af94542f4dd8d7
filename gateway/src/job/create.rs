use std::time::Duration;

use triptych_protocol::{ErrorCode, VideoPriority, VideoRequest};

use super::query::{find_in, unfinished};
use super::transition::record;
use super::{Job, JobState, Source, queue, timing};
use crate::call::{self, Call};
use crate::error::Error;
use crate::estimate::quote_video;
use crate::idempotency::{Begin, Replay};
use crate::limit::{Demand, Limits};
use crate::provider::Ability;
use crate::state::AppState;
use crate::store::{new_id, now_ms};
use crate::trace;

/// A job that was ordered, now or by an earlier call with the same key.
pub(crate) enum Created {
    Fresh(Box<Job>),
    Replay(Replay),
}

/// Prices a clip, perhaps one `from` another, holds its price and queues it, all in one transaction. `answer` is what the caller gets and what a
/// repeat of the call will get.
pub(crate) async fn create(
    state: &AppState,
    call: &Call<'_>,
    request: &VideoRequest,
    from: Option<&Job>,
    answer: impl Fn(&Job) -> Vec<u8>,
) -> Result<Created, Error> {
    call::expect_running(state)?;
    call.caller.allow_model(&request.model)?;
    let model = state.catalogue.model(&request.model)?;
    let (quote, resolved) = quote_video(model, request)?;
    let source = from.map(|from| source(state, from)).transpose()?;
    let provider = match from {
        Some(from) => from.provider.clone(),
        None => {
            let plan = state.providers.plan(model, Ability::Video)?;
            plan.first().ok_or_else(|| Error::internal("a plan without a provider"))?.id().to_owned()
        }
    };
    let life = Duration::from_secs(state.config.jobs.deadline_minutes.saturating_mul(60));
    call.vet(state, model).await?;
    let kind = timing::Kind {
        provider: provider.clone(),
        model: model.id.clone(),
        resolution: resolved.resolution.clone(),
        seconds: resolved.seconds,
    };
    let spread = timing::spread(state, &kind).await?;

    let mut tx = state.store.write().await?;
    let guard = match call.begin(state, &mut tx).await? {
        Some(Begin::Replay(replay)) => return Ok(Created::Replay(replay)),
        Some(Begin::Fresh(guard)) => Some(guard),
        None => None,
    };
    // The hold comes first: it keeps two orders of one user from being counted at the same time.
    let reservation = call::hold(state, &mut tx, call.caller, model, &quote, life).await?;
    if unfinished(&mut tx, &call.caller.account).await? >= state.config.jobs.max_queued_per_user {
        let message = "Too many videos of this user are waiting. Wait for one to end.";
        return Err(Error::new(ErrorCode::RateLimited, message).retry_after(Duration::from_secs(10)));
    }
    Limits::of(state, call.caller, Demand::new(model, &quote)).admit(&mut tx, call.caller).await?;
    let id = new_id("video");
    let now = now_ms();
    sqlx::query(
        "INSERT INTO job (id, account_id, reservation_id, provider, model, prompt, seconds, size, resolution, \
         aspect_ratio, batch, held, created_at, due_at, deadline_at, extra) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(&id)
    .bind(&call.caller.account.0)
    .bind(&reservation.0)
    .bind(&provider)
    .bind(&model.id)
    .bind(&request.prompt)
    .bind(i64::from(resolved.seconds))
    .bind(resolved.frame.to_string())
    .bind(&resolved.resolution)
    .bind(&resolved.aspect_ratio)
    .bind(i64::from(request.priority == Some(VideoPriority::Batch)))
    .bind(quote.estimate.amount.micro())
    .bind(now)
    .bind(now)
    .bind(now.saturating_add(i64::try_from(life.as_millis()).unwrap_or(i64::MAX)))
    .bind(source.as_ref().map(serde_json::to_string).transpose().map_err(Error::internal)?)
    .execute(&mut *tx)
    .await?;
    record(&mut tx, &id, JobState::Queued, 0, "").await?;
    let mut job = find_in(&mut tx, &id).await?;
    job.position = queue::places(&mut *tx, &job.account).await?.get(&id).copied();
    job.estimate = spread.map(|spread| spread.estimate(state, &job.provider, job.position));
    if let Some(guard) = guard {
        guard.finish(&mut tx, 200, &[("content-type", "application/json")], &answer(&job)).await?;
    }
    tx.notify_jobs().await?;
    tx.commit().await?;
    state.jobs.wake();
    trace::note_job(&id);
    Ok(Created::Fresh(Box::new(job)))
}

/// What a provider needs to make a clip from another one.
///
/// # Errors
/// `conflict` where there is no finished clip, `invalid_request` where its provider has no such call.
fn source(state: &AppState, from: &Job) -> Result<Source, Error> {
    if from.state != JobState::Completed {
        return Err(Error::new(ErrorCode::Conflict, "Only a completed video can be remixed."));
    }
    let provider = state.providers.get(&from.provider).filter(|provider| provider.can(Ability::Remix));
    let (Some(provider), Some(operation)) = (provider, &from.operation) else {
        return Err(Error::invalid(
            "video_id",
            "The provider of this video cannot make another one from it.",
        ));
    };
    if provider.is_off() {
        let message = "The provider of this video is switched off. Try again later.";
        return Err(Error::new(ErrorCode::Unavailable, message).final_answer());
    }
    Ok(Source { video: from.id.clone(), operation: operation.clone() })
}
