//! An HTTP server that impersonates the AI providers behind Triptych, for the demo and for tests.
//!
//! It speaks their own shapes, has their own pace, and can be made to fail in their own ways:
//!
//! | call | shape |
//! | --- | --- |
//! | `POST /v1/chat/completions` | OpenAI's, streamed and not; the answers are Markdown about the prompt |
//! | `POST /v1/images/generations` | OpenAI's for `gpt-image-*`; a real PNG that shows the prompt |
//! | `POST /v1/videos`, `GET /v1/videos[/{id}[/content]]`, `DELETE /v1/videos/{id}` | OpenAI's, JSON or multipart; a real H.264 clip |
//! | `POST /v1/video/generations`, `GET /v1/video/generations/{id}` | `job_id` and `video_url` over the same jobs |
//! | `GET /v1/models` | OpenAI's |
//! | `GET /sim/bill`, `DELETE /sim/bill` | what a provider would invoice: [`Bill`] |
//! | `GET /sim/faults`, `PUT /sim/faults` | what goes wrong next: [`Fault`] |
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
mod bill;
mod canvas;
mod chat;
mod clip;
mod config;
mod error;
mod fault;
mod frame;
mod h264;
mod images;
mod job;
mod lettering;
mod models;
mod mp4;
mod painting;
mod palette;
mod range;
mod server;
mod state;
mod tokens;
mod videos;

pub use bill::{Bill, BillItem, BillKind, BillTotals};
pub use config::Config;
pub use error::Error;
pub use fault::{Fault, FaultRoute, QueuedFault};
pub use server::{Running, router, spawn, spawn_on};
pub use state::Simulator;
