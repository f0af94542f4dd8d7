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
/// What stands for a picture: base64 has no colon, and a quote within a string is escaped, so that nothing else reads so.
const REFERENCE: &str = "\"b64_json\":\"asset:";

/// The answer as it is kept: with references to the pictures that are files, too.
pub(crate) fn slim(body: Vec<u8>) -> Vec<u8> {
    if body.len() < SHORT {
        return body;
    }
    let Ok(answer) = serde_json::from_slice::<Value>(&body) else { return body };
    let Ok(mut text) = String::from_utf8(body.clone()) else { return body };
    for picture in answer.get("data").and_then(Value::as_array).into_iter().flatten() {
        let word = |name: &str| picture.get(name).and_then(Value::as_str);
        if let (Some(asset), Some(encoded)) = (word("asset"), word("b64_json")) {
            text = text.replacen(&format!("\"b64_json\":\"{encoded}\""), &format!("{REFERENCE}{asset}\""), 1);
        }
    }
    text.into_bytes()
}

impl Replay {
    /// Puts the pictures back that [`slim`] has left out: the answer is the same to the byte.
    ///
    /// # Errors
    /// `already_charged` where a file is no longer kept.
    pub(super) async fn with_pictures(mut self, state: &AppState) -> Result<Replay, Error> {
        let Ok(text) = std::str::from_utf8(&self.body) else { return Ok(self) };
        let mut parts = text.split(REFERENCE);
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let gone = || {
                let message = "This call was done and paid before, and its pictures are no longer kept.";
                Error::new(ErrorCode::AlreadyCharged, message)
            };
            let (asset, rest) = part.split_once('"').ok_or_else(gone)?;
            let asset = state.assets.find(&state.store, asset).await?.ok_or_else(gone)?;
            let file = state.assets.open(&asset, None).await?;
            let bytes = file.bytes().await.map_err(Error::internal)?;
            whole.push_str("\"b64_json\":\"");
            STANDARD.encode_string(&bytes, &mut whole);
            whole.push('"');
            whole.push_str(rest);
        }
        self.body = whole.into_bytes();
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
        let wanted = json!({"data": [{"asset": "asset_1", "b64_json": "asset:asset_1"}, {"b64_json": "kept"}], "created": 1});
        assert_eq!(serde_json::from_slice::<Value>(&slim).unwrap(), wanted);
    }
}
