use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::bill::BillKind;
use crate::caller::Caller;
use crate::clip;
use crate::error::ApiError;
use crate::fault::{FaultRoute, Faults};
use crate::form::{self, Form};
use crate::models::{self, Modality};
use crate::picture::{Album, Usage};
use crate::server;
use crate::state::Simulator;
use crate::tokens;

#[derive(Default, Deserialize)]
#[serde(default)]
struct ImageRequest {
    prompt: String,
    model: Option<String>,
    n: Option<u32>,
    size: Option<String>,
    quality: Option<String>,
    background: Option<String>,
    safety_identifier: Option<String>,
    stream: bool,
    partial_images: Option<u32>,
}

/// What an edit starts from.
#[derive(Default)]
struct Originals {
    count: u32,
    /// The same pictures give the same result.
    hash: usize,
    tokens: u64,
}

/// Tokens of a picture sent along, at low fidelity; high is four times as many.
const INPUT_IMAGE_TOKENS: u64 = 300;
/// What a partial image adds.
const PARTIAL_TOKENS: u64 = 100;

/// `POST /v1/images/generations`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: ImageRequest = server::parse(&body)?;
    draw(&simulator, &headers, request, FaultRoute::Image, Originals::default()).await
}

/// `POST /v1/images/edits`: `image` or `image[]`, up to 16, and perhaps a `mask`.
pub(crate) async fn edit(State(simulator): State<Simulator>, request: Request) -> Result<Response, ApiError> {
    let (headers, form) = form::read_only_form(request).await?;
    let originals = originals(&form)?;
    let text = |name: &str| form.text(name).map(str::to_owned);
    let request = ImageRequest {
        prompt: text("prompt").unwrap_or_default(),
        model: text("model"),
        n: form.number("n")?,
        size: text("size"),
        quality: text("quality"),
        background: text("background"),
        safety_identifier: text("safety_identifier"),
        stream: form.text("stream") == Some("true"),
        partial_images: form.number("partial_images")?,
    };
    draw(&simulator, &headers, request, FaultRoute::ImageEdit, originals).await
}

async fn draw(
    simulator: &Simulator,
    headers: &HeaderMap,
    request: ImageRequest,
    route: FaultRoute,
    originals: Originals,
) -> Result<Response, ApiError> {
    let caller = Caller::of(headers, None);
    simulator.book().count_create(caller.client_ref.as_deref());
    let (prompt, faults) = simulator.faults(route, headers, &request.prompt)?;
    if request.prompt.is_empty() {
        return Err(ApiError::invalid(Some("prompt"), "`prompt` must not be empty."));
    }
    let model = request.model.unwrap_or_else(|| "gpt-image-1.5".to_owned());
    models::check(simulator, &model, Modality::Image)?;
    let count = request.n.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid(Some("n"), "`n` must be between 1 and 10."));
    }
    let partials = request.partial_images.unwrap_or(0);
    if partials > 3 || (partials > 0 && !request.stream) {
        return Err(ApiError::invalid(
            Some("partial_images"),
            "`partial_images` must be between 0 and 3, and needs `stream`.",
        ));
    }
    let (width, height) = read_size(request.size.as_deref())?;
    faults.at_the_door(request.stream).await?;
    let edit = route == FaultRoute::ImageEdit;
    let text_tokens = tokens::count(&prompt);
    let pixels = u64::from(width) * u64::from(height);
    let usage = Usage {
        text_tokens,
        image_tokens: originals.tokens,
        output_tokens: u64::from(count) * pixels.div_ceil(1024) + u64::from(partials) * PARTIAL_TOKENS,
    };
    let album = Album {
        prompt,
        offset: originals.hash,
        count,
        partials,
        size: (width, height),
        quality: chosen(request.quality.as_deref(), "medium").to_owned(),
        background: chosen(request.background.as_deref(), "opaque").to_owned(),
        edit,
        usage,
    };
    let mut item = caller.item();
    item.kind = BillKind::Image;
    item.id = simulator.new_id("img_");
    (if edit { "image-edits" } else { "images" }).clone_into(&mut item.shape);
    item.model = model;
    (item.images, item.input_images) = (count, originals.count);
    item.size = Some(format!("{width}x{height}"));
    item.quality = Some(album.quality.clone());
    (item.prompt_tokens, item.completion_tokens) = (text_tokens + originals.tokens, usage.output_tokens);
    item.safety_identifier = request.safety_identifier;
    answer(simulator, album, item, request.stream, faults).await
}

async fn answer(
    simulator: &Simulator,
    album: Album,
    item: crate::bill::BillItem,
    stream: bool,
    faults: Faults,
) -> Result<Response, ApiError> {
    let delay = simulator.config().image_delay;
    if stream {
        // Whoever leaves in the middle pays for the whole picture.
        simulator.book().add(item);
        return album.into_stream(delay, faults).await;
    }
    tokio::time::sleep(delay).await;
    let (pictures, album) = album.draw().await?;
    simulator.book().add(item);
    let answer: Value = album.answer(&pictures, &faults);
    Ok(faults.deliver(answer).await)
}

fn originals(form: &Form) -> Result<Originals, ApiError> {
    let images = form.files("image");
    if !(1..=16).contains(&images.len()) {
        return Err(ApiError::invalid(Some("image"), "1 to 16 images can be edited at once."));
    }
    let readable = |file: &&Bytes| {
        file.starts_with(b"\x89PNG") || file.starts_with(b"\xff\xd8\xff") || file.get(8..12) == Some(b"WEBP")
    };
    if !images.iter().all(readable) {
        return Err(ApiError::invalid(Some("image"), "An image must be PNG, WebP or JPEG."));
    }
    if form.files("mask").iter().any(|mask| !mask.starts_with(b"\x89PNG")) {
        return Err(ApiError::invalid(Some("mask"), "The mask must be a PNG."));
    }
    let sum = images
        .iter()
        .flat_map(|image| image.iter())
        .fold(1_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte)));
    let fidelity = if form.text("input_fidelity") == Some("high") { 4 } else { 1 };
    Ok(Originals {
        count: images.len() as u32,
        hash: 16 + sum % 97,
        tokens: images.len() as u64 * INPUT_IMAGE_TOKENS * fidelity,
    })
}

fn read_size(size: Option<&str>) -> Result<(u32, u32), ApiError> {
    let size = match size {
        None | Some("auto") => "1024x1024",
        Some(size) => size,
    };
    clip::parse_pair(size, 'x')
        .filter(|(width, height)| (16..=4096).contains(width) && (16..=4096).contains(height))
        .ok_or_else(|| ApiError::invalid(Some("size"), format!("`{size}` is no size of 16x16 to 4096x4096.")))
}

/// What `auto` comes out as.
fn chosen<'a>(asked: Option<&'a str>, default: &'a str) -> &'a str {
    asked.filter(|asked| *asked != "auto").unwrap_or(default)
}
