//! `cargo xtask test`: every check there is, in the order in which they fail fastest.

pub(crate) mod steps;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use self::steps::{STEPS, Setting};

#[derive(Args)]
pub(crate) struct Options {
    /// Run these steps only.
    #[arg(long, value_delimiter = ',', value_name = "STEP", value_parser = steps::names())]
    only: Vec<String>,
    /// Leave these steps out.
    #[arg(long, value_delimiter = ',', value_name = "STEP", value_parser = steps::names())]
    skip: Vec<String>,
    /// Go on after a step that failed.
    #[arg(long)]
    keep_going: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let selected = |name: &str| {
        let only = options.only.is_empty() || options.only.iter().any(|only| only == name);
        only && !options.skip.iter().any(|skip| skip == name)
    };
    let steps: Vec<_> = STEPS.iter().filter(|step| selected(step.name)).collect();
    let setting = Setting { built: selected("build"), packed: selected("dist") };

    let start = Instant::now();
    let mut outcomes = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        println!("\n── {} ({}/{}): {}", step.name, index + 1, steps.len(), step.about);
        let began = Instant::now();
        let outcome = (step.run)(&setting);
        if let Err(error) = &outcome {
            eprintln!("\n{} failed: {error:#}", step.name);
        }
        let failed = outcome.is_err();
        println!("── {} took {}", step.name, shown(began.elapsed()));
        outcomes.push((step.name, began.elapsed(), failed));
        if failed && !options.keep_going {
            break;
        }
    }

    println!("\nSummary");
    for (name, time, failed) in &outcomes {
        println!("  {:<8}{:>10}  {}", name, shown(*time), if *failed { "FAILED" } else { "ok" });
    }
    for step in steps.iter().skip(outcomes.len()) {
        println!("  {:<8}{:>10}  not run", step.name, "");
    }
    println!("  {:<8}{:>10}", "total", shown(start.elapsed()));
    let failed = outcomes.iter().filter(|(_, _, failed)| *failed).count();
    println!("steps: {} passed, {failed} failed", outcomes.len() - failed);
    if failed > 0 {
        bail!("`cargo xtask test` found something wrong");
    }
    Ok(())
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}
