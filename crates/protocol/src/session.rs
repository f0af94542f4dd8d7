use serde::{Deserialize, Serialize};

use crate::Credits;

/// What a browser token allows. A session may only narrow what its tenant has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Scope {
    /// Chat completions.
    #[serde(rename = "chat")]
    Chat,
    /// Image generations.
    #[serde(rename = "image")]
    Image,
    /// Video jobs.
    #[serde(rename = "video")]
    Video,
    /// Reading the balance and the ledger.
    #[serde(rename = "credits:read")]
    CreditsRead,
}

impl Scope {
    /// Every scope there is.
    pub const ALL: [Scope; 4] = [Scope::Chat, Scope::Image, Scope::Video, Scope::CreditsRead];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Scope::Chat => "chat",
            Scope::Image => "image",
            Scope::Video => "video",
            Scope::CreditsRead => "credits:read",
        }
    }
}

/// The body of `POST /v1/sessions`, sent by the host's backend with the tenant secret.
/// The shape follows ChatKit's sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRequest {
    /// The host's own id of its user, 1 to 128 characters.
    pub user: String,
    /// How long the token lives; ten minutes at most, which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<ExpiresAfter>,
    /// What the token allows; everything when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// The models that the token allows; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// The origins that may use the token; the tenant's when absent. Each must be one of the tenant's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Vec<String>>,
    /// Limits below those that the user has anyway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<SessionRateLimits>,
    /// The most that calls with the token may cost together, in micro-credits; no limit of its own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Credits>,
}

/// How often a token may be used. A user's tokens share one count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionRateLimits {
    /// Priced calls in each minute, at least 1.
    pub max_requests_per_1_minute: u32,
}

/// When a token expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExpiresAfter {
    /// Always `created_at`.
    pub anchor: String,
    /// Seconds after it, 1 to 600.
    pub seconds: u32,
}

/// A minted browser token. Hand `client_secret` and `expires_at` to the page, nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// The session's id, which can be revoked.
    pub id: String,
    /// Always `triptych.session`.
    pub object: String,
    /// The token that the widget sends as `Authorization: Bearer`.
    pub client_secret: String,
    /// Unix time in seconds.
    pub expires_at: i64,
    /// The host's own id of its user.
    pub user: String,
    /// What the token allows.
    pub scopes: Vec<Scope>,
    /// As they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<SessionRateLimits>,
    /// As it was asked for, in micro-credits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_cost: Option<Credits>,
}
