//! `/openapi.json`: what the calls say of themselves, as one document.
//!
//! A call is mounted by its description (`routes!`), so that there is none without. What holds for all calls of a kind
//! is added here: how they can be refused, and the headers of their answers.

mod header;
mod refusal;
pub(crate) mod shape;
mod text;

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::Extension;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::{Router, body::Bytes};
use sha2::{Digest, Sha256};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{Components, InfoBuilder, LicenseBuilder, OpenApi, Paths, Tag};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use header::{Once, Signed};
pub(crate) use refusal::Refused;

use crate::auth::Admin;
use crate::error::Error;
use crate::state::AppState;
use crate::widget_files::matches;

/// Calls, each with what describes it.
pub(crate) type Calls = OpenApiRouter<AppState>;

/// For whom a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Pages and hosts.
    Everybody,
    Operators,
}

/// Nothing yet.
pub(crate) fn calls() -> Calls {
    OpenApiRouter::with_openapi(OpenApi::new(InfoBuilder::new().build(), Paths::new()))
}

/// The calls together with the one that describes them all.
pub(crate) fn described(calls: Calls, audience: Audience) -> Router<AppState> {
    with_document(calls.routes(routes!(document)), audience)
}

/// As [`described`], for operators without a listener of their own.
pub(crate) fn described_aside(calls: Calls) -> Router<AppState> {
    with_document(calls.routes(routes!(admin_document)), Audience::Operators)
}

/// Without a document.
pub(crate) fn undescribed(calls: Calls) -> Router<AppState> {
    calls.split_for_parts().0
}

fn with_document(calls: Calls, audience: Audience) -> Router<AppState> {
    let (router, api) = calls.split_for_parts();
    router.layer(Extension(Document(Arc::new(Source { api, audience, made: OnceLock::new() }))))
}

/// What was mounted, and once somebody has asked the text that says so.
#[derive(Clone)]
struct Document(Arc<Source>);

struct Source {
    api: OpenApi,
    audience: Audience,
    made: OnceLock<Made>,
}

struct Made {
    text: Bytes,
    hash: String,
}

impl Document {
    fn made(&self) -> Result<&Made, Error> {
        if let Some(made) = self.0.made.get() {
            return Ok(made);
        }
        let api = finished(self.0.api.clone(), self.0.audience);
        let mut document = serde_json::to_value(api).map_err(Error::internal)?;
        text::tidy(&mut document);
        let text = document.to_string();
        let hash = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(self.0.made.get_or_init(|| Made { text: text.into(), hash }))
    }

    fn answer(&self, request: &HeaderMap) -> Result<Response, Error> {
        let made = self.made()?;
        let known = matches(request, &made.hash);
        let mut response = Response::new(if known { Body::empty() } else { Body::from(made.text.clone()) });
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let etag = HeaderValue::from_str(&format!("\"{}\"", made.hash)).map_err(Error::internal)?;
        headers.insert(ETAG, etag);
        Ok(response)
    }
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "getOpenapi", tag = "gateway",
    responses(
        (status = 200, description = "All calls of this listener, as OpenAPI 3.1.", body = Object,
         headers(("etag" = String, description = "To be sent as `If-None-Match`."))),
        (status = 304, description = "It has not changed."),
    ),
)]
async fn document(Extension(document): Extension<Document>, headers: HeaderMap) -> Result<Response, Error> {
    document.answer(&headers)
}

/// This document: the calls of operators, where they are served beside the others.
#[utoipa::path(
    get, path = "/admin/openapi.json", operation_id = "getAdminOpenapi", tag = "gateway",
    security(("admin" = [])),
    responses(
        (status = 200, description = "All calls of operators, as OpenAPI 3.1.", body = Object,
         headers(("etag" = String, description = "To be sent as `If-None-Match`."))),
        (status = 304, description = "It has not changed."),
    ),
)]
async fn admin_document(
    _: Admin,
    Extension(document): Extension<Document>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    document.answer(&headers)
}

/// Adds what the calls do not say each for itself.
fn finished(mut api: OpenApi, audience: Audience) -> OpenApi {
    let (title, about) = match audience {
        Audience::Everybody => (
            "Triptych gateway",
            "Chat, pictures, clips and sound in OpenAI's shapes, paid from a user's credits. Amounts are whole \
             micro-credits, a millionth of a credit each.",
        ),
        Audience::Operators => (
            "Triptych gateway: operators",
            "Grants, refunds, the books and the switches. Amounts are whole micro-credits, a millionth of a credit \
             each.",
        ),
    };
    let license = LicenseBuilder::new().name("MIT OR Apache-2.0").identifier(Some("MIT OR Apache-2.0"));
    api.info = InfoBuilder::new()
        .title(title)
        .description(Some(about))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(license.build()))
        .build();
    let mut used = Vec::new();
    for item in api.paths.paths.values_mut() {
        for operation in operations(item) {
            used.extend(operation.tags.iter().flatten().cloned());
            refusal::add(operation);
            header::add(operation);
        }
    }
    // The router's word for "the rest of the path" is none of OpenAPI's.
    let paths = std::mem::take(&mut api.paths.paths);
    api.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    let components = api.components.get_or_insert_with(Components::new);
    refusal::define(components);
    header::define(components);
    for (name, scheme) in schemes(audience) {
        components.add_security_scheme(name, scheme);
    }
    api.tags = Some(tags().into_iter().filter(|tag| used.contains(&tag.name)).collect());
    api
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
    all.into_iter().flatten()
}

fn schemes(audience: Audience) -> Vec<(&'static str, SecurityScheme)> {
    let bearer = |about: &str| {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about));
        SecurityScheme::Http(scheme.build())
    };
    let admin = bearer("The admin secret of the gateway.");
    if audience == Audience::Operators {
        return vec![("admin", admin)];
    }
    let link = ApiKeyValue::with_description("signature", "Part of the links that the gateway gives out.");
    let signature = "Standard Webhooks: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.";
    let signature = ApiKeyValue::with_description("webhook-signature", signature);
    vec![
        ("token", bearer("A browser token of one user, good for ten minutes at most.")),
        ("tenant", bearer("The secret of a host's backend. It must never be in a page.")),
        ("link", SecurityScheme::ApiKey(ApiKey::Query(link))),
        ("webhook", SecurityScheme::ApiKey(ApiKey::Header(signature))),
    ]
}

fn tags() -> Vec<Tag> {
    let all = [
        ("chat", "Answers in words, whole and streamed."),
        ("images", "Pictures."),
        ("videos", "Clips: an order is a job, which is asked for until it has ended."),
        ("audio", "Texts read aloud, recordings written down."),
        ("models", "What there is, and what it costs."),
        ("credits", "The caller's own money."),
        ("sessions", "Tokens for users and visitors."),
        ("files", "Pictures and clips that the gateway keeps, and the widget."),
        ("webhooks", "What billing systems and providers tell."),
        ("money", "Grants, corrections and refunds."),
        ("books", "Every priced call, and whether all of it adds up."),
        ("switches", "What is switched off and taken back."),
        ("gateway", "The gateway itself."),
        ("demo", "In the demonstration only."),
    ];
    all.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build()).into()
}
