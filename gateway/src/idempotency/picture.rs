//! Answers with pictures are kept without them: the files are assets anyway, and a database is no place for megabytes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use triptych_protocol::ErrorCode;

use super::Replay;
use crate::error::Error;
use crate::state::AppState;

/// Shorter answers hold no picture that is worth the trouble.
const SHORT: usize = 16 * 1024;

/// The answer as it is kept: without the pictures that are files, too.
pub(crate) fn slim(body: Vec<u8>) -> Vec<u8> {
    if body.len() < SHORT {
        return body;
    }
    let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else { return body };
    let mut changed = false;
    for picture in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(picture) = picture.as_object_mut()
            && picture.get("asset").is_some_and(Value::is_string)
        {
            changed |= picture.remove("b64_json").is_some();
        }
    }
    if changed { answer.to_string().into_bytes() } else { body }
}

impl Replay {
    /// Puts the pictures back that [`slim`] has left out.
    ///
    /// # Errors
    /// `already_charged` where a file is no longer kept.
    pub(crate) async fn refilled(mut self, state: &AppState) -> Result<Replay, Error> {
        let Ok(mut answer) = serde_json::from_slice::<Value>(&self.body) else { return Ok(self) };
        let mut changed = false;
        for picture in answer.get_mut("data").and_then(Value::as_array_mut).into_iter().flatten() {
            let given = picture.get("b64_json").or(picture.get("url")).is_some_and(|given| !given.is_null());
            let Some(asset) = picture.get("asset").and_then(Value::as_str).filter(|_| !given) else {
                continue;
            };
            let gone = || {
                let message = "This call was done and paid before, and its pictures are no longer kept.";
                Error::new(ErrorCode::AlreadyCharged, message)
            };
            let asset = state.assets.find(&state.store, asset).await?.ok_or_else(gone)?;
            let file = state.assets.open(&asset, None).await?;
            let bytes = file.bytes().await.map_err(Error::internal)?;
            if let Some(picture) = picture.as_object_mut() {
                picture.insert("b64_json".into(), STANDARD.encode(&bytes).into());
                changed = true;
            }
        }
        if changed {
            self.body = answer.to_string().into_bytes();
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn only_pictures_that_are_files_are_left_out() {
        let large = "A".repeat(SHORT);
        let body =
            json!({"data": [{"asset": "asset_1", "b64_json": large}, {"b64_json": "kept"}], "created": 1});
        let slim = slim(body.to_string().into_bytes());
        let wanted = json!({"data": [{"asset": "asset_1"}, {"b64_json": "kept"}], "created": 1});
        assert_eq!(serde_json::from_slice::<Value>(&slim).unwrap(), wanted);
    }
}
