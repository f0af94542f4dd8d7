//! What stands around the figures: when, where, and what was hoped for.

use std::fs;

use crate::{process, tree};

pub(super) const TITLE: &str = "# Results of `cargo xtask bench`\n\nEach run adds itself at the end. Figures of \
                                different machines, or of a busy one, cannot be compared; those of one run can.\n";
pub(super) const GOALS: &str = "\nGoals: added to a call at most 0.3 ms (p50) and 1 ms (p99), with the ledger on; \
                                20,000 open streams in a GiB; 5,000 holds with their settlement a second.\n";

pub(super) fn heading(command: &str) -> String {
    let date = process::output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default();
    let commit =
        process::output("git", &["-C", &tree::root().to_string_lossy(), "rev-parse", "--short", "HEAD"]);
    let cpu = first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = first("/proc/meminfo", "MemTotal").unwrap_or_default();
    let system = first("/etc/os-release", "PRETTY_NAME").unwrap_or_else(|| std::env::consts::OS.into());
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or("unknown");
    format!(
        "\n## {date}, commit {}\n\n`cargo xtask {command}` on {cpu}, {cores} cores, {memory}, {}; load before the \
         start {load}. All processes share the machine.\n",
        commit.unwrap_or_default(),
        system.trim_matches('"')
    )
}

/// What follows a name in a file of the system's.
fn first(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once([':', '='])?.1.trim().to_owned())
}
