//! Wire types shared by the Triptych widget and gateway, and the arithmetic of prices.
//!
//! Everything here is plain data: no network, no clock, no async runtime. Amounts are [`Credits`], integer
//! micro-credits; no floating point ever touches money. Shapes that belong to somebody else (OpenAI's chat
//! completions, images, videos; the job-queue shape of `/v1/video/generations`) keep their field names, and what
//! Triptych adds to them sits under `triptych`, `cost` or an additional field that SDKs ignore.

mod chat;
mod credits;
mod error;
mod estimate;
mod image;
mod model;
mod money;
mod session;
mod video;

pub use chat::{
    ChatChoice, ChatChunk, ChatMessage, ChatRequest, Cut, Delta, Role, StreamOptions, TriptychExtra, Usage,
};
pub use credits::{Balance, EntriesPage, EntryKind, LedgerEntry, Receipt};
pub use error::{ErrorBody, ErrorCode, ErrorDetail};
pub use estimate::{Bound, Estimate, EstimateError, chat_hold, image_cost, tokens_cost, video_cost};
pub use image::{ImageData, ImageRequest, ImageResponse};
pub use model::{
    Choice, Limits, Modality, Model, ModelInfo, ModelList, Parameter, ParameterKind, Price, PricedItem,
};
pub use money::{Credits, MICRO_PER_CREDIT, ParseCreditsError};
pub use session::{ExpiresAfter, Scope, Session, SessionRequest};
pub use video::{
    Frame, Generation, GenerationRequest, Video, VideoCost, VideoDeleted, VideoError, VideoList,
    VideoRequest, VideoStatus,
};
