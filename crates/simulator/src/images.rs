use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bill::{BillItem, BillKind};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::fault::FaultRoute;
use crate::models::{self, Modality};
use crate::state::{Simulator, now_ms};
use crate::{clip, painting, server, tokens};

#[derive(Deserialize)]
struct ImageRequest {
    prompt: String,
    model: Option<String>,
    n: Option<u32>,
    size: Option<String>,
    quality: Option<String>,
    background: Option<String>,
    safety_identifier: Option<String>,
}

/// `POST /v1/images/generations`
pub(crate) async fn create(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: ImageRequest = server::parse(&body)?;
    let caller = Caller::of(&headers, None);
    simulator.book().count_create(caller.client_ref.as_deref());
    let (prompt, faults) = simulator.faults(FaultRoute::Image, &headers, &request.prompt)?;
    if request.prompt.is_empty() {
        return Err(ApiError::invalid(Some("prompt"), "`prompt` must not be empty."));
    }
    let model = request.model.unwrap_or_else(|| "gpt-image-1.5".to_owned());
    models::check(&simulator, &model, Modality::Image)?;
    let count = request.n.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(ApiError::invalid(Some("n"), "`n` must be between 1 and 10."));
    }
    let (width, height) = read_size(request.size.as_deref())?;
    faults.at_the_door(false).await?;
    tokio::time::sleep(simulator.config().image_delay).await;
    let text_tokens = tokens::count(&prompt);
    let data = tokio::task::spawn_blocking(move || draw(&prompt, width, height, count));
    let data = data.await.map_err(|_| ApiError::server())?.map_err(|_| ApiError::server())?;
    let size = format!("{width}x{height}");
    simulator.book().add(BillItem {
        kind: BillKind::Image,
        id: simulator.new_id("img_"),
        model,
        images: count,
        size: Some(size.clone()),
        shape: "images".to_owned(),
        safety_identifier: request.safety_identifier,
        ..caller.item()
    });
    let output_tokens = u64::from(count) * (u64::from(width) * u64::from(height)).div_ceil(1024);
    let (quality, background) = (request.quality.as_deref(), request.background.as_deref());
    Ok(faults
        .deliver(json!({
            "created": now_ms() / 1000,
            "background": chosen(background, "opaque"), "output_format": "png",
            "quality": chosen(quality, "medium"), "size": size, "data": data,
            "usage": {
                "input_tokens": text_tokens,
                "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": 0},
                "output_tokens": output_tokens, "total_tokens": text_tokens + output_tokens,
            },
        }))
        .await)
}

fn draw(prompt: &str, width: u32, height: u32, count: u32) -> Result<Vec<Value>, png::EncodingError> {
    let one = |index| {
        let canvas = painting::paint(prompt, width as usize, height as usize, index as usize);
        Ok(json!({"b64_json": STANDARD.encode(painting::to_png(&canvas)?)}))
    };
    (0..count).map(one).collect()
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
