//! Prints how fast the ledger is on each of some databases; `cargo xtask bench gateway` runs it.
#![allow(clippy::print_stdout, reason = "its output is its purpose")]

use std::time::Duration;

use clap::Parser;
use triptych_gateway::bench;

#[derive(Parser)]
struct Options {
    /// Where to measure: `sqlite:path` or `postgres://…`; can be given several times.
    #[arg(long = "database", value_name = "URL", required = true)]
    databases: Vec<String>,
    /// For how long, each time.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let time = Duration::from_secs(options.seconds);
    println!("\n| hold + settle | callers | of users | pairs a second | p50 (ms) | p99 (ms) |");
    println!("| --- | --: | --: | --: | --: | --: |");
    for database in &options.databases {
        let kind = database.split(':').next().unwrap_or_default();
        for (callers, one_user) in [(1, false), (16, false), (64, false), (64, true)] {
            let users = if one_user { 1 } else { callers };
            match bench::ledger(database, callers, one_user, time).await {
                Ok(outcome) => println!(
                    "| {kind} | {callers} | {users} | {:.0} | {:.2} | {:.2} |",
                    outcome.pairs_per_second, outcome.p50_ms, outcome.p99_ms
                ),
                Err(error) => println!("| {kind} | {callers} | {users} | {error} | | |"),
            }
        }
    }
    Ok(())
}
