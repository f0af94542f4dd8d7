//! Atlas Cloud: predictions that are asked for until they are ready, below `/api/v1/model`; chat is OpenAI's, below
//! `/v1`. Shapes from its documentation of predictions and uploads.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::multipart::Form;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::adapter::{Ability, Adapter, Reply};
use super::connection::{Connection, JOB_CALL, WHOLE_ANSWER};
use super::failure::{UpstreamError, clean};
use super::openai::{self, videos};
use super::request::{ChatCall, ImageCall, Upload};
use super::video::{Operation, Submission, Variant, VideoOrder, VideoReport, VideoStatus, segment, status};

/// Wait between two looks at a picture.
const PICTURE_POLL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Atlas;

impl Adapter for Atlas {
    fn can(&self, ability: Ability) -> bool {
        matches!(ability, Ability::Chat | Ability::Images | Ability::ImageEdits | Ability::Video)
    }

    fn chat<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Value> {
        Box::pin(openai::chat(up, call))
    }

    fn chat_stream<'a>(&'a self, up: &'a Connection, call: &'a ChatCall) -> Reply<'a, Response> {
        Box::pin(openai::chat_stream(up, call))
    }

    fn images<'a>(&'a self, up: &'a Connection, call: &'a ImageCall) -> Reply<'a, Value> {
        Box::pin(draw(up, call))
    }

    fn video_create<'a>(&'a self, up: &'a Connection, order: &'a VideoOrder) -> BoxFuture<'a, Submission> {
        Box::pin(async move {
            let body = json!({
                "model": up.model(&order.model), "prompt": order.prompt, "duration": order.seconds,
                "resolution": order.resolution, "aspect_ratio": order.aspect_ratio,
            });
            Submission::of(predict(up, "generateVideo", &body, &order.client_ref).await)
        })
    }

    fn video_status<'a>(&'a self, up: &'a Connection, operation: &'a Operation) -> Reply<'a, VideoReport> {
        Box::pin(prediction(up, operation))
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
                (None, Variant::Video) => Err(no_output()),
                _ => Err(UpstreamError::Unsupported("pictures of a clip")),
            }
        })
    }
}

/// Orders a prediction.
async fn predict(
    up: &Connection,
    call: &str,
    body: &Value,
    client_ref: &str,
) -> Result<Operation, UpstreamError> {
    let request = up.at_root(Method::POST, &format!("/api/v1/model/{call}")).json(body);
    let answer = up.json(request.header("x-client-ref", client_ref), JOB_CALL).await?;
    Operation::read(opened(&answer)?)
}

/// `GET /api/v1/model/prediction/{id}`.
async fn prediction(up: &Connection, operation: &Operation) -> Result<VideoReport, UpstreamError> {
    let path = format!("/api/v1/model/prediction/{}", segment(&operation.id)?);
    let answer = up.send(up.at_root(Method::GET, &path), JOB_CALL).await?;
    let (answer, poll_after) = videos::read_poll(answer).await?;
    let job = opened(&answer)?;
    let outputs = job.get("outputs").and_then(Value::as_array).into_iter().flatten();
    let links = outputs.filter_map(|output| output.as_str().or_else(|| output.get("url")?.as_str()));
    match status(job, links.map(str::to_owned).collect())? {
        VideoStatus::Done { outputs, .. } if outputs.is_empty() => Err(no_output()),
        status => Ok(VideoReport { status, poll_after }),
    }
}

/// What is in the envelope `{"code","message","data"}`. HTTP 200 around an error code is that error.
fn opened(answer: &Value) -> Result<&Value, UpstreamError> {
    let code = answer.get("code").and_then(Value::as_u64).unwrap_or(200);
    if let Some(status) = u16::try_from(code).ok().filter(|code| (400..600).contains(code)) {
        let message = ["message", "msg"].iter().find_map(|name| answer.get(*name)?.as_str());
        let message = clean(message.unwrap_or("it gave no reason"));
        return Err(UpstreamError::Refused { status, message, retry_after: None });
    }
    Ok(answer.get("data").filter(|data| data.is_object()).unwrap_or(answer))
}

/// A picture call, which is a prediction here, waited for until it is ready.
async fn draw(up: &Connection, call: &ImageCall) -> Result<Value, UpstreamError> {
    if call.mask.is_some() {
        return Err(UpstreamError::Unsupported("masks"));
    }
    let mut body = call.extra.clone();
    body.insert("model".into(), up.model(&call.model).into());
    body.insert("prompt".into(), call.prompt.as_str().into());
    body.insert("size".into(), call.size.as_str().into());
    if call.n > 1 {
        body.insert("n".into(), call.n.into());
    }
    let mut links = Vec::new();
    for source in &call.sources {
        links.push(upload(up, source).await?);
    }
    if !links.is_empty() {
        body.insert("images".into(), links.into());
    }
    let begun = Instant::now();
    let operation = predict(up, "generateImage", &body.into(), "").await?;
    loop {
        let wait = match prediction(up, &operation).await {
            Ok(VideoReport { status: VideoStatus::Done { outputs, .. }, .. }) => {
                let data = outputs.into_iter().map(|link| json!({"url": link}));
                return Ok(json!({"id": operation.id, "data": data.collect::<Vec<_>>()}));
            }
            Ok(VideoReport { status: VideoStatus::Queued | VideoStatus::Running { .. }, poll_after }) => {
                poll_after.unwrap_or_default().max(PICTURE_POLL)
            }
            Ok(VideoReport { status: VideoStatus::Failed { message, .. }, .. }) => {
                return Err(UpstreamError::Protocol(message));
            }
            Ok(_) => return Err(UpstreamError::Protocol("the picture was given up".into())),
            // Not to hear of a picture is not to hear that it failed.
            Err(UpstreamError::Timeout | UpstreamError::Broken | UpstreamError::Connect) => PICTURE_POLL,
            Err(UpstreamError::Refused { status: 429 | 500.., retry_after, .. }) => {
                retry_after.unwrap_or_default().max(PICTURE_POLL)
            }
            Err(error) => return Err(error),
        };
        if begun.elapsed() + wait > WHOLE_ANSWER {
            return Err(UpstreamError::Timeout);
        }
        sleep(wait).await;
    }
}

/// `POST /api/v1/model/uploadMedia`: predictions take files as links only.
async fn upload(up: &Connection, file: &Upload) -> Result<String, UpstreamError> {
    let form = Form::new().part("file", file.part());
    let request = up.at_root(Method::POST, "/api/v1/model/uploadMedia").multipart(form);
    let answer = up.json(request, WHOLE_ANSWER).await?;
    let inner = opened(&answer)?;
    let link = ["download_url", "url"].iter().find_map(|name| inner.get(*name)?.as_str());
    link.map(str::to_owned).ok_or_else(|| UpstreamError::Protocol("an uploaded file has no link".into()))
}

fn no_output() -> UpstreamError {
    UpstreamError::Protocol("the finished prediction has no output".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_error_code_in_a_success_is_that_error() {
        let refused = json!({"code": 402, "message": "Insufficient balance", "data": null});
        assert!(matches!(opened(&refused), Err(UpstreamError::Refused { status: 402, .. })));
        let good = json!({"code": 200, "data": {"id": "pred_1", "status": "processing"}});
        assert_eq!(opened(&good).unwrap()["id"], "pred_1");
        assert_eq!(opened(&json!({"id": "pred_1"})).unwrap()["id"], "pred_1");
    }
}
