//! Spans for OpenTelemetry: what a call waited for, and where. Off unless a collector is configured, and then nothing is
//! written down at all.
//!
//! Each gateway has its own; what is current goes with the task. Only what is named here becomes an attribute: no log
//! line, no body, no header, no user's name.

mod context;
mod export;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::http::{HeaderMap, HeaderValue};
use futures_util::future::Either;
use opentelemetry::trace::{SpanBuilder, SpanContext, SpanKind, SpanRef, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::task::futures::TaskLocalFuture;

use crate::config::{ProviderConfig, TracesConfig};
use crate::error::Error;
use crate::job::Job;
use crate::provider::UpstreamError;

pub(crate) use context::TRACEPARENT;

tokio::task_local! {
    static CURRENT: Scope;
}

/// What of a trace goes along with a task.
#[derive(Clone)]
pub(crate) struct Scope {
    inner: Arc<Inner>,
    context: Context,
}

struct Inner {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    propagate: bool,
}

/// Where a gateway's spans go.
pub(crate) struct Traces(Option<Arc<Inner>>);

/// A span, or nothing where none is written down. It ends with [`Span::end`], or when nobody has it any more.
#[derive(Clone, Default)]
pub(crate) struct Span(Option<Scope>);

/// A future that knows the span it runs in, where there is one.
type Within<F> = Either<TaskLocalFuture<Scope, F>, F>;

impl Traces {
    /// Nothing is written down.
    pub(crate) fn off() -> Traces {
        Traces(None)
    }

    /// Starts the thread that delivers spans; nothing where no collector is configured. Needs a running runtime.
    ///
    /// # Errors
    /// Where the address or a header cannot be used.
    pub(crate) fn start(config: Option<&TracesConfig>) -> Result<Traces, String> {
        let Some(config) = config else { return Ok(Traces::off()) };
        let (provider, tracer) = export::start(config).map_err(|error| format!("telemetry: {error}"))?;
        Ok(Traces(Some(Arc::new(Inner { provider, tracer, propagate: config.propagate }))))
    }

    /// The span of a request, below the caller's own where it names one.
    pub(crate) fn request(&self, method: &'static str, route: &str, headers: &HeaderMap) -> Span {
        // Somebody asks for these every few seconds, and nothing is ever slow in them.
        let Some(inner) = self.0.as_ref().filter(|_| !matches!(route, "/healthz" | "/readyz" | "/metrics"))
        else {
            return Span::default();
        };
        let parent = context::of(headers).map_or_else(Context::new, below);
        let attributes = vec![
            KeyValue::new("http.request.method", if method == "other" { "_OTHER" } else { method }),
            KeyValue::new("http.route", route.to_owned()),
        ];
        inner.span(SpanKind::Server, format!("{method} {route}").into(), attributes, &parent)
    }

    /// One thing that is done for a job. All of a job's are in one trace, on whichever gateway they happen.
    pub(crate) fn step(&self, name: &'static str, job: &Job) -> Span {
        let Some(inner) = &self.0 else { return Span::default() };
        let mut attributes = about(job);
        attributes.push(KeyValue::new("triptych.job.state", job.state.as_str()));
        inner.span(SpanKind::Consumer, name.into(), attributes, &below(context::of_job(&job.id)))
    }

    /// The span of a whole job, from its order to its end, of which the steps are parts.
    pub(crate) fn job_ended(&self, job: &Job, outcome: &'static str) {
        let Some(inner) = &self.0 else { return };
        let begun = u64::try_from(job.created_at).unwrap_or_default();
        let mut attributes = about(job);
        attributes.push(KeyValue::new("triptych.job.outcome", outcome));
        let builder = SpanBuilder::from_name("video job")
            .with_kind(SpanKind::Internal)
            .with_start_time(SystemTime::UNIX_EPOCH + Duration::from_millis(begun))
            .with_attributes(attributes);
        let own = context::of_job(&job.id);
        drop(context::with_ids(&own, || inner.tracer.build_with_context(builder, &Context::new())));
    }

    /// Delivers what is left, for no longer than that, and ends.
    pub(crate) async fn flush(&self, patience: Duration) {
        let Some(inner) = self.0.clone() else { return };
        let ending = tokio::task::spawn_blocking(move || inner.provider.shutdown_with_timeout(patience));
        tokio::time::timeout(patience, ending).await.ok();
    }
}

fn about(job: &Job) -> Vec<KeyValue> {
    vec![
        KeyValue::new("triptych.job.id", job.id.clone()),
        KeyValue::new("gen_ai.provider.name", job.provider.clone()),
        KeyValue::new("gen_ai.request.model", job.model.clone()),
    ]
}

fn below(parent: SpanContext) -> Context {
    Context::new().with_remote_span_context(parent)
}

impl Inner {
    fn span(
        self: &Arc<Self>,
        kind: SpanKind,
        name: Cow<'static, str>,
        attributes: Vec<KeyValue>,
        parent: &Context,
    ) -> Span {
        let builder = SpanBuilder::from_name(name).with_kind(kind).with_attributes(attributes);
        let span = self.tracer.build_with_context(builder, parent);
        let context = parent.with_span(span);
        // One that is not written down still tells a provider which trace it belongs to.
        if self.propagate || context.span().is_recording() {
            Span(Some(Scope { inner: self.clone(), context }))
        } else {
            Span::default()
        }
    }
}

/// A span below the current one; where none is written down, `about` is not asked for its name and attributes.
pub(crate) fn span(kind: SpanKind, about: impl FnOnce() -> (Cow<'static, str>, Vec<KeyValue>)) -> Span {
    let below = |scope: &Scope| {
        if !scope.context.span().is_recording() && !scope.context.span().span_context().is_sampled() {
            return Span::default();
        }
        let (name, attributes) = about();
        scope.inner.span(kind, name, attributes, &scope.context)
    };
    CURRENT.try_with(below).unwrap_or_default()
}

/// The span of a step of ours, such as an operation of the ledger.
pub(crate) fn step(name: &'static str) -> Span {
    span(SpanKind::Internal, || (name.into(), Vec::new()))
}

/// The span of a call to a provider.
pub(crate) fn upstream(operation: &'static str, model: Option<&str>, provider: &ProviderConfig) -> Span {
    span(SpanKind::Client, || {
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", operation),
            KeyValue::new("gen_ai.provider.name", provider.id.clone()),
        ];
        if let Ok(url) = provider.base_url.parse::<reqwest::Url>() {
            attributes.extend(url.host_str().map(|host| KeyValue::new("server.address", host.to_owned())));
            let port = url.port_or_known_default();
            attributes.extend(port.map(|port| KeyValue::new("server.port", i64::from(port))));
        }
        let Some(model) = model else { return (operation.into(), attributes) };
        attributes.push(KeyValue::new("gen_ai.request.model", model.to_owned()));
        (format!("{operation} {model}").into(), attributes)
    })
}

/// Notes something on the current span.
pub(crate) fn note(key: &'static str, value: impl Into<Value>) {
    with_current(|span| span.set_attribute(KeyValue::new(key, value)));
}

/// Notes a word on the current span.
pub(crate) fn note_text(key: &'static str, text: &str) {
    with_current(|span| span.set_attribute(KeyValue::new(key, text.to_owned())));
}

/// Notes on the current span which job has come of it.
pub(crate) fn note_job(id: &str) {
    with_current(|span| {
        span.set_attribute(KeyValue::new("triptych.job.id", id.to_owned()));
        span.add_link(context::of_job(id), Vec::new());
    });
}

/// Marks the current span as failed.
pub(crate) fn fail_current(kind: &'static str) {
    with_current(|span| {
        span.set_attribute(KeyValue::new("error.type", kind));
        span.set_status(Status::error(""));
    });
}

/// Ends the current span before its task ends.
pub(crate) fn end_current() {
    with_current(|span| span.end());
}

fn with_current(act: impl FnOnce(SpanRef<'_>)) {
    CURRENT.try_with(|scope| act(scope.context.span())).ok();
}

/// The `traceparent` that a provider gets, where it gets one.
pub(crate) fn outgoing() -> Option<HeaderValue> {
    let header = |scope: &Scope| {
        let span = scope.context.span();
        scope.inner.propagate.then(|| context::header(span.span_context())).flatten()
    };
    CURRENT.try_with(header).ok().flatten()
}

/// Takes the current span along into a task of its own.
pub(crate) fn carry<F: Future>(future: F) -> Within<F> {
    Span(CURRENT.try_with(Scope::clone).ok()).run(future)
}

impl Span {
    /// Makes it the current span of a future.
    pub(crate) fn run<F: Future>(&self, future: F) -> Within<F> {
        match &self.0 {
            Some(scope) => Either::Left(CURRENT.scope(scope.clone(), future)),
            None => Either::Right(future),
        }
    }

    /// Runs a future in it and ends with it, well or not.
    pub(crate) async fn around<T>(self, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let outcome = self.run(future).await;
        if let Err(error) = &outcome {
            self.fail(error.code().as_str());
        }
        self.end();
        outcome
    }

    /// Notes a word.
    pub(crate) fn set_text(&self, key: &'static str, text: &str) {
        if self.0.is_some() {
            self.set(key, text.to_owned());
        }
    }

    pub(crate) fn set(&self, key: &'static str, value: impl Into<Value>) {
        if let Some(scope) = &self.0 {
            scope.context.span().set_attribute(KeyValue::new(key, value));
        }
    }

    /// The answer that a request got.
    pub(crate) fn answered(&self, status: u16) {
        self.set("http.response.status_code", i64::from(status));
        if status >= 500 && self.0.is_some() {
            self.set("error.type", status.to_string());
            self.set_failed();
        }
    }

    /// How a call to a provider went.
    pub(crate) fn heard(&self, error: Option<&UpstreamError>) {
        let Some(error) = error else { return };
        if let UpstreamError::Refused { status, .. } = error {
            self.set("http.response.status_code", i64::from(*status));
        }
        self.fail(error.label());
    }

    /// Marks it as failed, with a word of ours for the kind of failure.
    pub(crate) fn fail(&self, kind: &'static str) {
        self.set("error.type", kind);
        self.set_failed();
    }

    fn set_failed(&self) {
        if let Some(scope) = &self.0 {
            // A description could hold what a provider said.
            scope.context.span().set_status(Status::error(""));
        }
    }

    pub(crate) fn end(self) {
        if let Some(scope) = &self.0 {
            scope.context.span().end();
        }
    }
}
