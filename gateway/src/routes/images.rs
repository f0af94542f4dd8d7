use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use triptych_protocol::{ImageData, ImageRequest, ImageResponse, Scope, TriptychExtra};

use crate::asset::{Asset, AssetKind, image_type};
use crate::auth::Caller;
use crate::call::{self, Call, Hold, Kept, Start};
use crate::error::Error;
use crate::estimate::{ResolvedImage, by_tokens, quote_image};
use crate::ledger::UsageRecord;
use crate::provider::{Ability, ImageCall, Provider, UpstreamError};
use crate::state::AppState;
use crate::store::now_ms;
use crate::stream::usage_of;

/// Longest that an image call can last, links to slow files and all; then its hold is given back.
const LIFE: Duration = Duration::from_secs(40 * 60);
/// Largest picture, in bytes.
const MAX_PICTURE: usize = 64 * 1024 * 1024;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/v1/images/generations", post(create))
}

async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Error> {
    caller.require(Scope::Image)?;
    let work = run(state.clone(), caller, headers, body);
    call::detached(&state, work).await
}

async fn run(state: AppState, caller: Caller, headers: HeaderMap, bytes: Bytes) -> Result<Response, Error> {
    let request: ImageRequest = super::body::parse(&bytes)?;
    caller.allow_model(&request.model)?;
    let model = state.catalogue.model(&request.model)?;
    let (quote, resolved) = quote_image(model, &request)?;
    let plan = state.providers.plan(model, Ability::Images)?;
    let call = Call::new(&caller, "image", &headers, bytes)?;
    let hold = match call.start(&state, model, &quote, LIFE, None).await? {
        Start::Replay(replay) => return Ok(replay.into_response()),
        Start::Fresh(hold) => hold,
    };
    let mut extra = Map::new();
    if let Some(quality) = &resolved.quality {
        extra.insert("quality".into(), quality.as_str().into());
    }
    let order = ImageCall {
        model: model.id.clone(),
        prompt: request.prompt.clone(),
        n: resolved.n,
        size: resolved.size.clone(),
        extra,
        sources: Vec::new(),
        mask: None,
        partial_images: 0,
        safety_identifier: call::safety_identifier(&caller),
    };
    let drawing = async {
        let (provider, answer) = plan.images(&order).await?;
        let pictures = pictures(&provider, &answer, resolved.n).await?;
        Ok((answer, pictures))
    };
    let (answer, pictures) = match call::unless_going_down(&state, drawing).await {
        Ok(drawn) => drawn,
        Err(error) => {
            // Where it fails it has logged itself, and the provider's error matters more to the caller.
            hold.release(&state, error.label()).await.ok();
            return Err(error.into());
        }
    };
    if let Err(error) = state.policy.after_pictures(&hold.about, &pictures).await {
        hold.release(&state, error.code().as_str()).await.ok();
        return Err(error);
    }
    let as_url = request.response_format.as_deref() == Some("url");
    deliver(&state, &hold, &resolved, &answer, pictures, as_url).await
}

/// The pictures of an answer, each looked at before anybody pays for it.
async fn pictures(provider: &Provider, answer: &Value, n: u32) -> Result<Vec<Bytes>, UpstreamError> {
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
async fn deliver(
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
        let url = kept.as_ref().filter(|_| as_url).map(|asset| super::assets::url(state, &asset.id));
        data.push(ImageData { b64_json, url, asset: kept.map(|asset| asset.id) });
    }
    let usage = usage_of(answer);
    let charged = resolved.charge(hold.price(), count, usage.as_ref()).unwrap_or(hold.amount);
    // Tokens that are not what is paid for would only confuse the books.
    let tokens = usage.filter(|_| by_tokens(hold.price()));
    let record = UsageRecord {
        images: Some(count),
        quality: resolved.quality.clone(),
        size: Some(resolved.size.clone()),
        upstream_id: answer.get("id").and_then(Value::as_str).map(str::to_owned),
        ..tokens.map(|usage| UsageRecord::of_tokens(&usage, false)).unwrap_or_default()
    };
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

async fn keep(state: &AppState, hold: &Hold, picture: &Bytes) -> Result<Asset, Error> {
    let asset = state.assets.put(AssetKind::Image, picture.clone()).await.map_err(Error::internal)?;
    let recorded = async {
        let mut tx = state.store.write().await?;
        state.assets.record(&mut tx, &asset, &hold.account, None).await?;
        tx.commit().await?;
        Ok(())
    };
    if let Err(error) = recorded.await {
        state.assets.discard(&asset).await;
        return Err(error);
    }
    Ok(asset)
}
