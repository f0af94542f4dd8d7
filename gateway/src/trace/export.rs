//! The way to the collector: OTLP over HTTP, from a thread of its own that no call waits for.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_http::{HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use super::context::{Ids, Share};
use crate::config::TracesConfig;
use crate::store::new_id;

/// For one delivery with all its attempts. Spans wait meanwhile, as many as there is room for; more are dropped.
const DELIVERY: Duration = Duration::from_secs(5);
/// Bytes of a collector's answer. It has little to say.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Starts the thread; the provider ends it.
pub(super) fn start(config: &TracesConfig) -> Result<(SdkTracerProvider, SdkTracer), String> {
    let headers: HashMap<String, String> =
        config.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned())).collect();
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new()?)
        .with_endpoint(&config.url)
        .with_headers(headers)
        .with_timeout(DELIVERY)
        .build()
        .map_err(|error| error.to_string())?;
    let resource = Resource::builder()
        .with_service_name("triptych-gateway")
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("service.instance.id", new_id("node")),
        ])
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Share(config.sample))
        .with_id_generator(Ids::new())
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("triptych-gateway");
    Ok((provider, tracer))
}

/// The gateway's own HTTP client, on the gateway's runtime. It makes no spans, so no delivery asks for another.
struct Client {
    http: reqwest::Client,
    runtime: Handle,
    failing: AtomicBool,
}

impl Client {
    fn new() -> Result<Client, String> {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(DELIVERY)
            .build()
            .map_err(|error| error.to_string())?;
        let runtime = Handle::try_current().map_err(|error| error.to_string())?;
        Ok(Client { http, runtime, failing: AtomicBool::new(false) })
    }

    /// Says once that the collector fails, and once that it does no more.
    fn note(&self, problem: Option<String>) {
        let failed = problem.is_some();
        if self.failing.swap(failed, Ordering::Relaxed) == failed {
            return;
        }
        match problem {
            Some(problem) => {
                tracing::warn!(problem, "traces cannot be delivered; calls are not held up by it")
            }
            None => tracing::info!("traces are delivered again"),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn send_bytes<'life, 'answer>(
        &'life self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'answer>>
    where
        'life: 'answer,
        Self: 'answer,
    {
        // The thread that asks has no runtime, and sockets need one.
        let sent = self.runtime.spawn(send(self.http.clone(), request));
        Box::pin(async move {
            let outcome = sent.await?;
            self.note(match &outcome {
                Ok(answer) if answer.status().is_success() => None,
                Ok(answer) => Some(format!("the collector answers {}", answer.status().as_u16())),
                // Its address may hold a secret.
                Err(error) if error.is_connect() => Some("the collector cannot be reached".to_owned()),
                Err(error) if error.is_timeout() => Some("the collector does not answer in time".to_owned()),
                Err(_) => Some("the connection to the collector broke".to_owned()),
            });
            Ok(outcome.map_err(reqwest::Error::without_url)?)
        })
    }
}

async fn send(http: reqwest::Client, request: Request<Bytes>) -> Result<Response<Bytes>, reqwest::Error> {
    let mut answer = http.execute(request.try_into()?).await?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    let mut body = BytesMut::new();
    while let Some(part) = answer.chunk().await? {
        if body.len() + part.len() > LONGEST_ANSWER {
            body.clear();
            break;
        }
        body.extend_from_slice(&part);
    }
    *response.body_mut() = body.freeze();
    Ok(response)
}
