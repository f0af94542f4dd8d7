use std::time::Duration;

use reqwest::Response;
use reqwest::multipart::Form;
use serde_json::{Value, json};

use crate::provider::connection::{Connection, JOB_CALL, read_json};
use crate::provider::failure::{self, UpstreamError};
use crate::provider::video::{Operation, Variant, VideoOrder, VideoReport, segment, status};

/// Most bytes of a job's status.
const MAX_STATUS: usize = 1024 * 1024;
/// Longest wait that a provider can ask for between two polls.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// `POST /videos` as the OpenAI SDKs send it, always a form; `POST /videos/{id}/remix` where there is a clip to start
/// from.
pub(in crate::provider) async fn create(
    up: &Connection,
    order: &VideoOrder,
) -> Result<Operation, UpstreamError> {
    let request = match &order.remix_of {
        Some(source) => {
            up.post(&format!("/videos/{}/remix", segment(&source.id)?)).json(&json!({"prompt": order.prompt}))
        }
        None => {
            let form = Form::new()
                .text("model", up.model(&order.model).to_owned())
                .text("prompt", order.prompt.clone())
                .text("seconds", order.seconds.to_string())
                .text("size", order.size.clone());
            up.post("/videos").multipart(form)
        }
    };
    // The API has no field for it; a header at least stands in logs.
    let request = request.header("x-client-ref", &order.client_ref);
    Operation::read(&up.json(request, JOB_CALL).await?)
}

/// `GET /videos/{id}`.
pub(in crate::provider) async fn report(
    up: &Connection,
    operation: &Operation,
) -> Result<VideoReport, UpstreamError> {
    let (job, poll_after) = poll(up, &format!("/videos/{}", segment(&operation.id)?)).await?;
    Ok(VideoReport { status: status(&job, Vec::new())?, poll_after })
}

/// `GET /videos/{id}/content`.
pub(in crate::provider) async fn file(
    up: &Connection,
    operation: &Operation,
    variant: Variant,
) -> Result<Response, UpstreamError> {
    let mut path = format!("/videos/{}/content", segment(&operation.id)?);
    if variant != Variant::Video {
        path = format!("{path}?variant={}", variant.as_str());
    }
    up.download(up.get(&path)).await
}

/// Asks for a job and for when to ask again.
pub(in crate::provider) async fn poll(
    up: &Connection,
    path: &str,
) -> Result<(Value, Option<Duration>), UpstreamError> {
    read_poll(up.send(up.get(path), JOB_CALL).await?).await
}

/// Reads a job's status and when the provider wants the next poll.
pub(in crate::provider) async fn read_poll(
    answer: Response,
) -> Result<(Value, Option<Duration>), UpstreamError> {
    let header = |name: &str| answer.headers().get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let poll_after = header("openai-poll-after-ms")
        .map(Duration::from_millis)
        .or_else(|| failure::retry_after(&answer))
        .map(|wait| wait.min(LONGEST_WAIT));
    Ok((read_json(answer, JOB_CALL, MAX_STATUS).await?, poll_after))
}
