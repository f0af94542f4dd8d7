//! Measures what the gateway adds to calls, beside a direct connection to the same provider and beside other
//! gateways, in one run. `cargo xtask bench gateway` starts all of them and this.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is its purpose")]

mod client;
mod latency;
mod stats;
mod streams;
mod throughput;
mod upstream;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;

use self::client::Target;

#[derive(Parser)]
struct Options {
    /// A way to the simulator: NAME=URL, or NAME=URL=KEY_VARIABLE; the first is the direct one.
    #[arg(long = "simulated", value_name = "TARGET")]
    simulated: Vec<String>,
    /// A way to this program's own provider, which writes the time into its tokens. The first is the direct one.
    #[arg(long = "clocked", value_name = "TARGET")]
    clocked: Vec<String>,
    /// Where this program's own provider listens.
    #[arg(long)]
    clock_port: u16,
    /// The gateway's process behind the second clocked target, whose memory is measured.
    #[arg(long)]
    pid: Option<u32>,
    /// Streams to hold open.
    #[arg(long, default_value_t = 20_000)]
    streams: usize,
    /// Calls of each kind over each way.
    #[arg(long, default_value_t = 2000)]
    calls: usize,
    /// Seconds for each step of throughput.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Leave the throughput out.
    #[arg(long)]
    no_throughput: bool,
}

fn main() -> Result<()> {
    let options = Options::parse();
    // The provider has a thread of its own, so that waiting for a token does not delay the sending of another.
    let port = options.clock_port;
    std::thread::spawn(move || {
        if let Err(error) = upstream::run(port) {
            eprintln!("the clock provider failed: {error:#}");
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(&options))
}

async fn run(options: &Options) -> Result<()> {
    let simulated = targets(&options.simulated)?;
    let clocked = targets(&options.clocked)?;
    for target in simulated.iter().chain(&clocked) {
        client::wait_for(target).await?;
    }
    latency::requests(&simulated, options.calls).await?;
    latency::streams(&clocked, (options.calls / 20).max(10)).await?;
    if !options.no_throughput {
        throughput::run(&simulated, Duration::from_secs(options.seconds)).await?;
    }
    if let (Some(pid), Some(gateway)) = (options.pid, clocked.get(1)) {
        streams::run(gateway, pid, options.streams).await?;
    }
    Ok(())
}

fn targets(list: &[String]) -> Result<Vec<Target>> {
    list.iter().map(|text| Target::parse(text).with_context(|| format!("bad target {text:?}"))).collect()
}
