//! Several steps at a time. Each is a process of its own, whose output is kept and shown whole when it ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use std::{env, io, thread};

use anyhow::{Context, Result};

use super::steps::Step;
use super::{Outcome, shown};
use crate::{tools, tree};

/// What the workers share.
struct Plan<'a> {
    waiting: Vec<&'static Step>,
    running: Vec<&'static Step>,
    ended: Vec<Outcome>,
    /// All steps of this run, also those that ended before.
    names: &'a [&'static str],
    stopped: bool,
}

/// Runs the steps, so many at a time; when one fails, no other begins unless the run is to `keep_going`.
pub(super) fn run(
    steps: &[&'static Step],
    names: &[&'static str],
    workers: usize,
    keep_going: bool,
) -> Result<Vec<Outcome>> {
    let logs = tree::target().join("test");
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
    // Asked now, as cargo may put another file in its place.
    let program = env::current_exe()?;
    let plan = Plan { waiting: steps.to_vec(), running: vec![], ended: vec![], names, stopped: false };
    let (plan, changed) = (Mutex::new(plan), Condvar::new());
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(step) = next(&plan, &changed) {
                    let log = logs.join(format!("{}.log", step.name));
                    let start = Instant::now();
                    let outcome = carry_out(&program, step, names, &log);
                    let mut plan = lock(&plan);
                    // Under the lock, so that no two outputs are mixed.
                    let failed = show(step, &outcome, start, &log);
                    plan.running.retain(|running| running.name != step.name);
                    plan.ended.push(Outcome { name: step.name, time: start.elapsed(), failed });
                    plan.stopped |= failed && !keep_going;
                    changed.notify_all();
                }
            });
        }
    });
    Ok(plan.into_inner().unwrap_or_else(PoisonError::into_inner).ended)
}

/// Waits for a step that may begin; `None` when there will be none any more.
fn next(plan: &Mutex<Plan<'_>>, changed: &Condvar) -> Option<&'static Step> {
    let mut plan = lock(plan);
    loop {
        if plan.stopped || plan.waiting.is_empty() {
            return None;
        }
        if let Some(index) = plan.waiting.iter().position(|step| plan.lets_begin(step)) {
            let step = plan.waiting.remove(index);
            plan.running.push(step);
            println!("\n── {} begins: {}", step.name, step.about);
            return Some(step);
        }
        plan = changed.wait(plan).unwrap_or_else(PoisonError::into_inner);
    }
}

impl Plan<'_> {
    fn lets_begin(&self, step: &Step) -> bool {
        let over = |name: &&str| !self.names.contains(name) || self.has_ended(name);
        let shares = |other: &&Step| step.uses.is_some() && step.uses == other.uses;
        step.after.iter().all(over) && !self.running.iter().any(shares)
    }

    fn has_ended(&self, name: &str) -> bool {
        let open = |steps: &[&Step]| steps.iter().any(|step| step.name == name);
        !open(&self.waiting) && !open(&self.running)
    }
}

fn lock<'a, 'b>(plan: &'a Mutex<Plan<'b>>) -> MutexGuard<'a, Plan<'b>> {
    plan.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the step passed; an error where it could not even be begun.
fn carry_out(program: &Path, step: &Step, names: &[&str], log: &PathBuf) -> Result<bool> {
    let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = match tools::on_path("nice").filter(|_| step.yields) {
        Some(nice) => {
            let mut command = Command::new(nice);
            command.args(["-n", "5"]).arg(program);
            command
        }
        None => Command::new(program),
    };
    command.args(["test", "--part", step.name, "--made", &names.join(",")]);
    command.stdout(file.try_clone()?).stderr(file);
    Ok(command.status().with_context(|| format!("cannot start {}", step.name))?.success())
}

/// Shows a step's output; true where it failed.
fn show(step: &Step, outcome: &Result<bool>, start: Instant, log: &Path) -> bool {
    let took = shown(start.elapsed());
    println!("\n── {}: {}", step.name, step.about);
    // What a compiler or a test writes need not be text.
    if let Ok(mut file) = File::open(log)
        && let Err(error) = io::copy(&mut file, &mut io::stdout().lock())
    {
        eprintln!("cannot show {}: {error}", log.display());
    }
    let failed = !matches!(outcome, Ok(true));
    match outcome {
        Err(error) => eprintln!("\n{} failed: {error:#}", step.name),
        Ok(false) => eprintln!("\n{} failed", step.name),
        Ok(true) => {}
    }
    println!("── {} took {took}", step.name);
    failed
}
