use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;
use triptych_protocol::{Credits, ImageData, ImageResponse, TriptychExtra};

use crate::asset::{Asset, AssetKind, image_type};
use crate::call::{Hold, Kept};
use crate::error::Error;
use crate::estimate::{ResolvedImage, by_tokens};
use crate::ledger::UsageRecord;
use crate::provider::{Provider, UpstreamError};
use crate::state::AppState;
use crate::store::now_ms;
use crate::stream::usage_of;

/// Largest picture, in bytes.
const MAX_PICTURE: usize = 64 * 1024 * 1024;

/// The pictures of an answer, each looked at before anybody pays for it.
pub(super) async fn pictures(
    provider: &Provider,
    answer: &Value,
    n: u32,
) -> Result<Vec<Bytes>, UpstreamError> {
    let items = answer.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut pictures = Vec::new();
    for item in items.iter().take(n as usize) {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let bytes = match (text("b64_json"), text("url")) {
            (Some(encoded), _) => STANDARD.decode(encoded).ok().map(Bytes::from),
            (None, Some(url)) => provider.file_bytes(url, MAX_PICTURE).await.ok(),
            (None, None) => None,
        };
        match bytes.filter(|bytes| image_type(bytes).is_ok()) {
            Some(bytes) => pictures.push(bytes),
            None => {
                tracing::warn!(provider = provider.id(), "a picture is no picture and is not charged")
            }
        }
    }
    if pictures.is_empty() {
        return Err(UpstreamError::Protocol("it holds no picture".into()));
    }
    Ok(pictures)
}

/// Keeps the pictures, charges for exactly those, and answers.
pub(super) async fn deliver(
    state: &AppState,
    hold: &Hold,
    resolved: &ResolvedImage,
    answer: &Value,
    pictures: Vec<Bytes>,
    as_url: bool,
) -> Result<Response, Error> {
    let mut data = Vec::new();
    let count = u32::try_from(pictures.len()).unwrap_or(resolved.n);
    for picture in pictures {
        let kept = keep(state, hold, &picture).await;
        let kept = kept.map_err(|error| tracing::error!(%error, "a picture could not be kept")).ok();
        // A picture that could not be kept is handed over all the same: it will be paid for.
        let b64_json = (!as_url || kept.is_none()).then(|| STANDARD.encode(&picture));
        let url = kept.as_ref().filter(|_| as_url).map(|asset| crate::routes::assets::url(state, &asset.id));
        data.push(ImageData { b64_json, url, asset: kept.map(|asset| asset.id) });
    }
    let usage = usage_of(answer);
    let (charged, record) = charge(hold, resolved, count, answer);
    let response = ImageResponse {
        created: answer.get("created").and_then(Value::as_i64).unwrap_or_else(|| now_ms() / 1000),
        data,
        size: Some(resolved.size.clone()),
        usage,
        triptych: None,
    };
    let body = |extra: Option<&TriptychExtra>| {
        let response = ImageResponse { triptych: extra.cloned(), ..response.clone() };
        serde_json::to_vec(&response).unwrap_or_default()
    };
    let kept = |extra: &TriptychExtra| body(Some(extra));
    let settled = hold.settle(state, charged, &record, Kept::Answer(&kept)).await;
    // Paid work is handed over even where the receipt could not be written; the log has the rest.
    let body = body(settled.as_ref().ok());
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

pub(super) async fn keep(state: &AppState, hold: &Hold, picture: &Bytes) -> Result<Asset, Error> {
    let asset = state.assets.put(AssetKind::Image, picture.clone()).await.map_err(Error::internal)?;
    state.assets.keep(&state.store, asset, &hold.account).await
}

/// What so many pictures cost, and what is written down about them.
pub(super) fn charge(
    hold: &Hold,
    resolved: &ResolvedImage,
    count: u32,
    answer: &Value,
) -> (Credits, UsageRecord) {
    let usage = usage_of(answer);
    let charged = resolved.charge(hold.price(), count, usage.as_ref()).unwrap_or(hold.amount);
    // Tokens that are not what is paid for would only confuse the books.
    let tokens = usage.filter(|_| by_tokens(hold.price()));
    let record = UsageRecord {
        images: Some(count),
        quality: resolved.quality.clone(),
        input_images: (resolved.input_images > 0).then_some(resolved.input_images),
        size: Some(resolved.size.clone()),
        upstream_id: answer.get("id").and_then(Value::as_str).map(str::to_owned),
        ..tokens.map(|usage| UsageRecord::of_tokens(&usage, false)).unwrap_or_default()
    };
    (charged, record)
}
