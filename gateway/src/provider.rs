//! The providers behind the gateway: one adapter a shape of API, one connection a configured provider, and the choice
//! between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use serde_json::Value;

use crate::config::{Config, ProviderConfig, ProviderKind, RouteConfig};
use crate::trace;

mod adapter;
mod atlas;
mod breaker;
mod compatible;
mod connection;
mod failure;
mod generations;
mod openai;
mod request;
mod route;
mod video;
mod webhook;

pub(crate) use adapter::{Ability, Notice, WebhookError};
pub(crate) use failure::{UpstreamError, clean};
pub(crate) use request::{ChatCall, ImageCall, ResponsesCall, SpeechCall, TranscriptionCall, Upload};
pub(crate) use route::Plan;
pub(crate) use video::{Cancellation, Operation, Submission, Variant, VideoOrder, VideoReport, VideoStatus};

use adapter::Adapter;
use breaker::Breaker;
use connection::Connection;

/// Most bytes of a picture of a clip.
const MAX_PICTURE: usize = 16 * 1024 * 1024;
/// How long such a picture may take.
const PICTURE_TIME: Duration = Duration::from_secs(60);

/// All configured providers, in the order of the configuration, and the routes between them.
#[derive(Debug)]
pub(crate) struct Providers {
    all: Vec<Arc<Provider>>,
    routes: Vec<RouteConfig>,
}

/// One provider: how it is reached, how it is spoken to, and how it has been doing.
#[derive(Debug)]
pub(crate) struct Provider {
    connection: Connection,
    adapter: &'static dyn Adapter,
    breaker: Breaker,
    /// Whether operators have switched it off.
    off: AtomicBool,
}

