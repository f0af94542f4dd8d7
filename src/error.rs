//! What can go wrong with a call, and what the user is offered then.

use std::fmt;

use triptych_protocol::{Credits, ErrorCode, ErrorDetail};

use crate::locale::{Text, Words};

/// What went wrong with a call, in the words that the user reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind it is; decides what is offered next.
    pub kind: FailureKind,
    /// A sentence for people, in English: ours, or what the gateway says. Views show `Words::failure`.
    pub message: String,
    /// Which of our own sentences it is; none where the gateway has spoken.
    pub text: Option<Text>,
    /// The gateway's word for it, where it is one that is known here.
    pub code: Option<ErrorCode>,
    /// The HTTP status that some of them name.
    pub status: u16,
    /// Milliseconds to wait before another try, where the server said so.
    pub retry_after_ms: Option<u64>,
    /// With [`FailureKind::Credits`]: what was needed and what was free.
    pub shortfall: Option<(Credits, Credits)>,
    /// With [`FailureKind::Credits`]: where to buy more.
    pub top_up_url: Option<String>,
}

/// The kinds of failure that lead to different offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing came back, so nobody knows whether the call was worked on.
    Network,
    /// The page's token is missing, refused or cannot be fetched.
    Token,
    /// The balance does not cover the call.
    Credits,
    /// Too many calls at once.
    Busy,
    /// The same call was already answered or is being worked on.
    Duplicate,
    /// It is not there, or no longer offered.
    Gone,
    /// The request itself is at fault; the same again would fail the same way.
    Request,
    /// The provider or the gateway failed; another try may work.
    Server,
}

impl Failure {
    /// A failure with nothing but its kind and the words of the gateway.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Failure {
            kind,
            message: message.into(),
            text: None,
            code: None,
            status: 0,
            retry_after_ms: None,
            shortfall: None,
            top_up_url: None,
        }
    }

    /// A failure that the gateway has no word on.
    pub fn ours(kind: FailureKind, text: Text) -> Self {
        Failure { text: Some(text), ..Failure::new(kind, Words::english().get(text)) }
    }

    /// Nothing came back from the gateway.
    pub fn network() -> Self {
        Failure::ours(FailureKind::Network, Text::FailedNetwork)
    }

    /// What an error body says, read with the HTTP status beside it.
    pub fn from_detail(status: u16, detail: ErrorDetail) -> Self {
        let word = detail.code.as_deref();
        let code = ErrorCode::ALL.into_iter().find(|code| Some(code.as_str()) == word);
        let kind = match (code, status) {
            (Some(ErrorCode::InsufficientCredits), _) | (_, 402) => FailureKind::Credits,
            (Some(ErrorCode::InFlight | ErrorCode::Conflict | ErrorCode::AlreadyCharged), _) => {
                FailureKind::Duplicate
            }
            (_, 401 | 403) => FailureKind::Token,
            (_, 404 | 410) => FailureKind::Gone,
            (_, 429) => FailureKind::Busy,
            (_, 400..=499) => FailureKind::Request,
            _ => FailureKind::Server,
        };
        Failure {
            code,
            shortfall: detail.needed.zip(detail.available),
            top_up_url: detail.top_up_url,
            ..Failure::new(kind, detail.message)
        }
    }

    /// What a status says for itself when its body is no error body.
    pub fn from_status(status: u16) -> Self {
        let kind = match status {
            401 | 403 => FailureKind::Token,
            402 => FailureKind::Credits,
            404 | 410 => FailureKind::Gone,
            429 => FailureKind::Busy,
            400..=499 => FailureKind::Request,
            _ => FailureKind::Server,
        };
        let message = Words::english().fill(Text::FailedStatus, &[&status.to_string()]);
        Failure { status, text: Some(Text::FailedStatus), ..Failure::new(kind, message) }
    }

    /// True where the same call may work when it is made again.
    pub fn can_retry(&self) -> bool {
        !matches!(self.kind, FailureKind::Gone)
    }

    /// The stable word that the host's `triptych-error` event carries.
    pub fn code(&self) -> &'static str {
        match self.kind {
            FailureKind::Network => "network",
            FailureKind::Token => "token",
            FailureKind::Credits => "insufficient_credits",
            FailureKind::Busy => "rate_limited",
            FailureKind::Duplicate => "duplicate",
            FailureKind::Gone => "not_found",
            FailureKind::Request => "invalid_request",
            FailureKind::Server => "server",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(code: Option<&str>) -> ErrorDetail {
        ErrorDetail {
            message: "m".into(),
            kind: "t".into(),
            param: None,
            code: code.map(String::from),
            needed: None,
            available: None,
            top_up_url: None,
        }
    }

    #[test]
    fn the_code_of_an_error_wins_over_its_status() {
        assert_eq!(
            Failure::from_detail(400, detail(Some("insufficient_credits"))).kind,
            FailureKind::Credits
        );
        assert_eq!(Failure::from_detail(409, detail(Some("in_flight"))).kind, FailureKind::Duplicate);
        assert_eq!(Failure::from_detail(502, detail(Some("upstream_failed"))).kind, FailureKind::Server);
        assert_eq!(Failure::from_detail(418, detail(None)).kind, FailureKind::Request);
    }
}
