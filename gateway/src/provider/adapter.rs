use std::fmt;

use axum::http::HeaderMap;
use futures_util::future::BoxFuture;
use reqwest::Response;
use serde_json::Value;

use super::connection::Connection;
use super::failure::UpstreamError;
use super::request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall};
use super::video::{Cancellation, Operation, Submission, Variant, VideoOrder, VideoReport};

/// What a call to a provider comes to.
pub(crate) type Reply<'a, T> = BoxFuture<'a, Result<T, UpstreamError>>;

/// A kind of call that a provider may or may not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ability {
    /// Chat completions, whole and streamed.
    Chat,
    /// The Responses API, whole and streamed.
    Responses,
    /// Pictures from a description.
    Images,
    /// Pictures from other pictures.
    ImageEdits,
    /// Pictures with partial ones sent ahead.
    ImageStreams,
    /// Text to sound.
    Speech,
    /// Sound to text.
    Transcription,
    /// Clips.
    Video,
    /// Clips made from a finished one.
    Remix,
}

/// How one provider's API is spoken. Each method makes one call on the connection and reads its answer; money,
/// retries and the choice of the provider are the caller's affair.
///
/// What a provider lacks stays at its default, which answers [`UpstreamError::Unsupported`].
pub(crate) trait Adapter: fmt::Debug + Send + Sync {
    /// Whether the provider knows that kind of call.
    fn can(&self, ability: Ability) -> bool;

    /// A chat answer in one piece.
    fn chat<'a>(&'a self, _: &'a Connection, _: &'a ChatCall) -> Reply<'a, Value> {
        unsupported("chat")
    }

    /// A streamed chat answer; the body is to be read as server-sent events.
    fn chat_stream<'a>(&'a self, _: &'a Connection, _: &'a ChatCall) -> Reply<'a, Response> {
        unsupported("chat")
    }

    /// An answer of the Responses API in one piece.
    fn responses<'a>(&'a self, _: &'a Connection, _: &'a ResponsesCall) -> Reply<'a, Value> {
        unsupported("the Responses API")
    }

    /// A streamed answer of the Responses API, as server-sent events.
    fn responses_stream<'a>(&'a self, _: &'a Connection, _: &'a ResponsesCall) -> Reply<'a, Response> {
        unsupported("the Responses API")
    }

    /// Pictures, drawn or edited, in the shape of OpenAI's answer: `data` with `b64_json` or `url`.
    fn images<'a>(&'a self, _: &'a Connection, _: &'a ImageCall) -> Reply<'a, Value> {
        unsupported("pictures")
    }

    /// Pictures with partial ones ahead, as server-sent events of OpenAI's shape.
    fn images_stream<'a>(&'a self, _: &'a Connection, _: &'a ImageCall) -> Reply<'a, Response> {
        unsupported("partial pictures")
    }

    /// Speech; the body is the sound, or server-sent events where the call asked for them.
    fn speech<'a>(&'a self, _: &'a Connection, _: &'a SpeechCall) -> Reply<'a, Response> {
        unsupported("speech")
    }

    /// The text of a recording, in the format that the call asked for.
    fn transcription<'a>(&'a self, _: &'a Connection, _: &'a TranscriptionCall) -> Reply<'a, Response> {
        unsupported("transcription")
    }

    /// Orders a clip.
    fn video_create<'a>(&'a self, _: &'a Connection, _: &'a VideoOrder) -> BoxFuture<'a, Submission> {
        Box::pin(async { Submission::Rejected(UpstreamError::Unsupported("clips")) })
    }

    /// Where a clip stands. A word that the adapter does not know is an error and never "pending".
    fn video_status<'a>(&'a self, _: &'a Connection, _: &'a Operation) -> Reply<'a, VideoReport> {
        unsupported("clips")
    }

    /// A finished clip. `output` is the link that [`Adapter::video_status`] reported, where it did.
    fn video_file<'a>(
        &'a self,
        _: &'a Connection,
        _: &'a Operation,
        _output: Option<&'a str>,
        _: Variant,
    ) -> Reply<'a, Response> {
        unsupported("clips")
    }

    /// Asks for a clip not to be made. The job ends only with what a later poll says.
    fn video_cancel<'a>(&'a self, _: &'a Connection, _: &'a Operation) -> Reply<'a, Cancellation> {
        Box::pin(async { Ok(Cancellation::Unsupported) })
    }

    /// Whether the API has a call to take a clip back.
    fn can_cancel(&self) -> bool {
        false
    }

    /// Whether a clip can be looked up by the reference that its order carried.
    fn can_find(&self) -> bool {
        false
    }

    /// The clip that was ordered under that reference, if there is one.
    fn video_find<'a>(&'a self, _: &'a Connection, _client_ref: &'a str) -> Reply<'a, Option<Operation>> {
        unsupported("a look-up by reference")
    }

    /// Which clip a webhook is about, once its signature is found good. The message itself is not believed: the
    /// clip's status is asked for.
    fn webhook(
        &self,
        connection: &Connection,
        headers: &HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Notice, WebhookError> {
        let _ = (connection, headers, body, now_seconds);
        Err(WebhookError::Unsupported)
    }
}

/// What a genuine webhook says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// The same for each attempt to deliver it: whoever acts on it does so once.
    pub(crate) id: String,
    /// The clip that it is about.
    pub(crate) operation: Operation,
}

/// Why a webhook is not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WebhookError {
    /// The provider sends none, or no secret is configured to check them by.
    #[error("no webhooks are taken from this provider")]
    Unsupported,
    /// The signature is missing, wrong, or too old.
    #[error("{0}")]
    Refused(#[from] crate::webhook::Refused),
    /// It is signed and says nothing about a clip.
    #[error("the message names no job")]
    Irrelevant,
}

fn unsupported<'a, T>(what: &'static str) -> Reply<'a, T> {
    Box::pin(async move { Err(UpstreamError::Unsupported(what)) })
}
