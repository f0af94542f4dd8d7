//! Bodies that the gateway reads and writes as plain JSON values, because what it does not know of them passes through.
//! Here is what it does know. Nothing makes a value of these types.
#![allow(dead_code, reason = "they are only described")]

use serde_json::{Map, Value};
use triptych_protocol::{ErrorDetail, ImageRequest, StreamOptions, TriptychExtra, Usage};
use utoipa::ToSchema;

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct File(Vec<u8>);

/// A conversation, in OpenAI's shape. Fields that are not named here are passed on to the provider.
#[derive(ToSchema)]
pub(crate) struct ChatCompletionRequest {
    /// A model of the catalogue.
    model: String,
    /// The conversation, oldest first.
    #[schema(min_items = 1)]
    messages: Vec<Message>,
    /// True for server-sent events.
    #[schema(default = false)]
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    /// Most tokens that each answer may have. The price is bounded by it.
    #[schema(minimum = 1)]
    max_completion_tokens: Option<u32>,
    /// The older name of `max_completion_tokens`.
    #[schema(minimum = 1)]
    max_tokens: Option<u32>,
    /// How many answers; 1 when absent.
    #[schema(minimum = 1)]
    n: Option<u32>,
    /// One of the model's tiers, where it has any.
    service_tier: Option<String>,
    triptych: Option<ChatWishes>,
}

/// What only this gateway understands.
#[derive(ToSchema)]
struct ChatWishes {
    /// The shortest cap of an answer that is of use: where the balance does not cover it, nothing is sold.
    #[schema(minimum = 1)]
    min_completion_tokens: Option<u32>,
}

/// One message. Other fields are those of OpenAI.
#[derive(ToSchema)]
struct Message {
    /// Such as `system`, `user`, `assistant` or `tool`.
    role: String,
    content: Option<Content>,
}

/// Text, or parts of several kinds.
#[derive(ToSchema)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// `text`, `image_url` (as a `data:` URL) or `input_audio`, as far as the model takes it.
#[derive(ToSchema)]
struct Part {
    #[schema(rename = "type")]
    kind: String,
}

/// An answer, as the provider gave it, with what it cost.
#[derive(ToSchema)]
pub(crate) struct ChatCompletion {
    id: Option<String>,
    object: Option<String>,
    created: Option<i64>,
    /// As the request named it.
    #[schema(required)]
    model: String,
    choices: Option<Vec<Answer>>,
    usage: Usage,
    /// Null where the receipt could not be written.
    #[schema(required)]
    triptych: Option<TriptychExtra>,
}

/// One of several answers.
#[derive(ToSchema)]
struct Answer {
    index: Option<u32>,
    #[schema(value_type = Object)]
    message: Map<String, Value>,
    /// `stop`, `length`, `content_filter` or `tool_calls`.
    finish_reason: Option<String>,
}

/// A request in the shape of OpenAI's Responses. Nothing is kept: `previous_response_id`, `conversation`, `prompt` and
/// `background` are refused. Other fields are passed on.
#[derive(ToSchema)]
pub(crate) struct ResponsesRequest {
    /// A model of the catalogue.
    model: String,
    input: ResponsesInput,
    instructions: Option<String>,
    /// True for server-sent events.
    #[schema(default = false)]
    stream: Option<bool>,
    /// Most tokens that the answer may have. The price is bounded by it.
    #[schema(minimum = 1)]
    max_output_tokens: Option<u32>,
}

/// Text, or a list of items: messages, calls of functions and what came of them.
#[derive(ToSchema)]
#[serde(untagged)]
enum ResponsesInput {
    Text(String),
    #[schema(value_type = Vec<Object>)]
    Items(Vec<Map<String, Value>>),
}

/// A response, as the provider gave it, with what it cost. Its `id` is good for nothing: nothing is kept.
#[derive(ToSchema)]
#[schema(as = Response)]
pub(crate) struct ResponsesResponse {
    id: String,
    object: Option<String>,
    /// As the request named it.
    model: String,
    #[schema(value_type = Option<Vec<Object>>)]
    output: Option<Vec<Map<String, Value>>>,
    #[schema(value_type = Option<Object>)]
    usage: Option<Map<String, Value>>,
    /// Null where the receipt could not be written.
    #[schema(required)]
    triptych: Option<TriptychExtra>,
}

