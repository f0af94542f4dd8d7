//! Python packages, in a folder of their own under `target/`, installed when what is asked for has changed.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{process, tools, tree};

const HOW: &str = "install Python 3.10 or newer with its `venv` module (`apt-get install python3-venv`)";
const OLDEST: &str = "import sys, ensurepip; sys.exit(sys.version_info < (3, 10))";

/// The interpreter of a virtual environment in `dir` that holds what a requirements file names.
pub(crate) fn with_packages(requirements: &Path, dir: &Path) -> Result<PathBuf> {
    let wanted = fs::read(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let venv = dir.join("python");
    let bin = if cfg!(windows) { venv.join("Scripts/python.exe") } else { venv.join("bin/python") };
    let stamp = dir.join("python.installed");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted)
        && process::output(&bin, &["--version"]).is_some()
    {
        return Ok(bin);
    }
    let python = find_or_install()?;
    println!("Installing the Python packages of {}.", tree::shown(requirements));
    tree::empty_dir(&venv)?;
    process::run(Command::new(python).args(["-m", "venv"]).arg(&venv))?;
    let mut pip = Command::new(&bin);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    process::run(pip.arg(requirements))?;
    fs::write(&stamp, wanted)?;
    Ok(bin)
}

/// A Python that can make virtual environments; Debian's lacks that until its own package for it is there.
pub(crate) fn find_or_install() -> Result<OsString> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if tools::may_apt_install() {
        println!("No suitable Python found; installing the system's.");
        tools::apt_install(&["python3", "python3-venv"])?;
    }
    match find() {
        Some(found) => Ok(found),
        None => bail!("Python is missing: {HOW}"),
    }
}

fn find() -> Option<OsString> {
    let named = std::env::var_os("PYTHON");
    let usual = ["python3", "/usr/bin/python3", "python"].map(OsString::from);
    named.into_iter().chain(usual).find(|python| process::output(python, &["-c", OLDEST]).is_some())
}
