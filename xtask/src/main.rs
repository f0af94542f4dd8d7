//! The project's own build tool: `cargo xtask --help`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "talking to the terminal is this tool's purpose"
)]

mod bench;
mod children;
mod demo;
mod dist;
mod npm;
mod process;
mod python;
mod services;
mod size;
mod test;
mod tidy;
mod tools;
mod torture;
mod tree;
mod widget;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs, tests and packs Triptych")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Build everything and run it: the widget, the gateway, and the simulator behind it.
    Demo(demo::Options),
    /// Run a temporary PostgreSQL and a temporary Redis until Ctrl-C, for tests that want them.
    Services(services::Options),
    /// Run every check, from formatting to a real browser, installing what it needs.
    Test(test::Options),
    /// Measure, beside a direct connection and beside others.
    Bench(bench::Options),
    /// Kill gateways at every dangerous place while users call them, and check the books after each run.
    Torture(torture::Options),
    /// Build the widget alone, for `cargo xtask demo --widget`.
    Widget(widget::Options),
    /// Build the npm package: pkg/dist, and its packed file in target/pack.
    Dist,
    /// Print the sizes of what a page downloads, and fail when a part is over its budget.
    Size,
    /// Check the rules of the tree that no compiler checks.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().verb {
        Verb::Demo(options) => demo::run(&options),
        Verb::Services(options) => services::run(&options),
        Verb::Test(options) => test::run(&options),
        Verb::Bench(options) => bench::run(&options),
        Verb::Torture(options) => torture::run(&options),
        Verb::Widget(options) => widget::run(&options),
        Verb::Dist => dist::run(),
        Verb::Size => size::run(),
        Verb::Tidy => tidy::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
