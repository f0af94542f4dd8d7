//! The one error type of the HTTP surface, and how it looks on the wire.

use std::fmt;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use triptych_protocol::{Credits, ErrorBody, ErrorCode, ErrorDetail};

/// A client that waits longer than this for its next try is better told that there is none.
const WORTH_WAITING: Duration = Duration::from_secs(60);

/// An answer that is not a success. What [`Error::cause`] took is logged and never sent.
#[derive(Clone, Debug)]
pub(crate) struct Error {
    code: ErrorCode,
    message: String,
    param: Option<String>,
    retry_after: Option<Duration>,
    /// True where a repeat by itself is of no use.
    is_final: bool,
    shortfall: Option<Box<Shortfall>>,
    cause: Option<String>,
    stream: Option<Box<str>>,
}

/// What a balance lacked.
#[derive(Clone, Debug)]
pub(crate) struct Shortfall {
    pub(crate) needed: Credits,
    pub(crate) available: Credits,
    pub(crate) top_up_url: Option<String>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
            param: None,
            retry_after: None,
            is_final: false,
            shortfall: None,
            cause: None,
            stream: None,
        }
    }

    /// A 400 about a field of the request.
    pub(crate) fn invalid(param: impl Into<String>, message: impl Into<String>) -> Self {
        Error::new(ErrorCode::InvalidRequest, message).param(param)
    }

    /// A 404 which does not say whether the thing exists.
    pub(crate) fn not_found(what: &str) -> Self {
        Error::new(ErrorCode::NotFound, format!("There is no such {what}."))
    }

    /// A 500; `cause` goes to the log.
    pub(crate) fn internal(cause: impl fmt::Display) -> Self {
        Error::new(ErrorCode::Internal, "The gateway failed. Try again; the log has the cause.").cause(cause)
    }

    pub(crate) fn insufficient(shortfall: Shortfall) -> Self {
        let message = format!(
            "This needs {} credits and {} are available. Top up to go on.",
            shortfall.needed, shortfall.available
        );
        Error { shortfall: Some(Box::new(shortfall)), ..Error::new(ErrorCode::InsufficientCredits, message) }
    }

    pub(crate) fn param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Keeps clients from repeating the call by themselves.
    pub(crate) fn final_answer(mut self) -> Self {
        self.is_final = true;
        self
    }

    /// What lies behind it, for the log only.
    pub(crate) fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The stream that has the answer which this error refuses to make anew.
    pub(crate) fn with_stream(mut self, id: Option<String>) -> Self {
        self.stream = id.map(String::into_boxed_str);
        self
    }

    /// What there is, where a balance lacked something.
    pub(crate) fn available(&self) -> Option<Credits> {
        self.shortfall.as_deref().map(|shortfall| shortfall.available)
    }

    pub(crate) fn stream(&self) -> Option<&str> {
        self.stream.as_deref()
    }

    /// The field that is at fault.
    pub(crate) fn param_name(&self) -> Option<&str> {
        self.param.as_deref()
    }

    pub(crate) fn code(&self) -> ErrorCode {
        self.code
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The body, also for use inside of a stream.
    pub(crate) fn body(&self) -> ErrorBody {
        let shortfall = self.shortfall.as_deref();
        ErrorBody {
            error: ErrorDetail {
                message: self.message.clone(),
                kind: self.code.kind().to_owned(),
                param: self.param.clone(),
                code: Some(self.code.as_str().to_owned()),
                needed: shortfall.map(|shortfall| shortfall.needed),
                available: shortfall.map(|shortfall| shortfall.available),
                top_up_url: shortfall.and_then(|shortfall| shortfall.top_up_url.clone()),
            },
        }
    }

    /// Writes the cause, where there is one, to the log.
    pub(crate) fn log(&self) {
        // The message may repeat what the caller sent, which has no place in a log.
        let (code, param) = (self.code.as_str(), self.param.as_deref());
        match &self.cause {
            Some(cause) if self.code.status() >= 500 => tracing::error!(code, param, cause, "a call failed"),
            Some(cause) => tracing::info!(code, param, cause, "a call was refused"),
            None => tracing::debug!(code, param, "a call was refused"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    /// Fails closed: without the store nothing is sold.
    fn from(error: sqlx::Error) -> Self {
        Error::new(
            ErrorCode::Unavailable,
            "The store cannot be reached, so nothing was done. Try again soon.",
        )
        .cause(error)
        .retry_after(Duration::from_secs(1))
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        self.log();
        let mut response = (self.status(), Json(self.body())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.code.status(), 402 | 410 | 422)
            || matches!(self.code, ErrorCode::Conflict | ErrorCode::AlreadyCharged)
            || self.is_final
            || self.retry_after.is_some_and(|wait| wait > WORTH_WAITING)
        {
            // OpenAI's SDKs obey this before they look at the status.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if let Some(wait) = self.retry_after {
            let millis = wait.as_millis().max(1);
            headers.insert(header::RETRY_AFTER, number(millis.div_ceil(1000)));
            headers.insert("retry-after-ms", number(millis));
        }
        if self.code == ErrorCode::InvalidToken || self.code == ErrorCode::TokenExpired {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn number(value: u128) -> HeaderValue {
    HeaderValue::from_str(&value.to_string()).unwrap_or(HeaderValue::from_static("1"))
}
