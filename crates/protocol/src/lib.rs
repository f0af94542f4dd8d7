//! Wire types shared by the Triptych widget and gateway, and the arithmetic of prices.
//!
//! Everything here is plain data: no network, no clock, no async runtime. Amounts are [`Credits`], integer
//! micro-credits; no floating point ever touches money. Shapes that belong to somebody else (OpenAI's chat
//! completions, images, videos; the job-queue shape of `/v1/video/generations`) keep their field names, and what
//! Triptych adds to them sits under `triptych`, `cost` or an additional field that SDKs ignore.

mod chat;
mod content;
mod credits;
mod delta;
mod error;
mod estimate;
mod frame;
mod image;
pub mod json;
mod media;
mod model;
mod money;
mod price;
mod session;
mod sound;
mod tokens;
mod video;
pub mod wire;

pub use chat::{
    ChatChoice, ChatChunk, ChatMessage, ChatRequest, CompletionDetails, Cut, FunctionCall, PromptDetails,
    Role, StreamOptions, ToolCall, TriptychExtra, Usage,
};
pub use content::{Content, FileData, ImageUrl, InputAudio, Part};
pub use credits::{Balance, EntriesPage, EntryKind, LedgerEntry, Receipt};
pub use delta::{Annotation, Delta, FunctionDelta, ToolCallDelta, UrlCitation};
pub use error::{ErrorBody, ErrorCode, ErrorDetail};
pub use estimate::{Bound, Estimate, EstimateError, Reduced, chat_hold, framed_tokens};
pub use frame::Frame;
pub use image::{ImageData, ImageRequest, ImageResponse};
pub use media::{
    ClipOrder, PictureOrder, characters_cost, clip_cost, image_cost, minutes_cost, pictures_charge,
    pictures_hold, video_cost,
};
pub use model::{Choice, Limits, Modality, Model, ModelInfo, ModelList, Parameter, ParameterKind, Tokenizer};
pub use money::{Credits, MICRO_PER_CREDIT, ParseCreditsError};
pub use price::{ImagePrice, LongContext, Price, PricedItem, ServiceTier, TokenPrice, VideoPrice};
pub use session::{ExpiresAfter, Scope, Session, SessionRateLimits, SessionRequest};
pub use sound::{AUDIO_TOKENS_PER_SECOND, RecordingBound, SpeechBound, recording_hold, speech_hold};
pub use tokens::{TokenBound, affordable_completion, token_cost, tokens_cost, tokens_hold, usage_cost};
pub use video::{
    Generation, GenerationRequest, Video, VideoCost, VideoDeleted, VideoError, VideoEstimate, VideoList,
    VideoPriority, VideoRequest, VideoStatus,
};
