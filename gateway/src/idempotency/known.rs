use std::time::Duration;

use triptych_protocol::ErrorCode;

use super::{Begin, Replay, STREAM_NOTE};
use crate::error::Error;

/// A row of the table.
pub(super) struct Known {
    pub(super) body_hash: String,
    pub(super) done: bool,
    pub(super) epoch: String,
    pub(super) note: Option<String>,
    /// What became of its hold, where it has one.
    pub(super) hold: Option<String>,
    pub(super) created_at: i64,
    pub(super) status: Option<i64>,
    pub(super) headers: Option<String>,
    pub(super) body: Option<Vec<u8>>,
}

impl Known {
    /// The stream that the call's answer was written to, by its note.
    pub(super) fn stream(&self) -> Option<String> {
        self.note.as_deref()?.strip_prefix(STREAM_NOTE).map(str::to_owned)
    }

    pub(super) fn is_over(&self, now: i64, kept: Duration) -> bool {
        self.created_at.saturating_add(kept.as_millis() as i64) <= now
    }

    pub(super) fn replay(self) -> Result<Begin, Error> {
        let Some(status) = self.status else {
            let stream = self.stream();
            let note = self.note.map(|note| format!(": {note}")).unwrap_or_default();
            let message = format!(
                "This call was done and charged before, and its answer is not kept{note}. Use a new key to call again."
            );
            return Err(Error::new(ErrorCode::AlreadyCharged, message).with_stream(stream));
        };
        let headers =
            serde_json::from_str(self.headers.as_deref().unwrap_or("[]")).map_err(Error::internal)?;
        Ok(Begin::Replay(Replay {
            status: u16::try_from(status).unwrap_or(200),
            headers,
            body: self.body.unwrap_or_default(),
        }))
    }
}
