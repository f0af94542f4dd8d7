//! The headers that many calls take and many answers have.

use utoipa::IntoParams;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{Components, HeaderBuilder, ObjectBuilder, Ref, RefOr};

/// What names a priced call.
pub(super) const KEY: &str = "Idempotency-Key";

const REQUEST_ID: &str = "x-request-id";
const RETRY_AFTER: &str = "retry-after";
const RETRY_AFTER_MS: &str = "retry-after-ms";
const SHOULD_RETRY: &str = "x-should-retry";
const REPLAYED: &str = "idempotent-replayed";
const AUTHENTICATE: &str = "www-authenticate";

/// Each header of answers, and whether it is a number.
const ANSWERED: [(&str, bool, &str); 12] = [
    (REQUEST_ID, false, "Names the call in the gateway's log."),
    (RETRY_AFTER, true, "Seconds to wait before the next try."),
    (RETRY_AFTER_MS, true, "The same in milliseconds."),
    (SHOULD_RETRY, false, "`false` where a repeat by itself is of no use."),
    (REPLAYED, false, "`true` where the answer is that of an earlier call with the same key."),
    (AUTHENTICATE, false, "Always `Bearer`."),
    (LIMITS[0], true, "Calls that the nearest limit allows in its time, where there is one."),
    (LIMITS[1], true, "Those that are left of them."),
    (LIMITS[2], false, "When they start anew, such as `6m0s`."),
    (LIMITS[3], true, "Tokens that the nearest limit allows in its time, where there is one."),
    (LIMITS[4], true, "Those that are left of them."),
    (LIMITS[5], false, "When they start anew, such as `6m0s`."),
];
const LIMITS: [&str; 6] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];

/// Names a priced call, so that it is done and paid once however often it is sent.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described; `idempotency` reads it")]
pub(crate) struct Once {
    /// Of your own choice, new for each call: a repeat with the same key and body is answered with the first one's
    /// answer and is not charged again.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255)]
    key: Option<String>,
}

/// The head of a Standard Webhooks message, besides its signature.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only described; `webhook` reads it")]
pub(crate) struct Signed {
    /// The same for each attempt to deliver a message.
    #[param(rename = "webhook-id")]
    id: String,
    /// When it was sent, in Unix seconds; five minutes off at most.
    #[param(rename = "webhook-timestamp")]
    timestamp: String,
}

/// Adds the headers of a call's successes.
pub(super) fn add(operation: &mut Operation) {
    let named = |parameter: &RefOr<_>| match parameter {
        RefOr::T(utoipa::openapi::path::Parameter { name, .. }) => name == KEY,
        RefOr::Ref(_) => false,
    };
    let priced = operation.parameters.iter().flatten().any(named);
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        response.headers.insert(REQUEST_ID.to_owned(), RefOr::Ref(refer(REQUEST_ID)));
        for name in LIMITS.into_iter().chain([REPLAYED]).filter(|_| priced) {
            response.headers.insert(name.to_owned(), RefOr::Ref(refer(name)));
        }
    }
}

/// Defines all of them.
pub(super) fn define(components: &mut Components) {
    for (name, is_number, about) in ANSWERED {
        let kind = if is_number { Type::Integer } else { Type::String };
        let schema = ObjectBuilder::new().schema_type(SchemaType::new(kind)).build();
        let header = HeaderBuilder::new().schema(Some(schema)).description(Some(about)).build();
        components.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

/// The headers of a refusal of that status.
pub(super) fn of_refusal(status: u16) -> &'static [&'static str] {
    match status {
        401 => &[REQUEST_ID, AUTHENTICATE],
        402 | 410 | 422 => &[REQUEST_ID, SHOULD_RETRY],
        409 | 429 | 502..=504 => &[REQUEST_ID, RETRY_AFTER, RETRY_AFTER_MS, SHOULD_RETRY],
        _ => &[REQUEST_ID],
    }
}

pub(super) fn refer(name: &str) -> Ref {
    Ref::new(format!("#/components/headers/{name}"))
}
