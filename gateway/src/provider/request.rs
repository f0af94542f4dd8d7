use bytes::Bytes;
use serde_json::{Map, Value};

/// A chat call as the gateway makes it.
#[derive(Clone, Debug)]
pub(crate) struct ChatCall {
    /// The caller's body; its fields pass through unless they have a price of their own.
    pub(crate) body: Map<String, Value>,
    /// The model of the catalogue.
    pub(crate) model: String,
    /// What the hold covers.
    pub(crate) max_completion_tokens: Option<u32>,
    /// A `service_tier` that the price accounts for.
    pub(crate) service_tier: Option<String>,
    /// Tells the provider one end user from another without naming them.
    pub(crate) safety_identifier: String,
}

/// A call of the Responses API as the gateway makes it.
#[derive(Clone, Debug)]
pub(crate) struct ResponsesCall {
    /// The caller's body; its fields pass through unless they have a price of their own.
    pub(crate) body: Map<String, Value>,
    /// The model of the catalogue.
    pub(crate) model: String,
    /// What the hold covers.
    pub(crate) max_output_tokens: Option<u32>,
    /// Tells the provider one end user from another without naming them.
    pub(crate) safety_identifier: String,
}

/// Pictures to be drawn, or to be made from others.
#[derive(Clone, Debug)]
pub(crate) struct ImageCall {
    /// The model of the catalogue.
    pub(crate) model: String,
    /// What to draw.
    pub(crate) prompt: String,
    /// How many.
    pub(crate) n: u32,
    /// Such as `1024x1024`.
    pub(crate) size: String,
    /// Further fields that neither the price nor the answer's form depends on.
    pub(crate) extra: Map<String, Value>,
    /// Pictures to start from; with any the call is an edit.
    pub(crate) sources: Vec<Upload>,
    /// Where an edit may paint.
    pub(crate) mask: Option<Upload>,
    /// How many pictures to send ahead of the finished one; for streams.
    pub(crate) partial_images: u32,
    /// Tells the provider one end user from another without naming them.
    pub(crate) safety_identifier: String,
}

/// Text to be spoken.
#[derive(Clone, Debug)]
pub(crate) struct SpeechCall {
    /// The caller's body; its fields pass through.
    pub(crate) body: Map<String, Value>,
    /// The model of the catalogue.
    pub(crate) model: String,
}

/// A recording to be written down.
#[derive(Clone, Debug)]
pub(crate) struct TranscriptionCall {
    /// The caller's fields besides the file; they pass through. A name may be there more than once.
    pub(crate) fields: Vec<(String, String)>,
    /// The model of the catalogue.
    pub(crate) model: String,
    /// The recording.
    pub(crate) file: Upload,
}

/// A file that the caller sent.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    /// A name with the right ending; the caller's own name stays here.
    pub(crate) name: String,
    /// As its first bytes tell.
    pub(crate) mime: &'static str,
    pub(crate) bytes: Bytes,
}

impl ChatCall {
    /// What all answers together may have, where there is a cap.
    pub(crate) fn most_tokens(&self) -> Option<u64> {
        let answers = self.body.get("n").and_then(Value::as_u64).unwrap_or(1);
        self.max_completion_tokens.map(|cap| u64::from(cap).saturating_mul(answers))
    }
}

impl Upload {
    /// The file as a part of a form.
    pub(super) fn part(&self) -> reqwest::multipart::Part {
        let part = reqwest::multipart::Part::stream(self.bytes.clone()).file_name(self.name.clone());
        // The type comes from our own list, so it can be parsed; without one the provider looks for itself.
        part.mime_str(self.mime).unwrap_or_else(|_| {
            reqwest::multipart::Part::stream(self.bytes.clone()).file_name(self.name.clone())
        })
    }
}
