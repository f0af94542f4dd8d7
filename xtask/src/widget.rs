//! Builds the widget: Rust to wasm, wasm to a module with its glue, and our own JavaScript beside it.

mod names;
mod parts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;
use wasm_bindgen_cli_support::Bindgen;

use crate::{process, tools, tree};

/// The glue's file name without its ending; the loader knows it.
pub(crate) const STEM: &str = "triptych_copilot";
/// Parts of the widget that pages fetch when they need them: `highlight` is the package `triptych-highlight`, built
/// with its feature `wasm` into `triptych_highlight.js` and its module. `pkg/src/chunks.js` loads them.
pub(crate) const CHUNKS: [&str; 3] = ["highlight", "math", "diagram"];
/// The files of the widget's parts; `pkg/src/parts.js` adds them to the module. See `src/part.rs`.
pub(crate) const PARTS: [&str; 3] =
    ["triptych_panels.wasm", "triptych_more.wasm", "triptych_more_panels.wasm"];
/// The bindings that wasm-bindgen makes, until they are bundled with what `pkg/src` adds to them.
pub(crate) const BINDINGS: &str = "triptych_bindings.js";
/// The example that mounts the widget as a component.
const LEPTOS_APP: &str = "leptos_app";
/// The profile in the root Cargo.toml that is made for size.
const PROFILE: &str = "wasm-release";

#[derive(Args)]
pub(crate) struct Options {
    /// Where it goes; the folder is emptied first.
    dir: PathBuf,
    /// Built in seconds, large and slow: for work on the widget.
    #[arg(long)]
    quick: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    if !options.quick {
        return build(&options.dir);
    }
    process::run(&mut compile(&["--lib", "--no-default-features"])?)?;
    for name in CHUNKS {
        process::run(&mut compile_chunk(name, &[])?)?;
    }
    assemble("debug", &options.dir, false)
}

/// Puts a widget that a page can load into `dir`, which is emptied first. It is not yet run through
/// wasm-opt.
pub(crate) fn build(dir: &Path) -> Result<()> {
    let mut whole = compile_for_parts()?;
    let mut chunks = Vec::new();
    for name in CHUNKS {
        chunks.push(compile_chunk(name, &["--profile", PROFILE])?);
    }
    tools::rust_source()?;
    // Names and notes stay until the parts are out. For the widget alone: with flags for all, what it shares with the
    // chunks would be compiled twice.
    process::run(small(&mut whole).args(["--", "-Clink-arg=--emit-relocs", "-Cstrip=none"]))?;
    for mut cargo in chunks {
        process::run(small(&mut cargo))?;
    }
    assemble(PROFILE, dir, true)
}

/// The standard library compiled anew for size, and for panics that end the module at once: it has messages for every
/// one, and code that writes them, which nobody could read. Both are unstable, so the compiler, whose version is fixed
/// in rust-toolchain.toml, is told to allow it.
fn small(cargo: &mut Command) -> &mut Command {
    // Where a panic would have been is of no use without a word about it, and says where this machine keeps its crates.
    let flags = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none";
    cargo
        .args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", flags)
}

/// The stem of a chunk's file names.
pub(crate) fn chunk_stem(name: &str) -> String {
    format!("triptych_{name}")
}

