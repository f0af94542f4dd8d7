//! Fetching a finished clip, until its address dies.

use std::time::Duration;

use super::step::{backoff, miss};
use super::transition::{End, end, step};
use super::{Failure, Job, delivery, judgement};
use crate::asset::{Asset, AssetError};
use crate::error::Error;
use crate::provider::{UpstreamError, Variant, VideoStatus};
use crate::state::AppState;
use crate::store::now_ms;

/// Refusals in a row until a clip counts as gone.
const MOST_REFUSALS: u32 = 8;
/// Files in a row that are of no use.
const MOST_USELESS: u32 = 2;
/// Longest that one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(10 * 60);

/// Fetches the clip and ends the job with it, or has it judged first.
pub(super) async fn store(state: &AppState, job: &Job) -> Result<(), Error> {
    if let Some(kept) = state.assets.of_job(&state.store, &job.id).await? {
        return judgement::judge(state, job, &kept).await;
    }
    match fetch(state, job).await {
        Ok(asset) => {
            let taken = if state.policy.judges_clips() {
                delivery::keep(state, job, &asset).await?
            } else {
                delivery::deliver(state, job, &asset).await?
            };
            // Where it cannot be told whether that was written, the file may be somebody's; the sweep finds out.
            if !taken {
                state.assets.discard(&asset).await;
            }
            Ok(())
        }
        Err(error) if now_ms() >= job.deadline_at => {
            tracing::error!(job = job.id, %error, "a finished clip could not be fetched; the provider will bill it");
            let message = "The provider made the clip and it could not be fetched. Nothing was charged.";
            wasted(state, job, message.to_owned()).await
        }
        Err(error) if is_hopeless(&error, job.misses) => {
            tracing::error!(job = job.id, %error, "a finished clip is no use; the provider will bill it");
            wasted(
                state,
                job,
                format!("What the provider made cannot be used: {error}. Nothing was charged."),
            )
            .await
        }
        Err(error) => {
            tracing::warn!(job = job.id, %error, "a finished clip could not be fetched yet");
            if matches!(error, AssetError::Upstream(UpstreamError::Refused { status: 400..=499, .. }))
                && let Some(fresh) = fresh_link(state, job).await
            {
                let next = Job { upstream_url: Some(fresh), misses: job.misses + 1, ..job.clone() };
                return step(state, job, &next, "").await.map(|_| ());
            }
            miss(state, job, backoff(state, job.misses)).await
        }
    }
}

async fn wasted(state: &AppState, job: &Job, message: String) -> Result<(), Error> {
    end(state, job, End::Wasted(Failure::new("upstream_failed", message))).await.map(|_| ())
}

/// True where one more attempt would end as those before it.
fn is_hopeless(error: &AssetError, misses: u32) -> bool {
    match error {
        AssetError::WrongKind(_)
        | AssetError::TooLarge
        | AssetError::Upstream(UpstreamError::Protocol(_)) => misses >= MOST_USELESS,
        AssetError::Upstream(UpstreamError::Refused { status: 300..=499, .. }) => misses >= MOST_REFUSALS,
        AssetError::Upstream(_) | AssetError::Store(_) => false,
    }
}

async fn fetch(state: &AppState, job: &Job) -> Result<Asset, AssetError> {
    let (Some(provider), Some(operation)) = (state.providers.get(&job.provider), &job.operation) else {
        return Err(AssetError::Upstream(UpstreamError::Connect));
    };
    let answer = provider.video_file(operation, job.upstream_url.as_deref(), Variant::Video).await?;
    let stored = tokio::time::timeout(ATTEMPT, state.assets.put_clip(answer)).await;
    stored.map_err(|_| AssetError::Upstream(UpstreamError::Timeout))?
}

/// Another link to the clip, from a provider whose links expire.
async fn fresh_link(state: &AppState, job: &Job) -> Option<String> {
    let old = job.upstream_url.as_ref()?;
    let provider = state.providers.get(&job.provider)?;
    match provider.video_status(job.operation.as_ref()?).await.ok()?.status {
        VideoStatus::Done { outputs, .. } => outputs.into_iter().next().filter(|link| link != old),
        _ => None,
    }
}
