//! The steps of `cargo xtask test`. All builds share one set of flags and profiles, so that nothing is
//! compiled twice for want of agreement.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::services::Services;
use crate::{dist, npm, process, python, size, tidy, tools, torture, tree, widget};

/// What earlier steps of the same run have made, so that later ones need not make it again.
pub(crate) struct Setting {
    /// The gateway and the simulator.
    pub(crate) built: bool,
    /// The npm package.
    pub(crate) packed: bool,
}

pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Setting) -> Result<()>,
}

pub(crate) const STEPS: [Step; 17] = [
    Step { name: "tools", about: "Node, npm packages, the wasm target, a browser", run: prepare },
    Step {
        name: "fmt",
        about: "formatting",
        run: |_| process::run(&mut process::cargo(["fmt", "--all", "--check"])),
    },
    Step { name: "tidy", about: "rules of the tree", run: |_| tidy::run() },
    Step { name: "clippy", about: "lints, warnings denied", run: clippy },
    Step { name: "doc", about: "documentation, warnings denied", run: doc },
    Step { name: "unit", about: "tests on this machine", run: unit },
    Step { name: "postgres", about: "the gateway's calls once more, on PostgreSQL", run: on_postgres },
    Step { name: "torture", about: "gateways that are killed 200 times over", run: |_| torture::for_tests() },
    Step { name: "web", about: "wasm tests in a browser", run: web },
    Step { name: "build", about: "the gateway, the simulator, the Leptos example", run: build },
    Step { name: "dist", about: "the npm package", run: |_| dist::run() },
    Step { name: "size", about: "what a page downloads", run: |_| size::run() },
    Step { name: "types", about: "the package's JavaScript, type-checked", run: types },
    Step { name: "sdk", about: "OpenAI's SDKs as clients of the gateway", run: sdk },
    Step { name: "e2e", about: "the demo in a browser", run: |setting| node_tests("tests/e2e", setting) },
    Step { name: "engines", about: "the main paths in Firefox and WebKit", run: engines },
    Step {
        name: "pack",
        about: "the packed file in real projects",
        run: |setting| node_tests("tests/pack", setting),
    },
];

/// Packages that are not built with the others: what they need would come with other features than it has elsewhere.
pub(crate) const APART: [&str; 4] = ["--exclude", "xtask", "--exclude", "triptych-bench"];

/// Accepts the names of steps, and lists them when given another.
pub(crate) fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(STEPS.iter().map(|step| step.name))
}

fn prepare(_: &Setting) -> Result<()> {
    tools::wasm_target()?;
    npm::install(&tests())?;
    npm::install(&tree::package())?;
    let chromium = tools::chromium_or_install(&tests())?;
    println!("Browser: {}", chromium.display());
    Ok(())
}

fn clippy(_: &Setting) -> Result<()> {
    // The widget compiles on the host line for line, so its lints need no second look for wasm.
    let mut cargo = process::cargo(["clippy", "--workspace", "--all-targets"]);
    process::run(cargo.args(["--", "--deny", "warnings"]))
}

