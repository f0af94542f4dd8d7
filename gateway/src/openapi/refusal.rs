//! How calls can be refused: one response for each status, which calls refer to.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use triptych_protocol::{ErrorBody, ErrorCode};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use super::header;

/// A refusal of that status, of a call whose kind does not tell it.
pub(crate) struct Refused<const STATUS: u16>;

impl<const STATUS: u16> IntoResponses for Refused<STATUS> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::from([(STATUS.to_string(), refer(STATUS))])
    }
}

/// Adds the refusals that follow from what a call takes.
pub(super) fn add(operation: &mut Operation) {
    let mut found = vec![500, 503];
    for parameter in operation.parameters.iter().flatten() {
        let RefOr::T(parameter) = parameter else { continue };
        found.push(400);
        if parameter.parameter_in == ParameterIn::Path {
            found.push(404);
        }
        if parameter.name == header::KEY {
            // It is priced: the balance, the model, the limits and the provider can be in the way.
            found.extend([402, 404, 409, 410, 422, 429, 502, 504]);
        }
    }
    if operation.request_body.is_some() {
        found.extend([400, 413]);
    }
    if operation.security.as_ref().is_some_and(|schemes| !schemes.is_empty()) {
        found.extend([401, 403]);
    }
    for status in found {
        operation.responses.responses.entry(status.to_string()).or_insert_with(|| refer(status));
    }
}

/// Defines all of them.
pub(super) fn define(components: &mut Components) {
    let mut schemas = vec![(ErrorBody::name().into_owned(), ErrorBody::schema())];
    ErrorBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    for code in ErrorCode::ALL {
        let name = name(code.status());
        components.responses.entry(name).or_insert_with(|| RefOr::T(response(code.status())));
    }
}

fn response(status: u16) -> Response {
    let codes = ErrorCode::ALL.into_iter().filter(|code| code.status() == status);
    let about: Vec<String> = codes.map(|code| format!("`{}`: {}", code.as_str(), meaning(code))).collect();
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(ErrorBody::name()))).build();
    let mut response =
        ResponseBuilder::new().description(about.join("\n\n")).content("application/json", content);
    for name in header::of_refusal(status) {
        response = response.header_ref(*name, header::refer(name));
    }
    response.build()
}

fn refer(status: u16) -> RefOr<Response> {
    RefOr::Ref(Ref::new(format!("#/components/responses/{}", name(status))))
}

fn name(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    reason.unwrap_or("Refused").split(' ').collect()
}

fn meaning(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidRequest => {
            "the request is not of the form that the call takes; `param` names the field."
        }
        ErrorCode::ContentRefused => {
            "the operator's rules do not allow what was asked for, or what came back. Nothing was charged."
        }
        ErrorCode::InvalidToken => "there is no token or secret, or a wrong one.",
        ErrorCode::TokenExpired => "the token was good once. Fetch another one and call again.",
        ErrorCode::InsufficientCredits => "the balance does not cover what the call would hold.",
        ErrorCode::ScopeDenied => "the token does not allow this call, model or origin.",
        ErrorCode::ChallengeRequired => "a new visitor has to prove something first.",
        ErrorCode::NotFound => "there is no such thing, or it is somebody else's.",
        ErrorCode::InFlight => "a call with the same idempotency key is running. Wait for it.",
        ErrorCode::Conflict => "what was asked for does not fit the state that the thing is in.",
        ErrorCode::AlreadyCharged => "the call was done and paid before, and its answer is no longer kept.",
        ErrorCode::EventsGone => "the events of the stream are no longer kept.",
        ErrorCode::ModelRetired => "the model is no longer offered.",
        ErrorCode::TooLarge => "the body is larger than the call takes.",
        ErrorCode::IdempotencyMismatch => "the idempotency key was used before with another body.",
        ErrorCode::RateLimited => "too many requests, tokens, streams or jobs, or too much spent in a time.",
        ErrorCode::Internal => "the gateway's own fault.",
        ErrorCode::StreamLost => {
            "the gateway that wrote the stream is gone, and what it had not written with it."
        }
        ErrorCode::UpstreamFailed => "the provider failed. Nothing was charged.",
        ErrorCode::Unavailable => {
            "the store cannot be reached, the gateway goes down, or it is switched off."
        }
        ErrorCode::UpstreamTimeout => "the provider did not answer in time.",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_error_code_is_in_the_document() {
        let schema = serde_json::to_value(ErrorCode::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(ErrorCode::ALL).unwrap());
    }
}
