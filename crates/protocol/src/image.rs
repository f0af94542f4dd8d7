use serde::{Deserialize, Serialize};

use crate::record;
use crate::{TriptychExtra, Usage};

/// The body of `POST /v1/images/generations`, in OpenAI's shape.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageRequest {
    /// A model of the catalogue.
    pub model: String,
    /// What to draw.
    pub prompt: String,
    /// How many pictures; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<u32>,
    /// One of the model's sizes, such as `1024x1024`; the model's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// One of the model's qualities, such as `high`; the model's default when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<String>,
    /// Unfinished pictures to be shown on the way, at most three; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial_images: Option<u32>,
    /// `url` for signed links to the gateway, `b64_json` (the default) for the bytes themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_format: Option<String>,
}

/// The pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageResponse {
    /// Unix time in seconds.
    pub created: i64,
    /// One item a picture.
    pub data: Vec<ImageData>,
    /// The size that was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Tokens, where the provider counts them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What the call cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triptych: Option<TriptychExtra>,
}

/// One picture, as a link or as bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImageData {
    /// The file in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b64_json: Option<String>,
    /// A signed link to the gateway that expires.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The asset's id; it can be read again for as long as the gateway keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asset: Option<String>,
}

record!(ImageRequest { model, prompt, n, size, quality, partial_images, response_format });
record!(ImageResponse { created, data, size, usage, triptych });
record!(ImageData { b64_json, url, asset });
