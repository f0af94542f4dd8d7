//! The operator's judge looks at a clip before its owner does.

use sqlx::Row;
use triptych_protocol::ErrorCode;

use super::step::{backoff, miss};
use super::transition::{End, end};
use super::{Failure, Job, delivery};
use crate::asset::Asset;
use crate::error::Error;
use crate::policy::{About, Clip, Judgement};
use crate::routes::asset_url;
use crate::state::AppState;
use crate::store::now_ms;

/// How often a judge that may be passed over is asked in vain before it is.
const MOST_UNHEARD: u32 = 3;

/// Asks about a clip that is kept, and ends the job by what is said. Where nothing is said the job waits.
pub(super) async fn judge(state: &AppState, job: &Job, asset: &Asset) -> Result<(), Error> {
    let clip = Clip {
        id: &job.id,
        url: asset_url(state, &asset.id),
        mime: &asset.mime,
        bytes: asset.bytes,
        prompt: &job.prompt,
        seconds: job.delivered.unwrap_or(job.seconds),
        size: &job.size,
        resolution: &job.resolution,
        aspect_ratio: &job.aspect_ratio,
        remixed_from: job.source.as_ref().map(|source| source.video.as_str()),
    };
    match state.policy.clip(&about(state, job).await?, &clip).await {
        Judgement::Allowed => delivery::deliver_kept(state, job, asset).await.map(|_| ()),
        Judgement::Refused(refusal) => {
            tracing::info!(job = job.id, "the policy hook refused a clip; the provider will bill it");
            let message = refusal.body().error.message;
            withhold(state, job, asset, Failure::new(refusal.code().as_str(), message)).await
        }
        Judgement::Unheard { cause, pass_over } => {
            let late = now_ms() >= job.deadline_at;
            tracing::warn!(job = job.id, cause, misses = job.misses, "the policy hook did not judge a clip");
            if pass_over && (late || job.misses + 1 >= MOST_UNHEARD) {
                tracing::warn!(job = job.id, "the policy hook was passed over");
                delivery::deliver_kept(state, job, asset).await.map(|_| ())
            } else if late {
                let message = "The check of the clip could not be reached in time. Nothing was charged.";
                let failure = Failure::new(ErrorCode::Unavailable.as_str(), message);
                withhold(state, job, asset, failure).await
            } else {
                miss(state, job, backoff(state, job.misses)).await
            }
        }
    }
}

/// Ends the job without its clip, which is deleted.
async fn withhold(state: &AppState, job: &Job, asset: &Asset, failure: Failure) -> Result<(), Error> {
    if end(state, job, End::Refused(failure)).await? {
        // The links to it have ended with the job. What a crash leaves here goes with the next sweep.
        state.assets.discard(asset).await;
    }
    Ok(())
}

async fn about(state: &AppState, job: &Job) -> Result<About, Error> {
    let row = sqlx::query("SELECT tenant, external_id FROM users WHERE id = $1")
        .bind(&job.account.0)
        .fetch_one(state.store.read())
        .await?;
    Ok(About::clip(row.try_get(0)?, row.try_get(1)?, job.model.clone()))
}
