//! The steps that Node's test runner carries out: with the SDKs, in browsers, in projects.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::steps::{Setting, tests};
use crate::{dist, npm, process, python, tools, tree, widget};

/// The browser test of the Leptos example.
const LEPTOS_TEST: &str = "tests/e2e/leptos.test.mjs";

pub(super) fn sdk(setting: &Setting) -> Result<()> {
    let mut node = node(&test_files("tests/sdk")?, setting)?;
    match python::with_packages(&tests().join("sdk/requirements.txt"), &tree::target().join("sdk")) {
        Ok(python) => {
            node.env("TRIPTYCH_SDK_PYTHON", python);
        }
        Err(error) if env::var_os("CI").is_none() => {
            println!("\nWARNING: the SDK for Python is not tested: {error:#}\n");
        }
        Err(error) => return Err(error),
    }
    process::run(&mut node)
}

pub(super) fn e2e(setting: &Setting) -> Result<()> {
    let mut files = test_files("tests/e2e")?;
    // That one has a step of its own, which builds what it shows.
    files.retain(|file| *file != Path::new(LEPTOS_TEST));
    in_browser(&files, setting)
}

pub(super) fn leptos(setting: &Setting) -> Result<()> {
    let widget = tree::target().join("leptos").join("widget");
    widget::build(&widget)?;
    widget::add_leptos_app(&widget)?;
    let mut node = node(&[PathBuf::from(LEPTOS_TEST)], setting)?;
    node.env("TRIPTYCH_CHROMIUM", tools::chromium_or_install(&tests())?);
    process::run(node.env("TRIPTYCH_LEPTOS_WIDGET", widget))
}

pub(super) fn pack(setting: &Setting) -> Result<()> {
    in_browser(&test_files("tests/pack")?, setting)
}

pub(super) fn engines(setting: &Setting) -> Result<()> {
    let found = match tools::engines_or_install() {
        Ok(found) => found,
        Err(error) if env::var_os("CI").is_none() => {
            println!("\nWARNING: nothing is tested in Firefox and WebKit: {error:#}\n");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut node = node(&test_files("tests/engines")?, setting)?;
    node.env("TRIPTYCH_FIREFOX", found.firefox);
    node.env("TRIPTYCH_WEBKIT_DRIVER", found.webkit_driver).env("TRIPTYCH_WEBKIT", found.webkit);
    process::run(&mut node)
}

fn in_browser(files: &[PathBuf], setting: &Setting) -> Result<()> {
    let chromium = tools::chromium_or_install(&tests())?;
    let mut node = node(files, setting)?;
    node.env("TRIPTYCH_CHROMIUM", chromium);
    if let Some(packed) = dist::packed() {
        node.env("TRIPTYCH_PACKED", packed);
    }
    process::run(&mut node)
}

/// The test files of a folder.
fn test_files(folder: &str) -> Result<Vec<PathBuf>> {
    let root = tree::root();
    let mut files = fs::read_dir(root.join(folder))
        .with_context(|| format!("cannot list {folder}"))?
        .map(|entry| Ok(entry?.path().strip_prefix(&root)?.to_path_buf()))
        .collect::<Result<Vec<PathBuf>>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("{folder} holds no tests");
    }
    Ok(files)
}

/// The test runner of Node, about to run some files.
fn node(files: &[PathBuf], setting: &Setting) -> Result<Command> {
    npm::install(&tests())?;
    let mut node = Command::new("node");
    // Each file starts servers and a browser of its own; more than two at a time are too much for a small machine.
    node.current_dir(tree::root()).args(["--test", "--test-concurrency=2", "--test-reporter=spec"]);
    node.args(files).env("TRIPTYCH_XTASK", env::current_exe()?);
    if setting.built {
        node.env("TRIPTYCH_DEMO_PREBUILT", "1");
    }
    if setting.packed {
        node.env("TRIPTYCH_DEMO_WIDGET", dist::folder());
    }
    Ok(node)
}
