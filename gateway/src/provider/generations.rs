use serde_json::{Value, json};

use super::Provider;
use super::failure::UpstreamError;
use super::openai::segment;
use super::video::{VideoOrder, VideoStatusAnswer};

impl Provider {
    /// `POST /video/generations` of the job-queue shape that new-api and others speak.
    pub(super) async fn generations_start(&self, order: &VideoOrder) -> Result<Value, UpstreamError> {
        let body = json!({
            "model": self.model(&order.model), "prompt": order.prompt, "duration": order.seconds,
            "resolution": order.resolution, "aspect_ratio": order.aspect_ratio,
        });
        self.start_json("/video/generations", &body, &order.client_ref).await
    }

    pub(super) async fn generations_status(
        &self,
        operation: &str,
    ) -> Result<VideoStatusAnswer, UpstreamError> {
        self.job_status(&format!("/video/generations/{}", segment(operation)?)).await
    }
}
