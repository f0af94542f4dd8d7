//! Running other programs.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc;

use anyhow::{Context, Result, bail};

use crate::tree;

/// Cargo, of the toolchain that runs us, at the root of the checkout.
pub(crate) fn cargo<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tree::root()).args(args);
    // The cargo that runs us describes our package in these. Build scripts that look at them would run again, and all
    // that stands on them be compiled again, each time a build follows one that was started by hand.
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            command.env_remove(name);
        }
    }
    // What incremental compilation prepares for the next build is wasted where there is none.
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// Runs a command to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status})");
    }
    Ok(())
}

/// What a command prints, trimmed; `None` when it cannot be started or fails.
pub(crate) fn output(program: impl AsRef<std::ffi::OsStr>, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Hears of Ctrl-C and of being asked to end; can be called once in the life of the program.
pub(crate) fn stop_signal() -> Result<mpsc::Receiver<()>> {
    let (sender, stop) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Nobody listens any more to one who presses it twice.
        let _ = sender.send(());
    })?;
    Ok(stop)
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    command.get_args().fold(name, |line, arg| line + " " + &arg.to_string_lossy())
}
