//! The widget's tests that are wasm themselves, in a browser.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::steps::{Setting, tests};
use crate::{npm, process, tools, tree, widget};

/// wasm-bindgen's own runner is as long to compile as a hundred other crates. What it does beyond this we do not need.
pub(super) fn run(_: &Setting) -> Result<()> {
    npm::install(&tests())?;
    let chromium = tools::chromium_or_install(&tests())?;
    tools::wasm_target()?;
    let module = compile()?;
    let folder = tree::target().join("web-tests");
    widget::bind_tests(&module, &folder)?;
    let mut node = Command::new("node");
    node.current_dir(tree::root()).arg("tests/web/run.mjs").arg(folder);
    process::run(node.env("TRIPTYCH_CHROMIUM", chromium))
}

/// Compiles the tests and gives their module; cargo tells its name as JSON, one message a line.
fn compile() -> Result<PathBuf> {
    let mut cargo = process::cargo(["test", "--no-run", "--package", "triptych-copilot", "--test", "web"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--message-format", "json-render-diagnostics"]);
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let mut module = None;
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let message: Value = serde_json::from_str(&line?).unwrap_or_default();
        if message["target"]["name"] == "web"
            && let Some(path) = message["executable"].as_str()
        {
            module = Some(Path::new(path).to_path_buf());
        }
    }
    if !child.wait()?.success() {
        bail!("the tests do not compile");
    }
    module.context("cargo names no module of the tests")
}
