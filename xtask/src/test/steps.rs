//! The steps of `cargo xtask test`. All builds share one set of flags and profiles, so that nothing is
//! compiled twice for want of agreement.

use std::env;
use std::path::PathBuf;

use anyhow::Result;
use clap::builder::PossibleValuesParser;

use super::{node, web};
use crate::services::Services;
use crate::{dist, npm, process, python, services, size, tidy, tools, torture, tree};

/// What earlier steps of the same run have made, so that later ones need not make it again.
pub(crate) struct Setting {
    /// The gateway and the simulator.
    pub(super) built: bool,
    /// The npm package.
    pub(super) packed: bool,
}

impl Setting {
    /// Of a run with these steps.
    pub(super) fn of(names: &[&str]) -> Self {
        Self { built: names.contains(&"build"), packed: names.contains(&"dist") }
    }
}

pub(crate) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) run: fn(&Setting) -> Result<()>,
    /// It is quick, and others stand on it: it runs before all of them, by itself.
    pub(super) alone: bool,
    /// It compiles, and gives way to the browsers and servers that run beside it.
    pub(super) yields: bool,
    /// The steps whose work it needs, where they are part of the run.
    pub(super) after: &'static [&'static str],
    /// What only one step at a time can have.
    pub(super) uses: Option<&'static str>,
}

/// A step that can run beside others.
const STEP: Step =
    Step { name: "", about: "", run: |_| Ok(()), alone: false, yields: false, after: &[], uses: None };
/// One that cargo does, whose folder has one user at a time, and that nobody waits for.
const COMPILING: Step = Step { yields: true, uses: Some("cargo"), ..STEP };
/// One with servers of our own, and with tests that `build` has compiled.
const SERVED: Step = Step { after: &["build"], uses: Some("servers"), ..STEP };

/// In the order in which they begin, as far as they can.
pub(crate) const STEPS: [Step; 18] = [
    Step {
        name: "tools",
        about: "Node, npm packages, the wasm target, a browser",
        run: prepare,
        alone: true,
        ..STEP
    },
    Step {
        name: "fmt",
        about: "formatting",
        run: |_| process::run(&mut process::cargo(["fmt", "--all", "--check"])),
        alone: true,
        ..STEP
    },
    Step { name: "tidy", about: "rules of the tree", run: |_| tidy::run(), alone: true, ..STEP },
    Step {
        name: "build",
        about: "the gateway, the simulator, the tests",
        run: build,
        yields: false,
        ..COMPILING
    },
    // Another profile, so another of cargo's folders.
    Step { name: "dist", about: "the npm package", run: |_| dist::run(), ..STEP },
    Step { name: "size", about: "what a page downloads", run: |_| size::run(), after: &["dist"], ..STEP },
    Step {
        name: "types",
        about: "the package's JavaScript, type-checked",
        run: types,
        after: &["dist"],
        ..STEP
    },
    Step { name: "e2e", about: "the demo in a browser", run: node::e2e, after: &["build", "dist"], ..STEP },
    Step { name: "clippy", about: "lints, warnings denied", run: clippy, ..COMPILING },
    Step { name: "doc", about: "documentation, warnings denied", run: doc, ..COMPILING },
    Step { name: "web", about: "wasm tests in a browser", run: web::run, ..COMPILING },
    Step { name: "unit", about: "tests on this machine", run: unit, ..SERVED },
    Step {
        name: "postgres",
        about: "the gateway's calls once more, on PostgreSQL",
        run: on_postgres,
        ..SERVED
    },
    Step {
        name: "torture",
        about: "gateways that are killed 200 times over",
        run: |_| torture::for_tests(),
        ..SERVED
    },
    Step {
        name: "sdk",
        about: "OpenAI's SDKs as clients of the gateway",
        run: node::sdk,
        after: &["build"],
        ..STEP
    },
    Step {
        name: "leptos",
        about: "the copilot in a Leptos application, in a browser",
        run: node::leptos,
        after: &["build", "dist", "web"],
        ..STEP
    },
    Step {
        name: "engines",
        about: "the main paths in Firefox and WebKit",
        run: node::engines,
        after: &["build", "dist"],
        ..STEP
    },
    Step {
        name: "pack",
        about: "the packed file in real projects",
        run: node::pack,
        after: &["build", "dist"],
        ..STEP
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
    tools::rust_source()?;
    let chromium = tools::chromium_or_install(&tests())?;
    println!("Browser: {}", chromium.display());
    // The system installs one package at a time, and steps run side by side. A step whose servers or browsers cannot be
    // had says so itself.
    for wanted in [
        services::find_or_install(),
        tools::engines_or_install().map(drop),
        python::find_or_install().map(drop),
    ] {
        if let Err(error) = wanted {
            println!("{error:#}");
        }
    }
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

fn build(_: &Setting) -> Result<()> {
    // Named one by one, the programs' dependencies would have other features than in the tests, and a hundred of them
    // would be compiled once more.
    let mut cargo = process::cargo(["build", "--workspace", "--bins", "--tests", "--examples"]);
    process::run(cargo.args(APART))
}

fn types(_: &Setting) -> Result<()> {
    npm::install(&tree::package())?;
    process::run(
        npm::tool(&tree::package(), "tsc").current_dir(tree::package()).args(["--project", "tsconfig.json"]),
    )
}

pub(super) fn tests() -> PathBuf {
    tree::root().join("tests")
}