/// One event of a streamed response. `response.completed`, `response.incomplete` and `response.failed` are the last
/// ones; their `response` carries `triptych`.
#[derive(ToSchema)]
pub(crate) struct ResponseEvent {
    #[schema(rename = "type")]
    kind: String,
    sequence_number: Option<u64>,
    #[schema(value_type = Option<Object>)]
    response: Option<Map<String, Value>>,
}

/// What pictures to draw. Fields that are not named here are left out.
#[derive(ToSchema)]
pub(crate) struct ImageGenerationRequest {
    #[serde(flatten)]
    order: ImageRequest,
    #[serde(flatten)]
    style: ImageStyle,
}

/// How pictures come and look, which changes nothing of what they cost.
#[derive(ToSchema)]
struct ImageStyle {
    /// True for server-sent events, with unfinished pictures ahead where the provider has them.
    stream: Option<bool>,
    background: Option<String>,
    /// `png` when absent.
    #[schema(pattern = "^(png|webp|jpeg)$")]
    output_format: Option<String>,
    output_compression: Option<u32>,
    moderation: Option<String>,
    style: Option<String>,
    input_fidelity: Option<String>,
}

/// Pictures to begin from, and what to make of them.
#[derive(ToSchema)]
pub(crate) struct ImageEditForm {
    /// PNG, JPEG or WebP, 1 to 16 of them; SDKs call the field `image[]`.
    #[schema(value_type = Vec<String>, format = Binary)]
    image: Vec<Vec<u8>>,
    /// What of the first picture may be changed.
    #[schema(value_type = Option<String>, format = Binary)]
    mask: Option<Vec<u8>>,
    #[serde(flatten)]
    order: ImageRequest,
    #[serde(flatten)]
    style: ImageStyle,
}

/// One event of streamed pictures. The last one carries the receipt, also where it is an `error`.
#[derive(ToSchema)]
pub(crate) struct ImageEvent {
    /// Such as `image_generation.partial_image`, `image_generation.completed`, `image_edit.completed` or `error`.
    #[schema(rename = "type")]
    kind: String,
    b64_json: Option<String>,
    /// A signed link instead, where `response_format` is `url`.
    url: Option<String>,
    /// The asset's id.
    asset: Option<String>,
    partial_image_index: Option<u32>,
    size: Option<String>,
    created_at: Option<i64>,
    error: Option<ErrorDetail>,
    triptych: Option<TriptychExtra>,
}

/// A text to read aloud. Other fields are passed on.
#[derive(ToSchema)]
pub(crate) struct SpeechRequest {
    /// A model of the catalogue.
    model: String,
    /// What to read.
    input: String,
    /// One of the model's voices.
    voice: Option<String>,
    /// How to read it.
    instructions: Option<String>,
    /// Such as `mp3`, `wav`, `opus`, `aac`, `flac` or `pcm`.
    response_format: Option<String>,
    speed: Option<f64>,
    /// `sse` for server-sent events instead of the sound itself.
    stream_format: Option<String>,
}

/// Sound in base64, piece by piece, and the usage at the end.
#[derive(ToSchema)]
pub(crate) struct SpeechEvent {
    /// `speech.audio.delta` or `speech.audio.done`.
    #[schema(rename = "type")]
    kind: String,
    audio: Option<String>,
    #[schema(value_type = Option<Object>)]
    usage: Option<Map<String, Value>>,
}

/// A recording to write down. Other fields are passed on.
#[derive(ToSchema)]
pub(crate) struct TranscriptionForm {
    /// MP3, MP4, M4A, WAV, OGG, FLAC, AAC or WebM.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// A model of the catalogue.
    model: String,
    /// A text that helps to get names right.
    prompt: Option<String>,
    language: Option<String>,
    /// `json` when absent; `text`, `srt` and `vtt` answer in plain text.
    response_format: Option<String>,
    /// True for server-sent events.
    stream: Option<bool>,
}

/// What was said, with what else the provider tells of it.
#[derive(ToSchema)]
pub(crate) struct Transcription {
    text: String,
    #[schema(value_type = Option<Object>)]
    usage: Option<Map<String, Value>>,
    /// Null where the receipt could not be written.
    triptych: Option<TriptychExtra>,
}

/// What was said, piece by piece, and all of it at the end.
#[derive(ToSchema)]
pub(crate) struct TranscriptionEvent {
    /// `transcript.text.delta` or `transcript.text.done`.
    #[schema(rename = "type")]
    kind: String,
    delta: Option<String>,
    text: Option<String>,
}
