use std::sync::Arc;

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::Value;

use crate::bill::{BillItem, BillKind};
use crate::caller::Caller;
use crate::clip;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults, Kind};
use crate::job::Job;
use crate::models::{self, Modality};
use crate::state::Simulator;
use crate::webhook;

/// What a job is to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Making {
    #[default]
    Clip,
    /// So many of them.
    Pictures(u32),
}

/// A job as it was ordered, whatever the shape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Order {
    pub(crate) shape: &'static str,
    pub(crate) making: Making,
    pub(crate) model: String,
    pub(crate) prompt: String,
    pub(crate) seconds: u32,
    /// Width and height as asked for.
    pub(crate) size: (u32, u32),
    /// `W:H`. The clip keeps it exactly; its pixels are fewer than asked for.
    pub(crate) aspect_ratio: String,
    pub(crate) remixed_from: Option<String>,
    /// The client's own name for it, by which it can be found. One in a header is only billed.
    pub(crate) external_task_id: Option<String>,
    pub(crate) callback_url: Option<String>,
}

impl Order {
    pub(crate) fn resolution(&self) -> String {
        format!("{}p", self.size.0.min(self.size.1))
    }
}

/// The fields of every create call; each shape reads the ones it knows.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct CreateRequest {
    pub(crate) model: Option<String>,
    pub(crate) prompt: String,
    /// OpenAI sends a string, others a number.
    pub(crate) seconds: Option<Value>,
    pub(crate) duration: Option<Value>,
    /// `WxH`, or `W*H` as some of Atlas's models want it.
    pub(crate) size: Option<String>,
    pub(crate) resolution: Option<String>,
    pub(crate) aspect_ratio: Option<String>,
    pub(crate) n: Option<u32>,
    pub(crate) num_images: Option<u32>,
    pub(crate) safety_identifier: Option<String>,
    pub(crate) external_task_id: Option<String>,
    pub(crate) callback_url: Option<String>,
    #[serde(skip)]
    pub(crate) remixed_from: Option<String>,
}

/// Takes a job in, puts it on the bill and sees to its webhook. The faults are those left for the answer.
pub(crate) async fn accept(
    simulator: &Simulator,
    headers: &HeaderMap,
    shape: &'static str,
    modality: Modality,
    request: CreateRequest,
) -> Result<(Arc<Job>, Faults), ApiError> {
    let caller = Caller::of(headers, request.external_task_id.as_deref());
    simulator.book().count_create(caller.client_ref.as_deref());
    let route = if modality == Modality::Image { FaultRoute::Image } else { FaultRoute::Video };
    let (prompt, asked) = simulator.asked(route, headers, &request.prompt)?;
    if request.prompt.is_empty() {
        return Err(ApiError::invalid(Some("prompt"), "`prompt` must not be empty."));
    }
    let model = request.model.unwrap_or_else(|| "sora-2".to_owned());
    // Atlas has hundreds of them, all of the form VENDOR/MODEL/TASK.
    if !(shape == "atlas" && model.contains('/')) {
        models::check(simulator, &model, modality)?;
    }
    let mut order = Order {
        shape,
        model,
        prompt,
        external_task_id: request.external_task_id,
        callback_url: request.callback_url,
        remixed_from: request.remixed_from,
        ..Order::default()
    };
    let config = simulator.config();
    let mut time_ms = if modality == Modality::Image {
        let count = request.n.or(request.num_images).unwrap_or(1);
        if !(1..=10).contains(&count) {
            return Err(ApiError::invalid(Some("n"), "1 to 10 pictures can be asked for."));
        }
        order.making = Making::Pictures(count);
        (order.size, order.aspect_ratio) =
            read_size(request.size.as_deref().or(Some("1024x1024")), None, None)?;
        config.image_delay.as_millis() as u64
    } else {
        order.seconds = read_seconds(request.seconds.or(request.duration))?;
        let (size, resolution) = (request.size.as_deref(), request.resolution.as_deref());
        (order.size, order.aspect_ratio) = read_size(size, resolution, request.aspect_ratio.as_deref())?;
        config.video_time_ms(order.size.0.min(order.size.1), order.seconds)
    };
    let faults = asked.now();
    faults.at_the_door(false).await?;
    if faults.has(Kind::WebhookEarly) {
        time_ms = 0;
    }
    let id = simulator.new_id(if modality == Modality::Image { "pred_" } else { "video_" });
    let job = Job::new(id, order, config.dialect, time_ms, asked.always, asked.once);
    let job = simulator.roster().accept(job, config.max_concurrent_videos)?;
    simulator.book().add_job(item(&job, caller, request.safety_identifier), Arc::clone(&job));
    if faults.has(Kind::WebhookEarly) {
        webhook::send(simulator, &job).await;
    } else {
        webhook::send_at_end(simulator.clone(), Arc::clone(&job));
    }
    Ok((job, faults))
}

fn item(job: &Job, caller: Caller, safety_identifier: Option<String>) -> BillItem {
    let order = &job.order;
    let (kind, images, resolution) = match order.making {
        Making::Clip => (BillKind::Video, 0, Some(order.resolution())),
        Making::Pictures(count) => (BillKind::Image, count, None),
    };
    BillItem {
        kind,
        id: job.id.clone(),
        shape: order.shape.to_owned(),
        model: order.model.clone(),
        images,
        size: Some(format!("{}x{}", order.size.0, order.size.1)),
        seconds: job.seconds(),
        resolution,
        safety_identifier,
        ..caller.item()
    }
}

fn read_seconds(value: Option<Value>) -> Result<u32, ApiError> {
    let seconds = match &value {
        None | Some(Value::Null) => Some(4),
        Some(Value::String(text)) => text.parse().ok(),
        Some(value) => value.as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
    };
    let refusal = || ApiError::invalid(Some("seconds"), "The length must be 1 to 20 whole seconds.");
    seconds.filter(|seconds| (1..=20).contains(seconds)).ok_or_else(refusal)
}

/// The pixels and the ratio, from `size` or from `resolution` and `aspect_ratio`.
fn read_size(
    size: Option<&str>,
    resolution: Option<&str>,
    ratio: Option<&str>,
) -> Result<((u32, u32), String), ApiError> {
    if let Some(size) = size {
        let pair = clip::parse_pair(size, if size.contains('*') { '*' } else { 'x' })
            .filter(|(width, height)| (64..=4096).contains(width) && (64..=4096).contains(height));
        let (width, height) = pair.ok_or_else(|| {
            ApiError::invalid(Some("size"), format!("`{size}` is no size of 64x64 to 4096x4096."))
        })?;
        let (across, down) = clip::reduce(width, height);
        return Ok(((width, height), format!("{across}:{down}")));
    }
    let resolution = resolution.unwrap_or("720p");
    let short = resolution.strip_suffix('p').and_then(|short| short.parse().ok());
    let short: u32 = short.filter(|short| (240..=2160).contains(short)).ok_or_else(|| {
        ApiError::invalid(Some("resolution"), format!("`{resolution}` is no resolution of 240p to 2160p."))
    })?;
    let ratio = ratio.unwrap_or("16:9");
    let (across, down) = clip::parse_pair(ratio, ':')
        .filter(|(across, down)| (1..=32).contains(across) && (1..=32).contains(down))
        .ok_or_else(|| ApiError::invalid(Some("aspect_ratio"), format!("`{ratio}` is no aspect ratio.")))?;
    let long = |long: u32, shorter: u32| (short * long / shorter).next_multiple_of(2);
    let pixels = if across >= down { (long(across, down), short) } else { (short, long(down, across)) };
    Ok((pixels, ratio.to_owned()))
}
