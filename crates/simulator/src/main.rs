//! The simulated provider as a program: see the library's documentation for what it speaks.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tracing_subscriber::EnvFilter;
use triptych_simulator::{Config, spawn_on};

/// Impersonates an AI provider on 127.0.0.1: chat, images, videos, a bill and faults on demand.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Milliseconds before the first token of a chat answer.
    #[arg(long, default_value_t = 350)]
    ttft_ms: u64,
    /// Tokens per second after the first one; 0 is as fast as possible.
    #[arg(long, default_value_t = 60.0)]
    tokens_per_second: f64,
    /// Milliseconds before an image answer.
    #[arg(long, default_value_t = 2000)]
    image_ms: u64,
    /// How many times faster than life videos are made; at 1 a clip takes 45 to 120 s.
    #[arg(long, default_value_t = 1.0)]
    video_speed: f64,
    /// Unfinished videos at once, beyond which the answer is 429.
    #[arg(long, default_value_t = 10)]
    max_concurrent_videos: usize,
    /// Name of the environment variable that holds the key callers must send.
    #[arg(long, value_name = "NAME")]
    api_key_env: Option<String>,
    /// A model id to accept besides the built-in ones; may be repeated.
    #[arg(long = "model", value_name = "ID")]
    models: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let api_key = match &args.api_key_env {
        Some(name) => Some(std::env::var(name).with_context(|| format!("reading the key from ${name}"))?),
        None => None,
    };
    let config = Config {
        time_to_first_token: Duration::from_millis(args.ttft_ms),
        tokens_per_second: args.tokens_per_second,
        image_delay: Duration::from_millis(args.image_ms),
        video_speed: args.video_speed,
        max_concurrent_videos: args.max_concurrent_videos,
        api_key,
        extra_models: args.models,
        ..Config::default()
    };
    let running = spawn_on(config, args.port).await.context("starting the simulator")?;
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
