//! An HTTP server that impersonates the AI providers behind Triptych, for the demo and for tests.
//!
//! It speaks their own shapes, has their own pace, and can be made to fail in their own ways:
//!
//! | call | shape |
//! | --- | --- |
//! | `POST /v1/chat/completions` | OpenAI's, streamed and not; the answers are Markdown about the prompt |
//! | `POST /v1/responses`, `POST /v1/responses/input_tokens` | OpenAI's, streamed and not |
//! | `POST /v1/images/generations`, `POST /v1/images/edits` | OpenAI's for `gpt-image-*`, streamed with partial images and not; a real PNG that shows the prompt |
//! | `POST /v1/audio/speech` | OpenAI's, whole or as events; a real WAV, PCM samples, or silence as MP3 or AAC |
//! | `POST /v1/audio/transcriptions` | OpenAI's, streamed and not; a WAV spoken here is understood |
//! | `POST /v1/videos`, `GET /v1/videos[/{id}[/content]]`, `DELETE /v1/videos/{id}`, `POST /v1/videos/{id}/remix` | OpenAI's, JSON or multipart; a real H.264 clip, `?variant=thumbnail` a PNG |
//! | `POST /v1/video/generations`, `GET …/{id}`, `GET …?external_task_id=X`, `POST …/{id}/cancel` | the [`Dialect`] set, over the same jobs |
//! | `POST /api/v1/model/{generateVideo,generateImage,uploadMedia}`, `GET /api/v1/model/prediction/{id}`, `GET /api/v1/model/predictions?external_task_id=X`, `GET /api/v1/models` | Atlas Cloud's, over the same jobs |
//! | `GET /files/{name}` | what addresses in answers point at, on the API's port or on [`Config::files_addr`] |
//! | `GET /v1/models` | OpenAI's |
//! | `GET /sim/bill`, `DELETE /sim/bill` | what a provider would invoice: [`Bill`] |
//! | `GET /sim/stats`, `DELETE /sim/stats` | what the provider has seen: [`Stats`] |
//! | `GET /sim/faults`, `PUT /sim/faults` | what goes wrong next: [`Fault`] |
//!
//! The create calls of `/v1/video/generations` and of Atlas take `external_task_id`, by which the job can
//! be found again, and `callback_url`, which is told of the job's end by an event signed as
//! [Standard Webhooks](https://www.standardwebhooks.com) says. A real provider may lack either.
//! Reasoning is simulated: a model with `reason` in its id, or any `reasoning_effort`, thinks hidden tokens.
//! Thoughts that are shown, calls of tools, sources and refusals come where a marker in the last message of the user asks
//! for them: `[[with:reasoning]]`, `reasoning-content`, `tool`, `citations`, `refusal`.
//! An offered tool is called where that message names it (`show_order` by "show order") or has `[[call:name {…}]]`; what
//! the tools gave is the answer then. With a `json_schema` the answer is a value that fits it.
//! A conversation whose beginning of 1,024 tokens or more was read before has it cached.
//!
//! ```no_run
//! # async fn example() -> Result<(), triptych_simulator::Error> {
//! let provider = triptych_simulator::spawn(triptych_simulator::Config::instant()).await?;
//! let url = format!("{}/v1/chat/completions", provider.base_url());
//! // … call it …
//! assert!(provider.bill().items.is_empty());
//! provider.shutdown().await
//! # }
//! ```

mod answer;
mod atlas;
mod audio;
mod bill;
mod caller;
mod canvas;
mod chat;
mod clip;
mod config;
mod control;
mod error;
mod extra;
mod fault;
mod files;
mod form;
mod frame;
mod generations;
mod h264;
mod images;
mod job;
mod lettering;
mod models;
mod mp4;
mod order;
mod painting;
mod palette;
mod picture;
mod poll;
mod range;
mod reply;
mod responses;
mod server;
mod speech;
mod sse;
mod state;
mod stats;
mod tokens;
mod tool;
mod transcriptions;
mod videos;
mod webhook;

pub use bill::{Bill, BillItem, BillKind, BillTotals, Creates};
pub use config::{Config, DEFAULT_WEBHOOK_SECRET, Dialect};
pub use error::Error;
pub use fault::{Fault, FaultRoute, QueuedFault};
pub use server::{Running, router, spawn, spawn_at, spawn_on};
pub use state::Simulator;
pub use stats::{Stats, VideoStats, WebhookStats};