fn doc(_: &Setting) -> Result<()> {
    let mut cargo = process::cargo(["doc", "--workspace", "--no-deps"]);
    process::run(cargo.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn unit(_: &Setting) -> Result<()> {
    let services = services()?;
    let mut cargo = process::cargo(["test", "--workspace"]);
    // Their own step runs the crash tests.
    cargo.args(APART).env("TRIPTYCH_TORTURE_RUNS", "0").env("TRIPTYCH_TORTURE_PAIRS", "0");
    if let Some(services) = &services {
        services.tell(&mut cargo);
    }
    process::run(&mut cargo)?;
    drop(services);
    // By itself: in the workspace's company its dependencies have other features, and the slowest of them would be
    // compiled once more.
    process::run(&mut process::cargo(["test", "--package", "xtask"]))
}

fn on_postgres(_: &Setting) -> Result<()> {
    let Some(services) = services()? else { return Ok(()) };
    // The whole workspace is named, so that nothing is compiled again with other features.
    let mut cargo = process::cargo(["test", "--workspace", "--test", "api"]);
    cargo.args(APART).env("TRIPTYCH_TEST_STORE", "postgres");
    services.tell(&mut cargo);
    process::run(&mut cargo)
}

/// Servers for the tests that want them. Where they cannot be had, those tests say that they were left out; on a
/// build server that is an error.
pub(crate) fn services() -> Result<Option<Services>> {
    match Services::for_tests() {
        Ok(services) => Ok(Some(services)),
        Err(error) if env::var_os("CI").is_none() => {
            println!(
                "\nWARNING: nothing is tested on PostgreSQL and Redis, because they cannot be started: {error:#}\n"
            );
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn web(_: &Setting) -> Result<()> {
    let chromium = tools::chromium_or_install(&tests())?;
    let driver = tools::chromedriver_or_install()?;
    let mut runner = process::cargo(["build", "--package", "xtask", "--features", "web-tests"]);
    process::run(runner.args(["--bin", "web-test-runner"]))?;
    let runner = tree::target().join("debug").join(format!("web-test-runner{}", env::consts::EXE_SUFFIX));

    let capabilities = tree::target().join("web-tests.json");
    // Containers often run as root and without a GPU, and a test browser has nothing to say to the network.
    let args = [
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-background-networking",
        "disable-dev-shm-usage",
    ];
    let options = json!({"goog:chromeOptions": {"binary": chromium, "args": args}});
    fs::write(&capabilities, options.to_string())?;

    let mut cargo = process::cargo(["test", "--package", "triptych-copilot", "--test", "web"]);
    cargo.args(["--target", "wasm32-unknown-unknown"]);
    cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner);
    cargo.env("CHROMEDRIVER", driver);
    cargo.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities);
    cargo.env("WASM_BINDGEN_TEST_TIMEOUT", "180");
    process::run(&mut cargo)
}

fn build(_: &Setting) -> Result<()> {
    // Named one by one, the programs' dependencies would have other features than in the tests, and a hundred of them
    // would be compiled once more.
    let mut cargo = process::cargo(["build", "--workspace", "--bins", "--tests"]);
    process::run(cargo.args(APART))?;
    let widget = leptos_widget();
    widget::build(&widget)?;
    widget::add_leptos_app(&widget)
}

/// A widget's folder with the Leptos application in it.
fn leptos_widget() -> PathBuf {
    tree::target().join("leptos").join("widget")
}

fn types(_: &Setting) -> Result<()> {
    npm::install(&tree::package())?;
    process::run(
        npm::tool(&tree::package(), "tsc").current_dir(tree::package()).args(["--project", "tsconfig.json"]),
    )
}

fn sdk(setting: &Setting) -> Result<()> {
    let mut node = node_test_command("tests/sdk", setting)?;
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

fn node_tests(folder: &str, setting: &Setting) -> Result<()> {
    let chromium = tools::chromium_or_install(&tests())?;
    let mut node = node_test_command(folder, setting)?;
    node.env("TRIPTYCH_CHROMIUM", chromium);
    if setting.packed {
        node.env("TRIPTYCH_DEMO_WIDGET", dist::folder());
    }
    if let Some(packed) = dist::packed() {
        node.env("TRIPTYCH_PACKED", packed);
    }
    process::run(&mut node)
}

fn engines(setting: &Setting) -> Result<()> {
    let found = match tools::engines_or_install() {
        Ok(found) => found,
        Err(error) if env::var_os("CI").is_none() => {
            println!("\nWARNING: nothing is tested in Firefox and WebKit: {error:#}\n");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut node = node_test_command("tests/engines", setting)?;
    node.env("TRIPTYCH_FIREFOX", found.firefox);
    node.env("TRIPTYCH_WEBKIT_DRIVER", found.webkit_driver).env("TRIPTYCH_WEBKIT", found.webkit);
    if setting.packed {
        node.env("TRIPTYCH_DEMO_WIDGET", dist::folder());
    }
    process::run(&mut node)
}

/// The test runner of Node, about to run all test files in a folder.
fn node_test_command(folder: &str, setting: &Setting) -> Result<Command> {
    npm::install(&tests())?;
    let mut files = fs::read_dir(tree::root().join(folder))
        .with_context(|| format!("cannot list {folder}"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()?;
    files.retain(|path| path.to_string_lossy().ends_with(".test.mjs"));
    files.sort();
    if files.is_empty() {
        bail!("{folder} holds no tests");
    }
    let mut node = Command::new("node");
    // One file at a time: each starts servers and a browser of its own, and machines are small.
    node.current_dir(tree::root()).args(["--test", "--test-concurrency=1", "--test-reporter=spec"]);
    node.args(files.iter().map(|path| path.strip_prefix(tree::root()).unwrap_or(path)));
    node.env("TRIPTYCH_XTASK", env::current_exe()?);
    if setting.built {
        node.env("TRIPTYCH_DEMO_PREBUILT", "1").env("TRIPTYCH_LEPTOS_WIDGET", leptos_widget());
    }
    Ok(node)
}

fn tests() -> PathBuf {
    tree::root().join(Path::new("tests"))
}
