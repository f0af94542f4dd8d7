//! `POST /v1/images/generations` and `/v1/images/edits`: whole, or with partial pictures ahead.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use triptych_protocol::{ImageRequest, ImageResponse, Scope};
use utoipa_axum::routes;

use super::upload::{self, Accept, File};
use crate::auth::Caller;
use crate::call::{self, Call, Start};
use crate::error::Error;
use crate::estimate::{ResolvedImage, quote_image_edit};
use crate::idempotency::body_hash;
use crate::openapi::shape::{ImageEditForm, ImageEvent, ImageGenerationRequest};
use crate::openapi::{Calls, Once, calls};
use crate::policy;
use crate::provider::{Ability, ImageCall, Plan, Upload};
use crate::state::AppState;

mod finish;
mod stream;

/// Longest that an image call can last, links to slow files and all; then its hold is given back.
const LIFE: Duration = Duration::from_secs(40 * 60);
/// Most pictures that an edit may start from.
const MOST_SOURCES: usize = 16;
/// Fields that pass through: they change how a picture looks and not what it costs.
const PASSED_ON: [&str; 6] =
    ["background", "output_format", "output_compression", "moderation", "style", "input_fidelity"];

pub(super) fn router() -> Calls {
    calls().routes(routes!(create)).routes(routes!(edit))
}

/// A picture call as it came.
struct Asked {
    route: &'static str,
    fields: Map<String, Value>,
    sources: Vec<Upload>,
    mask: Option<Upload>,
    /// What a repeat is compared by.
    body: Bytes,
}

/// A picture call that is priced and knows where to go.
struct Drawing {
    plan: Plan,
    order: ImageCall,
    resolved: ResolvedImage,
    as_url: bool,
}

/// Draws pictures.
#[utoipa::path(
    post, path = "/v1/images/generations", operation_id = "createImage", tag = "images",
    security(("token" = [])), params(Once), request_body = ImageGenerationRequest,
    responses((
        status = 200, description = "The pictures; with `stream` as server-sent events.",
        content((ImageResponse = "application/json"), (ImageEvent = "text/event-stream")),
    )),
)]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    caller.require(Scope::Image)?;
    let fields = super::body::parse(&body)?;
    let asked = Asked { route: "image", fields, sources: Vec::new(), mask: None, body };
    let work = run(state.clone(), caller, headers, asked);
    call::detached(&state, work).await
}

/// Draws pictures from others.
#[utoipa::path(
    post, path = "/v1/images/edits", operation_id = "createImageEdit", tag = "images",
    security(("token" = [])), params(Once),
    request_body(content = ImageEditForm, content_type = "multipart/form-data"),
    responses((
        status = 200, description = "The pictures; with `stream` as server-sent events.",
        content((ImageResponse = "application/json"), (ImageEvent = "text/event-stream")),
    )),
)]
async fn edit(State(state): State<AppState>, caller: Caller, request: Request) -> Result<Response, Error> {
    caller.require(Scope::Image)?;
    let headers = request.headers().clone();
    let accept = [("image", Accept::Picture), ("mask", Accept::Picture)];
    let form = upload::read(request, &state.config.limits, &accept).await?;
    // The form's own bytes hold a boundary that is new each time.
    let files = form.files.iter().map(|(name, file)| format!("{name}:{}", body_hash(&file.bytes)));
    let files = files.collect::<Vec<_>>();
    let fields = form.fields.into_iter().map(|(name, text)| {
        let value = match (name.as_str(), text.parse::<u32>()) {
            ("n" | "partial_images" | "output_compression", Ok(number)) => number.into(),
            ("stream", _) if text == "true" || text == "false" => (text == "true").into(),
            _ => Value::String(text),
        };
        (name, value)
    });
    let fields: Map<String, Value> = fields.collect();
    let mut compared = fields.clone();
    compared.insert("files".into(), files.into());
    let body = Value::from(compared).to_string();
    let mut asked = Asked { route: "image_edit", fields, sources: Vec::new(), mask: None, body: body.into() };
    for (name, file) in form.files {
        let File { name: file_name, mime, bytes } = file;
        let file = Upload { name: file_name, mime, bytes };
        if name == "image" {
            asked.sources.push(file);
        } else if asked.mask.replace(file).is_some() {
            return Err(Error::invalid("mask", "Send one mask at most."));
        }
    }
    if !(1..=MOST_SOURCES).contains(&asked.sources.len()) {
        let message = format!("Send 1 to {MOST_SOURCES} pictures in `image`.");
        return Err(Error::invalid("image", message));
    }
    let work = run(state.clone(), caller, headers, asked);
    call::detached(&state, work).await
}

