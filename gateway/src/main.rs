//! `triptych-gateway serve --config gateway.toml`, and what operators do beside it.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use triptych_gateway::app;
use triptych_gateway::command::{self, Grant};
use triptych_gateway::config::{Config, LogFormat};
use triptych_gateway::state::AppState;
use triptych_protocol::SessionRequest;

/// The Triptych gateway: browser tokens, credits, and calls to AI providers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; gateway.example.toml explains every key.
    #[arg(long, value_name = "FILE", default_value = "gateway.toml", global = true)]
    config: PathBuf,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Answer calls. This is what it does when nothing is said.
    Serve,
    /// Say what is wrong with the configuration, or that nothing is.
    CheckConfig,
    /// Ask the gateway that runs with this configuration on this machine whether it is well. For health checks.
    Health,
    /// Bring the tables of the database up to date, which `serve` does as well.
    Migrate,
    /// Recompute every balance from the ledger's entries and print what does not agree.
    Audit {
        /// A provider's bill to lay beside the ledger: JSON lines with `id` and `billed`.
        #[arg(long, value_name = "FILE")]
        bill: Option<PathBuf>,
        /// Book what the bill has of jobs that nobody was charged for as losses of the platform.
        #[arg(long, requires = "bill")]
        book_losses: bool,
    },
    /// Give a user credits.
    Grant {
        /// A tenant of the configuration.
        #[arg(long)]
        tenant: String,
        /// The tenant's own id of its user.
        #[arg(long)]
        user: String,
        /// How many credits: 100, or 7.5.
        #[arg(long)]
        credits: String,
        /// The same key grants once only.
        #[arg(long)]
        key: String,
        /// For the record.
        #[arg(long, default_value = "granted on the command line")]
        reason: String,
    },
    /// Print a browser token for a user, to try calls with.
    Token {
        /// A tenant of the configuration.
        #[arg(long)]
        tenant: String,
        /// The tenant's own id of its user.
        #[arg(long)]
        user: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(code) => code,
        Err(error) => {
            // Nothing else writes to stderr before the log is set up, and afterwards this is the last word.
            writeln!(std::io::stderr(), "triptych-gateway: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config, &|name| std::env::var(name).ok())?;
    match arguments.verb.unwrap_or(Verb::Serve) {
        Verb::Serve => serve(config).await?,
        Verb::CheckConfig => {
            config.check_catalogue()?;
            say(&format!("{}: ok", arguments.config.display()));
        }
        Verb::Health => {
            triptych_gateway::init_tls();
            command::health(&config).await?;
            say("well");
        }
        Verb::Migrate => {
            command::migrate(&config).await?;
            say("the tables are up to date");
        }
        Verb::Audit { bill, book_losses } => {
            let bill = bill.map(|path| {
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
            });
            let (report, content) =
                command::audit(&config, bill.transpose()?.as_deref(), book_losses).await?;
            say(&serde_json::to_string_pretty(&report)?);
            return Ok(if content { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        Verb::Grant { tenant, user, credits, key, reason } => {
            let amount = credits
                .parse()
                .with_context(|| format!("--credits: `{credits}` is no amount (write 100, or 7.5)"))?;
            let balance = command::grant(config, &Grant { tenant, user, amount, key, reason }).await?;
            say(&format!("available {}, held {}", balance.available, balance.held));
        }
        Verb::Token { tenant, user } => {
            triptych_gateway::init_tls();
            let request = SessionRequest { user, ..SessionRequest::default() };
            say(&command::token(config, &tenant, request).await?.client_secret);
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
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
