use serde::{Deserialize, Serialize};

use crate::Credits;
use crate::{record, words};

/// The body of `POST /v1/videos`: OpenAI's fields (`seconds` as a string, `size`) or the ones that most other
/// providers use (`duration`, `resolution`, `aspect_ratio`). Where both are given they must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoRequest {
    /// A model of the catalogue.
    pub model: String,
    /// What to film.
    pub prompt: String,
    /// Length in seconds, written as a string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<String>,
    /// Width and height in pixels, such as `1280x720`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Length in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Such as `720p`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Such as `16:9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
    /// Whether somebody waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<VideoPriority>,
}

/// Whether somebody waits for a clip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VideoPriority {
    /// Somebody does.
    #[default]
    Interactive,
    /// Nobody does: it starts when no interactive one waits.
    Batch,
}

/// Where a video job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum VideoStatus {
    /// It waits for its turn.
    Queued,
    /// The provider works on it.
    InProgress,
    /// The clip is ready.
    Completed,
    /// There will be no clip; the hold was given back.
    Failed,
    /// The user took it back.
    Cancelled,
}

impl VideoStatus {
    /// True once nothing will change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, VideoStatus::Completed | VideoStatus::Failed | VideoStatus::Cancelled)
    }
}

/// A video job, in OpenAI's shape plus what it costs and where it stands in the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Video {
    /// The job's id.
    pub id: String,
    /// Always `video`.
    pub object: String,
    /// The model.
    pub model: String,
    /// Where it stands.
    pub status: VideoStatus,
    /// The provider's own progress in percent; 0 where it gives none.
    pub progress: u8,
    /// Unix time in seconds.
    pub created_at: i64,
    /// Unix time in seconds.
    #[serde(default)]
    pub completed_at: Option<i64>,
    /// When the clip will be deleted; Unix time in seconds.
    #[serde(default)]
    pub expires_at: Option<i64>,
    /// What was asked for.
    pub prompt: String,
    /// The clip that this one is made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remixed_from_video_id: Option<String>,
    /// Length in seconds, written as a string.
    pub seconds: String,
    /// Width and height in pixels.
    pub size: String,
    /// Such as `720p`.
    #[serde(default)]
    pub resolution: Option<String>,
    /// Such as `16:9`.
    #[serde(default)]
    pub aspect_ratio: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<VideoError>,
    /// What it costs.
    #[serde(default)]
    pub cost: Option<VideoCost>,
    /// How many jobs go first, counted from 1; absent once it has started.
    #[serde(default)]
    pub queue_position: Option<u32>,
    /// How long it may take, while it has not ended; absent where nothing like it has been made yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<VideoEstimate>,
    /// A signed link to the clip that expires; ask for the job again for a fresh one.
    #[serde(default)]
    pub url: Option<String>,
}

/// How long a clip may take, told from those of the same model, size and length that were finished last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoEstimate {
    /// Half of them took at most this long from the order at the provider to the end, in seconds.
    pub p50_seconds: u32,
    /// Nine in ten took at most this long.
    pub p90_seconds: u32,
    /// While it waits: when its turn may come, in seconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_in_seconds: Option<u32>,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoError {
    /// A stable word, such as `content_refused` where the operator's rules do not allow the clip.
    pub code: String,
    /// A sentence.
    pub message: String,
}

/// What a job costs: the estimate while it lives, the charge once it has ended (0 when it was given back).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoCost {
    /// What was put aside for it.
    pub estimated: Credits,
    /// What was charged; absent while it runs.
    #[serde(default)]
    pub charged: Option<Credits>,
}

/// A page of jobs, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoList {
    /// Always `list`.
    pub object: String,
    /// The jobs.
    pub data: Vec<Video>,
    /// True where older ones exist; ask with `after` set to the last id.
    #[serde(default)]
    pub has_more: bool,
}

/// The answer of `DELETE /v1/videos/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VideoDeleted {
    /// The job's id.
    pub id: String,
    /// Always `video.deleted`.
    pub object: String,
    /// Always true.
    pub deleted: bool,
}

/// The body of `POST /v1/video/generations`, the job-queue shape that new-api and others speak.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GenerationRequest {
    /// A model of the catalogue.
    pub model: String,
    /// What to film.
    pub prompt: String,
    /// Length in seconds; the model's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u32>,
    /// Such as `720p`; the model's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Such as `16:9`; the model's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<String>,
}

/// A job in the shape of `/v1/video/generations`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Generation {
    /// The job's id.
    pub job_id: String,
    /// The job's id once more, for clients that read `id`.
    pub id: String,
    /// Where it stands.
    pub status: VideoStatus,
    /// In percent.
    #[serde(default)]
    pub progress: u8,
    /// A signed link to the clip once it is ready.
    #[serde(default)]
    pub video_url: Option<String>,
    /// Why it failed.
    #[serde(default)]
    pub error: Option<VideoError>,
    /// What it costs.
    #[serde(default)]
    pub cost: Option<VideoCost>,
    /// How many jobs go first, counted from 1.
    #[serde(default)]
    pub queue_position: Option<u32>,
}

record!(VideoRequest { model, prompt, seconds, size, duration, resolution, aspect_ratio, priority });
words!(VideoPriority { Interactive = "interactive", Batch = "batch" });
words!(VideoStatus {
    Queued = "queued", InProgress = "in_progress", Completed = "completed", Failed = "failed", Cancelled = "cancelled"
});
record!(Video {
    id,
    object,
    model,
    status,
    progress,
    created_at,
    completed_at,
    expires_at,
    prompt,
    remixed_from_video_id,
    seconds,
    size,
    resolution,
    aspect_ratio,
    error,
    cost,
    queue_position,
    estimate,
    url
});
record!(VideoEstimate { p50_seconds, p90_seconds, starts_in_seconds });
record!(VideoError { code, message });
record!(VideoCost { estimated, charged });
record!(VideoList { object, data; has_more });
