//! `cargo xtask torture`: gateways that are killed at every dangerous place, for as long as one likes.

use anyhow::Result;
use clap::Args;

use crate::process;
use crate::test::steps::{APART, services};

#[derive(Args)]
pub(crate) struct Options {
    /// How many runs with one gateway.
    #[arg(long, default_value_t = 150)]
    runs: u32,
    /// How many runs with two gateways on one PostgreSQL, of which one is killed.
    #[arg(long, default_value_t = 50)]
    pairs: u32,
    /// The seed of the first run; each run that broke a rule names its own.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let services = services()?;
    let mut cargo = process::cargo(["test", "--workspace", "--test", "torture"]);
    cargo.args(APART).env("TRIPTYCH_TORTURE_SEED", options.seed.to_string());
    cargo.env("TRIPTYCH_TORTURE_RUNS", options.runs.to_string());
    cargo.env("TRIPTYCH_TORTURE_PAIRS", options.pairs.to_string());
    if let Some(services) = &services {
        services.tell(&mut cargo);
    }
    process::run(&mut cargo)
}

/// The runs that belong to every test.
pub(crate) fn for_tests() -> Result<()> {
    run(&Options { runs: 150, pairs: 50, seed: 1 })
}
