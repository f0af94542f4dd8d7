//! The job-queue shape `/video/generations` that new-api and others speak; chat and pictures are OpenAI's there.

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use reqwest::Response;
use serde_json::{Value, json};

use super::adapter::{Ability, Adapter, Reply, WebhookError};
use super::connection::{Connection, JOB_CALL};
use super::failure::UpstreamError;
use super::openai::{self, audio, images, responses, videos};
use super::request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall};
use super::video::{Operation, Submission, Variant, VideoOrder, VideoReport, VideoStatus, segment, status};
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

    fn webhook(
        &self,
        up: &Connection,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Operation, WebhookError> {
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
        VideoStatus::Done { outputs } if outputs.is_empty() => Err(no_link()),
        status => Ok(VideoReport { status, poll_after }),
    }
}

fn no_link() -> UpstreamError {
    UpstreamError::Protocol("the finished job has no link".into())
}
