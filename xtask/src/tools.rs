//! Finding the tools that a step needs; a missing one is named with the command that installs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Result, anyhow, bail};

use crate::process;

const WASM: &str = "wasm32-unknown-unknown";
const BROWSERS: [&str; 5] =
    ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser", "chrome"];

/// Sees to it that rustc can compile for the browser.
pub(crate) fn wasm_target() -> Result<()> {
    let has_target = || {
        process::output("rustc", &["--print", "target-libdir", "--target", WASM])
            .is_some_and(|dir| Path::new(&dir).is_dir())
    };
    if has_target() {
        return Ok(());
    }
    println!("The {WASM} target is missing; adding it.");
    let added = Command::new("rustup").args(["target", "add", WASM]).status();
    if !added.is_ok_and(|status| status.success()) || !has_target() {
        bail!("rustc cannot compile for {WASM}; install it with `rustup target add {WASM}`");
    }
    Ok(())
}

/// Sees to it that the standard library can be compiled.
pub(crate) fn rust_source() -> Result<()> {
    let has_source = || {
        process::output("rustc", &["--print", "sysroot"])
            .is_some_and(|root| Path::new(root.trim()).join("lib/rustlib/src/rust/library").is_dir())
    };
    if has_source() {
        return Ok(());
    }
    println!("The source of Rust's standard library is missing; adding it.");
    let added = Command::new("rustup").args(["component", "add", "rust-src"]).status();
    if !added.is_ok_and(|status| status.success()) || !has_source() {
        bail!("the standard library cannot be compiled; install it with `rustup component add rust-src`");
    }
    Ok(())
}

/// Sees to it that Node is there and new enough for the packages that we use.
pub(crate) fn node() -> Result<()> {
    const HOW: &str = "install Node 20.19 or newer (https://nodejs.org, or `apt-get install nodejs npm`)";
    let version = process::output("node", &["--version"]).ok_or_else(|| anyhow!("Node is missing: {HOW}"))?;
    let mut numbers = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    let (major, minor): (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (major, minor) < (20, 19) {
        bail!("Node {version} is too old: {HOW}");
    }
    if process::output("npm", &["--version"]).is_none() {
        bail!("npm is missing: {HOW}");
    }
    Ok(())
}

/// A Chromium of whatever name: `$CHROME`, or the first one that is installed.
pub(crate) fn chromium() -> Option<PathBuf> {
    env::var_os("CHROME").map(PathBuf::from).or_else(|| BROWSERS.iter().find_map(|name| on_path(name)))
}

/// A Chromium, installed by the system's ordinary means when there is none. `tests` is the npm root that
/// has playwright-core.
pub(crate) fn chromium_or_install(tests: &Path) -> Result<PathBuf> {
    if let Some(found) = chromium() {
        return Ok(found);
    }
    if is_debian() && is_root() {
        println!("No Chromium found; installing Debian's.");
        apt_install(&["chromium"])?;
        return chromium().ok_or_else(|| anyhow!("apt-get installed no Chromium that can be found"));
    }
    println!("No Chromium found; letting Playwright download one into its own cache.");
    process::run(Command::new("npx").current_dir(tests).args(["playwright-core", "install", "chromium"]))?;
    let script = "process.stdout.write(require('playwright-core').chromium.executablePath())";
    let path = Command::new("node").current_dir(tests).args(["-e", script]).output()?;
    let path = PathBuf::from(String::from_utf8_lossy(&path.stdout).trim());
    if !path.is_file() {
        bail!("Playwright installed no Chromium; install one yourself and name it in $CHROME");
    }
    Ok(path)
}

/// Programs that open pages in other engines than Chromium's.
pub(crate) struct Engines {
    pub(crate) firefox: PathBuf,
    pub(crate) webkit_driver: PathBuf,
    pub(crate) webkit: PathBuf,
}

/// Firefox and WebKitGTK with its driver, installed where Debian's packages can be.
pub(crate) fn engines_or_install() -> Result<Engines> {
    if engines().is_none() && is_debian() && is_root() {
        println!("Firefox or WebKitGTK is missing; installing Debian's.");
        apt_install(&["firefox-esr", "webkit2gtk-driver", "xvfb"])?;
    }
    engines().ok_or_else(|| {
        anyhow!(
            "Firefox or WebKitGTK is missing: install Debian's firefox-esr, webkit2gtk-driver and xvfb, or leave these \
             tests out with `--skip engines`"
        )
    })
}

fn engines() -> Option<Engines> {
    on_path("Xvfb")?;
    Some(Engines {
        firefox: on_path("firefox-esr").or_else(|| on_path("firefox"))?,
        webkit_driver: on_path("WebKitWebDriver")?,
        webkit: mini_browser()?,
    })
}

/// WebKitGTK's own browser, which is not on the path.
fn mini_browser() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders
        .flat_map(|folder| {
            ["4.1", "4.0", "6.0"].map(|version| folder.join(format!("webkit2gtk-{version}/MiniBrowser")))
        })
        .find(|path| path.is_file())
}

pub(crate) fn apt_install(packages: &[&str]) -> Result<()> {
    process::run(Command::new("apt-get").args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive").args([
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
    ]);
    process::run(install.args(packages))
}

pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let paths = env::var_os("PATH")?;
    env::split_paths(&paths)
        .map(|dir| dir.join(format!("{name}{}", env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file())
}

/// Whether packages can be installed without asking anybody.
pub(crate) fn may_apt_install() -> bool {
    on_path("apt-get").is_some() && is_root()
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| {
        text.lines().any(|line| {
            line == "ID=debian"
                || (line.starts_with("ID_LIKE=") && line.contains("debian") && !line.contains("ubuntu"))
        })
    })
}

pub(crate) fn is_root() -> bool {
    process::output("id", &["-u"]).as_deref() == Some("0")
}
