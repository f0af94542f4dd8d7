//! `cargo xtask bench`: what the gateway adds to calls, beside a direct line and beside LiteLLM's proxy, and what a
//! streamed answer costs a page, beside other chats.

mod litellm;
mod report;
mod stage;
mod stream;

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};

use self::stage::Stage;
use self::stream::Stream;
use crate::services::{Disk, Services};
use crate::{process, tree};

#[derive(Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Latency, throughput and memory of the gateway, and the speed of its ledger.
    Gateway(Gateway),
    /// What a streamed answer costs the page's main thread, beside other chats.
    Stream(Stream),
}

#[derive(Args)]
struct Gateway {
    /// A tenth of everything, to see whether a change did what it should.
    #[arg(long)]
    short: bool,
    /// Leave LiteLLM out, which takes minutes to install.
    #[arg(long)]
    no_litellm: bool,
    /// Measure these parts only.
    #[arg(long, value_delimiter = ',', value_parser = ["calls", "ledger"])]
    only: Vec<String>,
    /// Use unoptimised builds, to try the benchmark itself; their figures mean nothing and are only printed.
    #[arg(long)]
    debug: bool,
    /// Print the figures without adding them to bench/RESULTS.md.
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let heading = report::heading(&env::args().skip(1).collect::<Vec<_>>().join(" "));
    let (text, keep) = match &options.what {
        What::Gateway(options) => (options.measure()?, !options.dry_run && !options.debug),
        What::Stream(options) => (options.measure()?, !options.dry_run),
    };
    let text = heading + &text;
    println!("{text}");
    if keep {
        let file = tree::root().join("bench/RESULTS.md");
        let before = fs::read_to_string(&file).unwrap_or_else(|_| report::TITLE.to_owned());
        fs::write(&file, before + &text).with_context(|| format!("cannot write {}", file.display()))?;
        println!("Added to {}.", tree::shown(&file));
    }
    Ok(())
}

impl Gateway {
    fn measure(&self) -> Result<String> {
        let measured = |part: &str| self.only.is_empty() || self.only.iter().any(|only| only == part);
        let streams = raise_open_files(if self.short { 2_000 } else { 20_000 });
        let profile = if self.debug { "debug" } else { "release" };
        build(self.debug)?;
        let litellm = if self.no_litellm || !measured("calls") { None } else { Some(litellm::installed()?) };
        let mut text = String::new();
        if measured("calls") {
            let mut stage = Stage::set(profile, litellm.as_deref())?;
            let calls = if self.short { 300 } else { 3000 };
            let seconds = if self.short { 2 } else { 10 };
            text += &stage.measure(calls, seconds, streams)?;
        }
        if measured("ledger") {
            text += &ledger(profile, if self.short { 2 } else { 10 })?;
        }
        Ok(text + report::GOALS)
    }
}

fn build(debug: bool) -> Result<()> {
    let mut cargo = process::cargo(["build", "--package", "triptych-gateway"]);
    if !debug {
        cargo.arg("--release");
    }
    cargo.args(["--features", "triptych-gateway/bench", "--package", "triptych-simulator"]);
    process::run(cargo.args(["--package", "triptych-bench", "--bins"]))
}

/// Holds and settlements a second on both stores, both waiting for the disk as in production.
fn ledger(profile: &str, seconds: u64) -> Result<String> {
    let services = Services::start("bench", Disk::Waited)?;
    let folder = tree::target().join("bench/ledger");
    tree::empty_dir(&folder)?;
    let mut bench = Command::new(binary(profile, "bench-ledger")?);
    bench.args(["--seconds", &seconds.to_string()]);
    bench.arg("--database").arg(format!("sqlite:{}", folder.join("ledger.db").display()));
    bench.arg("--database").arg(&services.postgres);
    let output = bench.output().context("cannot start bench-ledger")?;
    if !output.status.success() {
        bail!("bench-ledger failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Lets us and our children have as many open files as so many streams take, and says how many streams that gives.
#[cfg(target_os = "linux")]
fn raise_open_files(streams: u64) -> u64 {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    // Two sockets for each stream in the gateway, and in the load's own process.
    let wanted = streams * 2 + 2_000;
    // Only root may go over the hard limit.
    if setrlimit(Resource::RLIMIT_NOFILE, wanted, wanted).is_err()
        && let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok()
        && hard < wanted
    {
        let fewer = hard.saturating_sub(2_000) / 2;
        println!("{hard} files may be open, so {fewer} streams are measured instead of {streams}.");
        return fewer;
    }
    streams
}

#[cfg(not(target_os = "linux"))]
fn raise_open_files(streams: u64) -> u64 {
    streams
}

fn binary(profile: &str, name: &str) -> Result<PathBuf> {
    let path = tree::target().join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("{} is not built", tree::shown(&path));
    }
    Ok(path)
}