/// The compiled modules with their glue and our own JavaScript.
fn assemble(profile: &str, dir: &Path, in_parts: bool) -> Result<()> {
    tree::empty_dir(dir)?;
    let module = |stem: &str| folder(profile).join(format!("{stem}.wasm"));
    for stem in CHUNKS.map(chunk_stem) {
        bind(&module(&stem), dir, &stem)?;
    }
    let split = if in_parts { Some(parts::split(&module(STEM))?) } else { None };
    bind(split.as_ref().map_or(&module(STEM), |split| &split.main), dir, STEM)?;
    let glue = dir.join(format!("{STEM}.js"));
    fs::rename(&glue, dir.join(BINDINGS)).with_context(|| format!("cannot rename {}", glue.display()))?;
    let sources = tree::package().join("src");
    for file in tree::files(&sources, &[])? {
        let copy = dir.join(file.strip_prefix(&sources)?);
        fs::create_dir_all(copy.parent().context("a file without a folder")?)?;
        fs::copy(&file, &copy).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    split.map_or(Ok(()), |split| split.put(dir))
}

/// Adds the Leptos application of `examples/` to the folder of a built widget. Nobody downloads it, so its size does
/// not matter, and in the profile of the browser tests there is hardly anything left to compile.
pub(crate) fn add_leptos_app(dir: &Path) -> Result<()> {
    process::run(&mut compile(&["--example", LEPTOS_APP])?)?;
    let module = folder("debug").join("examples").join(format!("{LEPTOS_APP}.wasm"));
    bind(&module, dir, LEPTOS_APP)
}

/// Puts a module of tests into `dir`, which is emptied first, as `tests.js` and `tests_bg.wasm`.
pub(crate) fn bind_tests(module: &Path, dir: &Path) -> Result<()> {
    tree::empty_dir(dir)?;
    let mut bindgen = Bindgen::new();
    // A module of tests runs nothing by itself; what it does is asked for.
    bindgen.input_path(module).out_name("tests").web(true)?.typescript(false).debug(true).emit_start(false);
    bindgen.generate(dir).with_context(|| format!("wasm-bindgen could not read {}", module.display()))
}

/// The command that compiles a target of the widget's package.
fn compile(target: &[&str]) -> Result<Command> {
    tools::wasm_target()?;
    let mut cargo = process::cargo(["build", "--package", "triptych-copilot"]);
    cargo.args(target).args(["--target", "wasm32-unknown-unknown"]);
    Ok(cargo)
}

/// The command that compiles the widget so that its parts can be told apart, by the linker's notes on what needs what.
fn compile_for_parts() -> Result<Command> {
    tools::wasm_target()?;
    let mut cargo =
        process::cargo(["rustc", "--package", "triptych-copilot", "--lib", "--no-default-features"]);
    cargo.args(["--features", "parts"]);
    cargo.args(["--profile", PROFILE, "--target", "wasm32-unknown-unknown"]);
    Ok(cargo)
}

/// The command that compiles a chunk. Each by itself: together they would have each other's features.
fn compile_chunk(name: &str, profile: &[&str]) -> Result<Command> {
    tools::wasm_target()?;
    let mut cargo = process::cargo(["build", "--lib", "--package", &format!("triptych-{name}")]);
    cargo.args(["--features", "wasm", "--target", "wasm32-unknown-unknown"]).args(profile);
    Ok(cargo)
}

/// Where cargo puts the modules of a profile.
fn folder(profile: &str) -> PathBuf {
    tree::target().join("wasm32-unknown-unknown").join(profile)
}

fn bind(module: &Path, dir: &Path, name: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(module)
        .out_name(name)
        .web(true)?
        .typescript(true)
        // Our own JavaScript names the wasm file, once; a second name in the glue would make bundlers emit it twice.
        // An application has none.
        .omit_default_module_path(name != LEPTOS_APP)
        .remove_name_section(true)
        .remove_producers_section(true)
        // The parts take the module's functions from its table, which is exported for them.
        .keep_lld_exports(name == STEM)
        // A panic poisons the one instance that all widgets of a page share; the loader then starts a new one.
        .reset_state_function(true);
    let output = bindgen.generate_output();
    let mut output = output.with_context(|| format!("wasm-bindgen could not read {}", module.display()))?;
    let (names, closures) = (names::shorten(&mut output), names::shorten_closures(&mut output));
    output.emit(dir).with_context(|| format!("cannot write {name}"))?;
    let glue = dir.join(format!("{name}.js"));
    names::rename(&glue, &names)?;
    names::rename_closures(&glue, &closures)?;
    names::rename_closures(&dir.join(format!("{name}.d.ts")), &closures)?;
    if name == STEM { forget_the_dead(&glue) } else { Ok(()) }
}

/// What the browser still calls of an instance that was replaced is nobody's error.
fn forget_the_dead(glue: &Path) -> Result<()> {
    const THROW: &str = "throw new Error('Cannot invoke closure from previous WASM instance')";
    let text = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    ensure!(text.contains(THROW), "{} treats instances that were replaced in a new way", glue.display());
    fs::write(glue, text.replace(THROW, "return")).with_context(|| format!("cannot write {}", glue.display()))
}
