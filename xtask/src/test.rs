//! `cargo xtask test`: every check there is. Those that fail fastest come first, the rest two at a time: while one
//! compiles another mostly waits, for a browser or for servers.

mod abreast;
mod node;
pub(crate) mod steps;
mod web;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::Args;

use self::steps::{STEPS, Setting, Step};

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
    /// How many steps run side by side. One at a time shows its output as it comes.
    #[arg(long, value_name = "STEPS", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=8))]
    abreast: u8,
    /// Run this step, as a part of a run that has others.
    #[arg(long, hide = true, requires = "made")]
    part: Option<String>,
    /// The steps of that run.
    #[arg(long, hide = true, value_delimiter = ',')]
    made: Vec<String>,
}

/// What became of a step.
struct Outcome {
    name: &'static str,
    time: Duration,
    failed: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if let Some(part) = &options.part {
        let names: Vec<_> = options.made.iter().map(String::as_str).collect();
        let setting = Setting::of(&names);
        return STEPS.iter().filter(|step| step.name == part).try_for_each(|step| (step.run)(&setting));
    }
    let selected = |name: &str| {
        let only = options.only.is_empty() || options.only.iter().any(|only| only == name);
        only && !options.skip.iter().any(|skip| skip == name)
    };
    let steps: Vec<_> = STEPS.iter().filter(|step| selected(step.name)).collect();
    let start = Instant::now();
    let outcomes = run_all(&steps, options)?;

    println!("\nSummary");
    for Outcome { name, time, failed } in &outcomes {
        println!("  {:<8}{:>10}  {}", name, shown(*time), if *failed { "FAILED" } else { "ok" });
    }
    for step in steps.iter().filter(|step| !outcomes.iter().any(|outcome| outcome.name == step.name)) {
        println!("  {:<8}{:>10}  not run", step.name, "");
    }
    println!("  {:<8}{:>10}", "total", shown(start.elapsed()));
    let failed = outcomes.iter().filter(|outcome| outcome.failed).count();
    println!("steps: {} passed, {failed} failed", outcomes.len() - failed);
    if failed > 0 {
        bail!("`cargo xtask test` found something wrong");
    }
    Ok(())
}

/// The outcomes of the steps, in the order in which they ended.
fn run_all(steps: &[&'static Step], options: &Options) -> Result<Vec<Outcome>> {
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    let beside = steps.iter().filter(|step| !step.alone).count();
    let (alone, rest) = match (options.abreast, beside) {
        (1, _) | (_, 1) => (steps, &[][..]),
        _ => steps.split_at(steps.len() - beside),
    };
    let mut outcomes = Vec::new();
    for step in alone {
        println!("\n── {}: {}", step.name, step.about);
        let start = Instant::now();
        let outcome = (step.run)(&Setting::of(&names));
        if let Err(error) = &outcome {
            eprintln!("\n{} failed: {error:#}", step.name);
        }
        println!("── {} took {}", step.name, shown(start.elapsed()));
        outcomes.push(Outcome { name: step.name, time: start.elapsed(), failed: outcome.is_err() });
        if outcome.is_err() && !options.keep_going {
            return Ok(outcomes);
        }
    }
    outcomes.extend(abreast::run(rest, &names, options.abreast.into(), options.keep_going)?);
    Ok(outcomes)
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}
