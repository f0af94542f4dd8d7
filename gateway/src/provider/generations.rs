//! The job-queue shape `/video/generations` that new-api and others speak; chat and pictures are OpenAI's there.

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use reqwest::Response;
use serde_json::{Value, json};

use super::adapter::{Ability, Adapter, Notice, Reply, WebhookError};
use super::connection::{Connection, JOB_CALL};
use super::failure::UpstreamError;
use super::openai::{self, audio, images, responses, videos};
use super::request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall};
use super::video::{
    Cancellation, Operation, Submission, Variant, VideoOrder, VideoReport, VideoStatus, segment, status,
};
use super::webhook;

#[derive(Debug)]
pub(super) struct Generations;

impl Adapter for Generations {
    fn can(&self, ability: Ability) -> bool {
        ability != Ability::Remix
    }

    fn chat<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Value> {
        Box::pin(openai::chat(up, call))
    }

    fn chat_stream<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Response> {
        Box::pin(openai::chat_stream(up, call))
    }

    fn responses<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Value> {
        Box::pin(responses::whole(up, call))
    }

    fn responses_stream<'a>(&'a self, up: &'a Connection, call: &'a ResponsesCall) -> Reply<'a, Response> {
        Box::pin(responses::stream(up, call))
    }

    fn images<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Value> {
        Box::pin(images::whole(up, call))
    }

    fn images_stream<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Response> {
        Box::pin(images::stream(up, call))
    }

    fn speech<'a>(&'a self, up: &'a Connection, call: &'a SpeechCall) -> Reply<'a, Response> {
        Box::pin(audio::speech(up, call))
    }

    fn transcription<'a>(&'a self, up: &'a Connection, call: &'a TranscriptionCall) -> Reply<'a, Response> {
        Box::pin(audio::transcription(up, call))
    }

    fn video_create<'a>(&'a self, up: &'a Connection, order: &'a VideoOrder) -> BoxFuture<'a, Submission> {
        Box::pin(async move { Submission::of(create(up, order).await) })
    }

    fn video_status<'a>(&'a self, up: &'a Connection, operation: &'a Operation) -> Reply<'a, VideoReport> {
        Box::pin(report(up, operation))
    }

    fn video_file<'a>(
        &'a self,
        up: &'a Connection,
        _: &'a Operation,
        output: Option<&'a str>,
        variant: Variant,
    ) -> Reply<'a, Response> {
        Box::pin(async move {
            match (output, variant) {
                (Some(link), Variant::Video) => up.file(link).await,
                (None, Variant::Video) => Err(no_link()),
                _ => Err(UpstreamError::Unsupported("pictures of a clip")),
            }
        })
    }

    fn video_cancel<'a>(&'a self, up: &'a Connection, operation: &'a Operation) -> Reply<'a, Cancellation> {
        Box::pin(cancel(up, operation))
    }

    fn can_cancel(&self) -> bool {
        true
    }

    fn can_find(&self) -> bool {
        true
    }

    fn video_find<'a>(&'a self, up: &'a Connection, client_ref: &'a str) -> Reply<'a, Option<Operation>> {
        Box::pin(find(up, client_ref))
    }

    fn webhook(
        &self,
        up: &Connection,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Notice, WebhookError> {
        webhook::standard(up, headers, body, now_seconds)
    }
}

async fn create(up: &Connection, order: &VideoOrder) -> Result<Operation, UpstreamError> {
    let mut body = json!({
        "model": up.model(&order.model), "prompt": order.prompt, "duration": order.seconds,
        "resolution": order.resolution, "aspect_ratio": order.aspect_ratio,
        "external_task_id": order.client_ref,
    });
    if let Some(url) = &order.callback_url {
        body["callback_url"] = url.as_str().into();
    }
    let request = up.post("/video/generations").header("x-client-ref", &order.client_ref);
    Operation::read(&up.json(request.json(&body), JOB_CALL).await?)
}

async fn report(up: &Connection, operation: &Operation) -> Result<VideoReport, UpstreamError> {
    let (job, poll_after) =
        videos::poll(up, &format!("/video/generations/{}", segment(&operation.id)?)).await?;
    let links = ["/video_url", "/url", "/data/outputs/0"];
    let link = links.iter().find_map(|path| job.pointer(path)?.as_str());
    let status = status(&job, link.map(str::to_owned).into_iter().collect())?;
    match status {
        VideoStatus::Done { outputs, .. } if outputs.is_empty() => Err(no_link()),
        status => Ok(VideoReport { status, poll_after }),
    }
}

/// `POST /video/generations/{id}/cancel`, which some of these servers have.
async fn cancel(up: &Connection, operation: &Operation) -> Result<Cancellation, UpstreamError> {
    let request = up.post(&format!("/video/generations/{}/cancel", segment(&operation.id)?));
    match up.send(request, JOB_CALL).await {
        Ok(_) => Ok(Cancellation::Cancelled),
        Err(UpstreamError::Refused { status: 400 | 409 | 422, .. }) => Ok(Cancellation::TooLate),
        Err(UpstreamError::Refused { status: 404 | 405 | 501, .. }) => Ok(Cancellation::Unsupported),
        Err(error) => Err(error),
    }
}

/// `GET /video/generations?external_task_id=…`, which some of these servers have. A server that ignores the question
/// lists other jobs, so each is looked at.
async fn find(up: &Connection, client_ref: &str) -> Result<Option<Operation>, UpstreamError> {
    let path = format!("/video/generations?external_task_id={}", segment(client_ref)?);
    let list = match up.json(up.get(&path), JOB_CALL).await {
        Err(UpstreamError::Refused { status: 404 | 405 | 501, .. }) => {
            return Err(UpstreamError::Unsupported("a look-up by reference"));
        }
        list => list?,
    };
    let unknown = || UpstreamError::Protocol("the list of jobs is no list".into());
    let jobs = list.get("data").and_then(Value::as_array).ok_or_else(unknown)?;
    let named = |job: &&Value| job.get("external_task_id").and_then(Value::as_str) == Some(client_ref);
    match jobs.iter().find(named) {
        Some(job) => Operation::read(job).map(Some),
        // Other jobs than the one that was asked for: nothing follows from not finding it among them.
        None if !jobs.is_empty() => Err(UpstreamError::Unsupported("a look-up by reference")),
        None => Ok(None),
    }
}

fn no_link() -> UpstreamError {
    UpstreamError::Protocol("the finished job has no link".into())
}