async fn run(state: AppState, caller: Caller, headers: HeaderMap, asked: Asked) -> Result<Response, Error> {
    let streamed = asked.fields.get("stream").and_then(Value::as_bool).unwrap_or(false);
    let format = asked.fields.get("output_format").and_then(Value::as_str).unwrap_or("png");
    if !matches!(format, "png" | "webp" | "jpeg") {
        return Err(Error::invalid("output_format", "`output_format` must be `png`, `webp` or `jpeg`."));
    }
    let request: ImageRequest = super::body::parse(json!(asked.fields).to_string().as_bytes())?;
    caller.allow_model(&request.model)?;
    let model = state.catalogue.model(&request.model)?;
    let sources = u32::try_from(asked.sources.len()).unwrap_or(u32::MAX);
    let (quote, resolved) = quote_image_edit(model, &request, sources)?;
    let ability = if sources > 0 { Ability::ImageEdits } else { Ability::Images };
    // Providers without partial pictures send the finished ones only.
    let partial = streamed.then(|| state.providers.plan(model, Ability::ImageStreams).ok()).flatten();
    let sends_partial = partial.is_some();
    let plan = match partial {
        Some(plan) => plan,
        None => state.providers.plan(model, ability)?,
    };
    let mut extra = asked.fields;
    extra.retain(|name, value| PASSED_ON.contains(&name.as_str()) && !value.is_null());
    if let Some(quality) = &resolved.quality {
        extra.insert("quality".into(), quality.as_str().into());
    }
    let drawing = Drawing {
        plan,
        order: ImageCall {
            model: model.id.clone(),
            prompt: request.prompt.clone(),
            n: resolved.n,
            size: resolved.size.clone(),
            extra,
            sources: asked.sources,
            mask: asked.mask,
            partial_images: resolved.partial_images,
            safety_identifier: call::safety_identifier(&caller),
        },
        resolved,
        as_url: request.response_format.as_deref() == Some("url"),
    };
    let call = Call::new(&caller, asked.route, &headers, asked.body)?;
    let note = streamed.then_some("its pictures were streamed");
    let hold = match call.start(&state, model, &quote, LIFE, note).await? {
        Start::Replay(replay) => return Ok(replay.into_response()),
        Start::Fresh(hold) => hold,
    };
    if streamed && sends_partial {
        return stream::passed_on(&state, drawing, hold).await;
    }
    let work = async {
        let (provider, answer) = drawing.plan.images(&drawing.order).await?;
        let pictures = finish::pictures(&provider, &answer, drawing.resolved.n).await?;
        Ok((answer, pictures))
    };
    let (answer, pictures) = match call::unless_going_down(&state, work).await {
        Ok(drawn) => drawn,
        Err(error) => {
            // Where it fails it has logged itself, and the provider's error matters more to the caller.
            hold.release(&state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    if let Err(error) = state.policy.after_pictures(&hold.about, &pictures).await {
        let (cost, _) = finish::charge(&hold, &drawing.resolved, pictures.len() as u32, &answer);
        policy::withhold(&state, &hold, cost, &error).await.ok();
        return Err(error);
    }
    if streamed {
        return stream::made_up(&state, &drawing, &hold, &answer, pictures).await;
    }
    finish::deliver(&state, &hold, &drawing.resolved, &answer, pictures, drawing.as_url).await
}
