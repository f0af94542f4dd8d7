use serde::{Deserialize, Serialize};

use crate::Credits;
use crate::record;

/// The body of every error answer, in OpenAI's shape: `{"error":{"message","type","param","code"}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong, for people (`message`) and for programs (`code`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    /// A sentence that names the remedy.
    pub message: String,
    /// OpenAI's class of error, such as `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field of the request that is at fault.
    #[serde(default)]
    pub param: Option<String>,
    /// A stable word for programs; see [`ErrorCode`]. A string here even where a provider sends a number.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ErrorCode>))]
    pub code: Option<String>,
    /// With `insufficient_credits`: what the call would have held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<Credits>,
    /// With `insufficient_credits`: what the balance has free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<Credits>,
    /// With `insufficient_credits`: where the user can buy more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top_up_url: Option<String>,
}

/// The stable `code` of an error that the gateway itself answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the request is not of the form that the call takes.
    InvalidRequest,
    /// 400: the operator's rules do not allow what was asked for, or what came back; the message has the reason, and
    /// nothing was charged.
    ContentRefused,
    /// 401: no token, or one that was not signed by this gateway.
    InvalidToken,
    /// 401: the token was good once; fetch another and call again.
    TokenExpired,
    /// 402: the balance does not cover what the call would hold.
    InsufficientCredits,
    /// 403: the token does not allow this call, model or origin.
    ScopeDenied,
    /// 403: a visitor of a page without a backend has to prove something first.
    ChallengeRequired,
    /// 404: there is no such thing, or it is somebody else's.
    NotFound,
    /// 409: the same idempotency key is being worked on at this moment.
    InFlight,
    /// 409: what was asked does not fit the state that the thing is in.
    Conflict,
    /// 409: the call was done and paid before, and its answer is no longer kept.
    AlreadyCharged,
    /// 410: the events of the stream that were asked for are no longer kept.
    EventsGone,
    /// 410: the model is no longer offered.
    ModelRetired,
    /// 413: the body is larger than the call takes.
    TooLarge,
    /// 422: the idempotency key was used before with another body.
    IdempotencyMismatch,
    /// 429: too many requests, streams or jobs; see `Retry-After`.
    RateLimited,
    /// 500: the gateway's own fault.
    Internal,
    /// 502: the gateway that wrote the stream is gone, and what it had not written with it.
    StreamLost,
    /// 502: the provider failed; nothing was charged.
    UpstreamFailed,
    /// 503: the store cannot be reached or the gateway is going down; nothing is sold.
    Unavailable,
    /// 504: the provider did not answer in time.
    UpstreamTimeout,
}

impl ErrorCode {
    /// Every code there is.
    pub const ALL: [ErrorCode; 21] = [
        ErrorCode::InvalidRequest,
        ErrorCode::ContentRefused,
        ErrorCode::InvalidToken,
        ErrorCode::TokenExpired,
        ErrorCode::InsufficientCredits,
        ErrorCode::ScopeDenied,
        ErrorCode::ChallengeRequired,
        ErrorCode::NotFound,
        ErrorCode::InFlight,
        ErrorCode::Conflict,
        ErrorCode::AlreadyCharged,
        ErrorCode::EventsGone,
        ErrorCode::ModelRetired,
        ErrorCode::TooLarge,
        ErrorCode::IdempotencyMismatch,
        ErrorCode::RateLimited,
        ErrorCode::Internal,
        ErrorCode::StreamLost,
        ErrorCode::UpstreamFailed,
        ErrorCode::Unavailable,
        ErrorCode::UpstreamTimeout,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::InvalidRequest => "invalid_request",
            ErrorCode::ContentRefused => "content_refused",
            ErrorCode::InvalidToken => "invalid_token",
            ErrorCode::TokenExpired => "token_expired",
            ErrorCode::InsufficientCredits => "insufficient_credits",
            ErrorCode::ScopeDenied => "scope_denied",
            ErrorCode::ChallengeRequired => "challenge_required",
            ErrorCode::NotFound => "not_found",
            ErrorCode::InFlight => "in_flight",
            ErrorCode::Conflict => "conflict",
            ErrorCode::AlreadyCharged => "already_charged",
            ErrorCode::EventsGone => "events_gone",
            ErrorCode::StreamLost => "stream_lost",
            ErrorCode::ModelRetired => "model_retired",
            ErrorCode::TooLarge => "too_large",
            ErrorCode::IdempotencyMismatch => "idempotency_mismatch",
            ErrorCode::RateLimited => "rate_limited",
            ErrorCode::Internal => "internal",
            ErrorCode::UpstreamFailed => "upstream_failed",
            ErrorCode::Unavailable => "unavailable",
            ErrorCode::UpstreamTimeout => "upstream_timeout",
        }
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            ErrorCode::InvalidRequest | ErrorCode::ContentRefused => 400,
            ErrorCode::InvalidToken | ErrorCode::TokenExpired => 401,
            ErrorCode::InsufficientCredits => 402,
            ErrorCode::ScopeDenied | ErrorCode::ChallengeRequired => 403,
            ErrorCode::NotFound => 404,
            ErrorCode::InFlight | ErrorCode::Conflict | ErrorCode::AlreadyCharged => 409,
            ErrorCode::ModelRetired | ErrorCode::EventsGone => 410,
            ErrorCode::TooLarge => 413,
            ErrorCode::IdempotencyMismatch => 422,
            ErrorCode::RateLimited => 429,
            ErrorCode::Internal => 500,
            ErrorCode::UpstreamFailed | ErrorCode::StreamLost => 502,
            ErrorCode::Unavailable => 503,
            ErrorCode::UpstreamTimeout => 504,
        }
    }

    /// OpenAI's class of error for it, which their SDKs print.
    pub const fn kind(self) -> &'static str {
        match self.status() {
            401 => "authentication_error",
            402 => "insufficient_quota",
            403 => "permission_error",
            429 => "rate_limit_error",
            500..=599 => "server_error",
            _ => "invalid_request_error",
        }
    }
}

record!(ErrorBody { error });
record!(ErrorDetail { message, kind as "type", param, code, needed, available, top_up_url });
