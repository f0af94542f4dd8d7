//! `triptych-gateway --config gateway.toml`

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use triptych_gateway::app;
use triptych_gateway::config::{Config, LogFormat};
use triptych_gateway::state::AppState;

/// The Triptych gateway: browser tokens, credits, and calls to AI providers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; gateway.example.toml explains every key.
    #[arg(long, value_name = "FILE", default_value = "gateway.toml")]
    config: PathBuf,
    /// Check the configuration and stop.
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing else writes to stderr before the log is set up, and afterwards this is the last word.
            writeln!(std::io::stderr(), "triptych-gateway: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = Config::load(&arguments.config, &|name| std::env::var(name).ok())?;
    if arguments.check {
        config.check_catalogue()?;
        say(&format!("{}: ok", arguments.config.display()));
        return Ok(());
    }
    start_log(config.log_format);
    triptych_gateway::init_tls();
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {} (is it in use?)", config.listen))?;
    config.set_bound(listener.local_addr()?);
    let state = AppState::build(config).await?;
    let stopping = state.clone();
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping");
        stopping.shut_down();
    });
    say(&format!("listening on http://{}", listener.local_addr()?));
    app::serve(state, listener).await.context("the server failed")
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// Whoever started the gateway waits for this line.
fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

async fn stop_signal() {
    let interrupt = async {
        tokio::signal::ctrl_c().await.ok();
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        () = terminate => {}
    }
}
