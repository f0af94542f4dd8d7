//! Answers that are sounds are kept as files, which the database only names.

use triptych_protocol::ErrorCode;

use super::Replay;
use crate::asset::Asset;
use crate::error::Error;
use crate::state::AppState;

/// What a kept answer begins with that is only the name of its file. All others are JSON.
const REFERENCE: &[u8] = b"asset:";

/// The answer as it is kept: the name of its file.
pub(crate) fn sound(asset: &Asset) -> Vec<u8> {
    [REFERENCE, asset.id.as_bytes()].concat()
}

impl Replay {
    /// Puts the sound in the place of its name, where the answer is one.
    ///
    /// # Errors
    /// `already_charged` where the file is no longer kept.
    pub(super) async fn with_sound(mut self, state: &AppState) -> Result<Replay, Error> {
        let name = self.body.strip_prefix(REFERENCE).and_then(|name| std::str::from_utf8(name).ok());
        let Some(name) = name else { return Ok(self) };
        let gone = || {
            let message = "This call was done and paid before, and its sound is no longer kept. Use a new key to call again.";
            Error::new(ErrorCode::AlreadyCharged, message)
        };
        let asset = state.assets.find(&state.store, name).await?.ok_or_else(gone)?;
        let file = state.assets.open(&asset, None).await?;
        self.body = file.bytes().await.map_err(Error::internal)?.to_vec();
        Ok(self)
    }
}
