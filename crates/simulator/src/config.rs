use std::net::SocketAddr;
use std::time::Duration;

/// The secret that signs webhooks unless another is set.
pub const DEFAULT_WEBHOOK_SECRET: &str = "whsec_c2ltdWxhdG9yLXdlYmhvb2stc2VjcmV0";

/// How fast the simulated provider works, how it words its answers, and whom it lets in.
#[derive(Clone, Debug)]
pub struct Config {
    /// Wait before the first token of a chat answer. Default 350 ms.
    pub time_to_first_token: Duration,
    /// Tokens per second after the first one. Default 60. Zero or less means as fast as possible.
    pub tokens_per_second: f64,
    /// Wait before an image answer. Default 2 s. Partial images come evenly within it.
    pub image_delay: Duration,
    /// Wait before speech or a transcription. Default 500 ms.
    pub audio_delay: Duration,
    /// How many times faster than life a video is made. At 1.0, the default, a clip takes
    /// 45 s (480p, 5 s) to 120 s (1080p, 20 s). Zero or less counts as 1.0.
    pub video_speed: f64,
    /// Video jobs that may be unfinished at once; the next one gets 429 with `Retry-After`. Default 10.
    pub max_concurrent_videos: usize,
    /// Key that `Authorization: Bearer` must carry on `/v1` and `/api/v1`. `None`, the default, lets
    /// everybody in.
    pub api_key: Option<String>,
    /// Model ids to accept besides the built-in list; they serve every kind of call.
    pub extra_models: Vec<String>,
    /// `(model, YYYY-MM-DD)`: the `shutdown_date` of a model in `GET /v1/models`. Default none.
    pub shutdown_dates: Vec<(String, String)>,
    /// The words of `/v1/video/generations`. Default [`Dialect::Seed`].
    pub dialect: Dialect,
    /// Where finished files are served from as well, such as `127.0.0.1:0` or `127.0.0.2:0`; addresses of
    /// files then point there, as to a provider's CDN. `None`, the default, keeps them with the API.
    pub files_addr: Option<SocketAddr>,
    /// What addresses of files begin with, where that is not `http://` and the address bound.
    pub files_url: Option<String>,
    /// Secret of webhooks, `whsec_` and base64. Default [`DEFAULT_WEBHOOK_SECRET`].
    pub webhook_secret: String,
    /// Address that is told of every job whose create call names no `callback_url`. Plain HTTP.
    pub webhook_url: Option<String>,
    /// Whether a bill is kept. Default true; a benchmark of minutes may want its memory back.
    pub keep_bill: bool,
}

/// How `/v1/video/generations` words its answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `job_id`, `video_url`; `queued`, `in_progress`, `completed`, `failed`.
    #[default]
    Seed,
    /// `task_id`, `url`, `format`, `metadata`; the same words.
    NewApi,
    /// The fields of `NewApi`, but `processing`, `succeeded`, `failed`.
    NewApiOlder,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            time_to_first_token: Duration::from_millis(350),
            tokens_per_second: 60.0,
            image_delay: Duration::from_secs(2),
            audio_delay: Duration::from_millis(500),
            video_speed: 1.0,
            max_concurrent_videos: 10,
            api_key: None,
            extra_models: Vec::new(),
            shutdown_dates: Vec::new(),
            dialect: Dialect::Seed,
            files_addr: None,
            files_url: None,
            webhook_secret: DEFAULT_WEBHOOK_SECRET.to_owned(),
            webhook_url: None,
            keep_bill: true,
        }
    }
}

impl Config {
    /// No waiting anywhere, and clips that are done almost at once: for tests.
    pub fn instant() -> Self {
        Self {
            time_to_first_token: Duration::ZERO,
            tokens_per_second: 0.0,
            image_delay: Duration::ZERO,
            audio_delay: Duration::ZERO,
            video_speed: 1e6,
            ..Self::default()
        }
    }

    /// Milliseconds from the creation of a video to its completion.
    pub(crate) fn video_time_ms(&self, short_side: u32, seconds: u32) -> u64 {
        let size = ((f64::from(short_side) - 480.0) / 600.0).clamp(0.0, 1.0);
        let length = ((f64::from(seconds) - 5.0) / 15.0).clamp(0.0, 1.0);
        let speed = if self.video_speed > 0.0 { self.video_speed } else { 1.0 };
        ((45.0 + 37.5 * (size + length)) * 1000.0 / speed) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn video_time_spans_the_documented_range() {
        let config = Config::default();
        assert_eq!(config.video_time_ms(480, 5), 45_000);
        assert_eq!(config.video_time_ms(1080, 20), 120_000);
        let fast = Config { video_speed: 20.0, ..Config::default() };
        assert_eq!(fast.video_time_ms(480, 5), 2_250);
    }
}
