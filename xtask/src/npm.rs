//! npm packages: installed from the lock files in the tree, and only when those have changed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::{process, tools, tree};

/// Installs what `dir`'s package-lock.json names.
pub(crate) fn install(dir: &Path) -> Result<()> {
    tools::node()?;
    let lock = fs::read(dir.join("package-lock.json"))
        .with_context(|| format!("{} has no package-lock.json", tree::shown(dir)))?;
    let stamp = dir.join("node_modules/.triptych-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    println!("Installing the npm packages of {}/.", tree::shown(dir));
    process::run(npm(dir).args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, lock)?;
    Ok(())
}

/// An `npm` command that runs in `dir`.
pub(crate) fn npm(dir: &Path) -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(dir);
    command
}

/// A program that an installed npm package brings.
pub(crate) fn tool(dir: &Path, name: &str) -> Command {
    let name = if cfg!(windows) { format!("{name}.cmd") } else { name.to_owned() };
    Command::new(dir.join("node_modules/.bin").join(name))
}
