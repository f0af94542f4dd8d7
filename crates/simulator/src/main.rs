//! The simulated provider as a program: see the library's documentation for what it speaks.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;
use triptych_simulator::{Config, Dialect, spawn_at};

/// Impersonates AI providers: chat, images, videos, sound, a bill and faults on demand.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// No waiting anywhere: for benchmarks. What is set besides it still holds.
    #[arg(long)]
    instant: bool,
    /// Milliseconds before the first token of a chat answer [default: 350].
    #[arg(long)]
    ttft_ms: Option<u64>,
    /// Tokens per second after the first one; 0 is as fast as possible [default: 60].
    #[arg(long)]
    tokens_per_second: Option<f64>,
    /// Milliseconds before an image answer [default: 2000].
    #[arg(long)]
    image_ms: Option<u64>,
    /// Milliseconds before speech or a transcription [default: 500].
    #[arg(long)]
    audio_ms: Option<u64>,
    /// How many times faster than life videos are made; at 1 a clip takes 45 to 120 s [default: 1].
    #[arg(long)]
    video_speed: Option<f64>,
    /// Unfinished videos at once, beyond which the answer is 429.
    #[arg(long, default_value_t = 10)]
    max_concurrent_videos: usize,
    /// Name of the environment variable that holds the key callers must send.
    #[arg(long, value_name = "NAME")]
    api_key_env: Option<String>,
    /// A model id to accept besides the built-in ones; may be repeated.
    #[arg(long = "model", value_name = "ID")]
    models: Vec<String>,
    /// The day on which a model goes, for the list of models; may be repeated.
    #[arg(long = "shutdown", value_name = "ID=YYYY-MM-DD", value_parser = shutdown)]
    shutdowns: Vec<(String, String)>,
    /// The words of /v1/video/generations.
    #[arg(long, value_enum, default_value_t)]
    dialect: Words,
    /// Serves files from a second address as well, where their links then point, such as 127.0.0.1:0.
    #[arg(long, value_name = "ADDR:PORT")]
    files_addr: Option<SocketAddr>,
    /// What links to files begin with, where that is not the address they are served from.
    #[arg(long, value_name = "URL")]
    files_url: Option<String>,
    /// Tell this address of every finished job that names no callback_url.
    #[arg(long, value_name = "URL")]
    webhook_url: Option<String>,
    /// Name of the environment variable that holds the secret of webhooks, whsec_ and base64.
    #[arg(long, value_name = "NAME")]
    webhook_secret_env: Option<String>,
    /// Keep no bill, for benchmarks of minutes.
    #[arg(long)]
    no_bill: bool,
}

#[derive(Clone, Copy, Default, clap::ValueEnum)]
enum Words {
    /// job_id, video_url; queued, in_progress, completed, failed
    #[default]
    Seed,
    /// task_id, url; the same words
    NewApi,
    /// task_id, url; processing, succeeded, failed
    NewApiOlder,
}

impl Args {
    fn config(self) -> anyhow::Result<Config> {
        let start = if self.instant { Config::instant() } else { Config::default() };
        let ms = |given: Option<u64>, otherwise| given.map_or(otherwise, Duration::from_millis);
        Ok(Config {
            time_to_first_token: ms(self.ttft_ms, start.time_to_first_token),
            tokens_per_second: self.tokens_per_second.unwrap_or(start.tokens_per_second),
            image_delay: ms(self.image_ms, start.image_delay),
            audio_delay: ms(self.audio_ms, start.audio_delay),
            video_speed: self.video_speed.unwrap_or(start.video_speed),
            max_concurrent_videos: self.max_concurrent_videos,
            api_key: secret(self.api_key_env.as_deref())?,
            extra_models: self.models,
            shutdown_dates: self.shutdowns,
            dialect: match self.dialect {
                Words::Seed => Dialect::Seed,
                Words::NewApi => Dialect::NewApi,
                Words::NewApiOlder => Dialect::NewApiOlder,
            },
            files_addr: self.files_addr,
            files_url: self.files_url,
            webhook_secret: secret(self.webhook_secret_env.as_deref())?.unwrap_or(start.webhook_secret),
            webhook_url: self.webhook_url,
            keep_bill: !self.no_bill,
        })
    }
}

/// The value of an environment variable that must be there if it was named.
fn secret(name: Option<&str>) -> anyhow::Result<Option<String>> {
    name.map(|name| std::env::var(name).with_context(|| format!("reading ${name}"))).transpose()
}

fn shutdown(text: &str) -> Result<(String, String), String> {
    let (model, day) = text.split_once('=').ok_or("ID=YYYY-MM-DD is wanted")?;
    Ok((model.to_owned(), day.to_owned()))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let addr = SocketAddr::new(args.host, args.port);
    let running = spawn_at(args.config()?, addr).await.context("starting the simulator")?;
    announce(&running.base_url())?;
    stop_signal().await?;
    // Streams under way may take minutes; nobody who pressed Ctrl-C wants to wait for them.
    let _ = tokio::time::timeout(Duration::from_secs(3), running.shutdown()).await;
    Ok(())
}

/// Prints the one line on stdout that tells whoever started the program where to connect.
fn announce(url: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening on {url}")?;
    out.flush()
}

#[cfg(unix)]
async fn stop_signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn stop_signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