impl Providers {
    /// Prepares a client for each provider; nothing is called yet.
    ///
    /// # Errors
    /// A sentence naming the provider whose `base_url` or key cannot be used.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        crate::init_tls();
        let all = config.providers.iter();
        let private = &config.network.allow_private_hosts;
        let all = all.map(|config| Provider::new(config, private).map(Arc::new));
        Ok(Providers { all: all.collect::<Result<_, _>>()?, routes: config.routes.clone() })
    }

    /// The provider of that id, which a job of an earlier run may name though it is gone.
    pub(crate) fn get(&self, id: &str) -> Option<&Arc<Provider>> {
        self.all.iter().find(|provider| provider.id() == id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Provider>> {
        self.all.iter()
    }
}

impl Provider {
    fn new(config: &ProviderConfig, private: &[String]) -> Result<Self, String> {
        let adapter: &'static dyn Adapter = match config.kind {
            ProviderKind::Openai => &openai::OpenAi,
            ProviderKind::Compatible => &compatible::Compatible,
            ProviderKind::Generations => &generations::Generations,
            ProviderKind::Atlas => &atlas::Atlas,
        };
        let connection =
            Connection::new(config, private).map_err(|error| format!("provider `{}`: {error}", config.id))?;
        let breaker = Breaker::new(config.breaker_failures, Duration::from_secs(config.breaker_seconds));
        Ok(Provider { connection, adapter, breaker, off: AtomicBool::new(false) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.connection.config.id
    }

    pub(crate) fn config(&self) -> &ProviderConfig {
        &self.connection.config
    }

    /// Switches it off, or on again: no new call goes to it meanwhile.
    pub(crate) fn switch(&self, off: bool) {
        self.off.store(off, Ordering::Relaxed);
    }

    pub(crate) fn is_off(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }

    /// Longest silence before the first byte of a streamed answer.
    pub(crate) fn first_byte_timeout(&self) -> Duration {
        self.connection.first_byte_timeout()
    }

    /// Longest silence within a stream.
    pub(crate) fn idle_timeout(&self) -> Duration {
        self.connection.idle_timeout()
    }

    /// Whether the provider knows that kind of call.
    pub(crate) fn can(&self, ability: Ability) -> bool {
        self.adapter.can(ability)
    }

    /// Runs a call unless the provider is left alone at the moment, and takes note of how it went.
    async fn guarded<T>(
        &self,
        call: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        self.breaker.admit().map_err(UpstreamError::Resting)?;
        let outcome = call.await;
        self.breaker.record(outcome.as_ref().err());
        outcome
    }

    /// Runs a call about a clip in a span of its own.
    async fn traced<T>(
        &self,
        operation: &'static str,
        call: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        let span = trace::upstream(operation, None, self.config());
        let outcome = span.run(call).await;
        span.heard(outcome.as_ref().err());
        span.end();
        outcome
    }

    /// Orders a clip.
    pub(crate) async fn video_create(&self, order: &VideoOrder) -> Submission {
        if let Err(left) = self.breaker.admit() {
            return Submission::Busy(UpstreamError::Resting(left));
        }
        let span = trace::upstream("video_create", Some(&order.model), self.config());
        let submission = span.run(self.adapter.video_create(&self.connection, order)).await;
        span.heard(submission.error());
        span.end();
        self.breaker.record(submission.error());
        submission
    }

    /// Where a clip stands. Polls go on while the breaker is open: the work is under way.
    pub(crate) async fn video_status(&self, operation: &Operation) -> Result<VideoReport, UpstreamError> {
        self.traced("video_status", self.adapter.video_status(&self.connection, operation)).await
    }

    /// A finished clip, or a picture of it.
    pub(crate) async fn video_file(
        &self,
        operation: &Operation,
        output: Option<&str>,
        variant: Variant,
    ) -> Result<Response, UpstreamError> {
        self.traced("video_file", self.adapter.video_file(&self.connection, operation, output, variant)).await
    }

    /// Whether a clip that is being made can be taken back.
    pub(crate) fn can_cancel(&self) -> bool {
        self.adapter.can_cancel()
    }

    /// Whether a clip can be looked up by the reference that its order carried.
    pub(crate) fn can_find(&self) -> bool {
        self.adapter.can_find()
    }

    /// A picture of a finished clip, whole.
    pub(crate) async fn video_picture(
        &self,
        operation: &Operation,
        variant: Variant,
    ) -> Result<Bytes, UpstreamError> {
        let answer = self.video_file(operation, None, variant).await?;
        let reading = tokio::time::timeout(PICTURE_TIME, connection::read_capped(answer, MAX_PICTURE));
        reading.await.map_err(|_| UpstreamError::Timeout)?
    }

    /// Asks for a clip not to be made.
    pub(crate) async fn video_cancel(&self, operation: &Operation) -> Result<Cancellation, UpstreamError> {
        let asking = self.adapter.video_cancel(&self.connection, operation);
        let answer = self.traced("video_cancel", asking).await?;
        if answer != Cancellation::TooLate {
            return Ok(answer);
        }
        // It may have been taken back already, by an attempt whose answer was lost or by another gateway.
        match self.video_status(operation).await {
            Ok(VideoReport { status: VideoStatus::Cancelled, .. }) => Ok(Cancellation::Cancelled),
            _ => Ok(answer),
        }
    }

    /// The clip that was ordered under a reference; an error where the provider cannot say.
    pub(crate) async fn video_find(&self, client_ref: &str) -> Result<Option<Operation>, UpstreamError> {
        if !self.adapter.can_find() {
            return Err(UpstreamError::Unsupported("a look-up by reference"));
        }
        self.traced("video_find", self.adapter.video_find(&self.connection, client_ref)).await
    }

    /// Which clip a webhook is about, once its signature is found good.
    pub(crate) fn webhook(
        &self,
        headers: &axum::http::HeaderMap,
        body: &[u8],
        now_seconds: i64,
    ) -> Result<Notice, WebhookError> {
        self.adapter.webhook(&self.connection, headers, body, now_seconds)
    }

    /// A file that an answer points at, whole.
    pub(crate) async fn file_bytes(&self, link: &str, cap: usize) -> Result<Bytes, UpstreamError> {
        self.connection.file_bytes(link, cap).await
    }
}

/// Which provider took a call, and its answer.
type Taken<T> = Result<(Arc<Provider>, T), UpstreamError>;

impl Plan {
    /// A chat answer in one piece.
    pub(crate) async fn chat(&self, call: &ChatCall) -> Taken<Value> {
        self.call(("chat", &call.model), |provider| provider.adapter.chat(&provider.connection, call)).await
    }

    /// A streamed chat answer.
    pub(crate) async fn chat_stream(&self, call: &ChatCall) -> Taken<Response> {
        self.call(("chat", &call.model), |provider| provider.adapter.chat_stream(&provider.connection, call))
            .await
    }

    /// An answer of the Responses API in one piece.
    pub(crate) async fn responses(&self, call: &ResponsesCall) -> Taken<Value> {
        self.call(("chat", &call.model), |provider| provider.adapter.responses(&provider.connection, call))
            .await
    }

    /// A streamed answer of the Responses API.
    pub(crate) async fn responses_stream(&self, call: &ResponsesCall) -> Taken<Response> {
        self.call(("chat", &call.model), |provider| {
            provider.adapter.responses_stream(&provider.connection, call)
        })
        .await
    }

    /// Pictures in one piece.
    pub(crate) async fn images(&self, call: &ImageCall) -> Taken<Value> {
        self.call(("image_generation", &call.model), |provider| {
            provider.adapter.images(&provider.connection, call)
        })
        .await
    }

    /// Pictures with partial ones ahead.
    pub(crate) async fn images_stream(&self, call: &ImageCall) -> Taken<Response> {
        self.call(("image_generation", &call.model), |provider| {
            provider.adapter.images_stream(&provider.connection, call)
        })
        .await
    }

    /// Speech.
    pub(crate) async fn speech(&self, call: &SpeechCall) -> Taken<Response> {
        self.call(("speech", &call.model), |provider| provider.adapter.speech(&provider.connection, call))
            .await
    }

    /// The text of a recording.
    pub(crate) async fn transcription(&self, call: &TranscriptionCall) -> Taken<Response> {
        self.call(("transcription", &call.model), |provider| {
            provider.adapter.transcription(&provider.connection, call)
        })
        .await
    }
}
