//! `cargo xtask dist`: the npm package, from source to the packed file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{npm, process, size, tree, widget};

/// What rustc's wasm target may emit; wasm-opt has to be told, since the module no longer says so.
const WASM_FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// What `pkg/src/config.js` and `page.js` add to the glue.
const GLUE_TYPES: &str = "\
/**
 * The configuration of an element as it is now, with the sentences of its language.
 */
export function read(element: HTMLElement): Promise<object>;
/**
 * Puts a copilot into its shadow root, in the place of what stood there.
 */
export function mount(shadow: ShadowRoot, config: object, element: HTMLElement, crashed: (detail: object) => void): WidgetHandle;
/**
 * Tells a running copilot what has changed, and what the page asks.
 */
export function update(handle: WidgetHandle, config: object, element: HTMLElement, questions: unknown[]): void;
";

pub(crate) fn run() -> Result<()> {
    let package = tree::package();
    npm::install(&package)?;
    let dist = folder();
    widget::build(&dist)?;
    optimise(&dist.join(format!("{}_bg.wasm", widget::STEM)))?;
    for file in widget::PARTS {
        optimise(&dist.join(file))?;
        fill_up(&dist.join(file))?;
    }
    for stem in widget::CHUNKS.map(widget::chunk_stem) {
        optimise(&dist.join(format!("{stem}_bg.wasm")))?;
        minify_glue(&dist.join(format!("{stem}.js")))?;
    }
    bundle_glue(&dist)?;
    bundle(&dist.join("triptych.js"), &[widget::STEM.to_owned()])?;
    for license in ["LICENSE-MIT", "LICENSE-APACHE"] {
        fs::copy(tree::root().join(license), dist.join(license))
            .with_context(|| format!("cannot copy {license}"))?;
    }
    let packed = pack()?;
    println!("\nPacked {}", tree::shown(&packed));
    size::run()
}

/// Where the built package's files are.
pub(crate) fn folder() -> PathBuf {
    tree::package().join("dist")
}

/// The packed package, if `dist` has made one.
pub(crate) fn packed() -> Option<PathBuf> {
    let files = fs::read_dir(tree::target().join("pack")).ok()?.flatten().map(|entry| entry.path());
    files.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "tgz"))
}

fn optimise(module: &Path) -> Result<()> {
    let mut wasm_opt = npm::tool(&tree::package(), "wasm-opt");
    // Twice finds a little more. At the bottom of the memory is the end of the stack, to which no address is added.
    wasm_opt
        .args(["-Oz", "--low-memory-unused", "-Oz", "--strip-debug", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(module)
        .arg("-o")
        .arg(module);
    process::run(&mut wasm_opt)
}

/// Bundlers put files of less than 4 KiB into the script, as an address that strict policies do not let a page fetch. A
/// section that means nothing makes a module larger, and compressed has no weight.
fn fill_up(module: &Path) -> Result<()> {
    const SMALL: usize = 4_096;
    let mut bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    if bytes.len() <= SMALL {
        // A custom section: its number, its length in two bytes of seven bits, an empty name, and nothing.
        let length = SMALL;
        bytes.extend([0, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
        bytes.resize(bytes.len() + length, 0);
        fs::write(module, bytes).with_context(|| format!("cannot write {}", module.display()))?;
    }
    Ok(())
}

fn minify_glue(glue: &Path) -> Result<()> {
    let mut esbuild = npm::tool(&tree::package(), "esbuild");
    esbuild.arg(glue).args(["--minify", "--format=esm", "--target=es2022", "--log-level=warning"]);
    process::run(esbuild.arg(format!("--outfile={}", glue.display())).arg("--allow-overwrite"))
}

/// The glue stays a module apart from the loader, so that the wasm and what calls it are fetched together, when needed.
/// What it consists of becomes one file.
fn bundle_glue(dist: &Path) -> Result<()> {
    bundle(&dist.join(format!("{}.js", widget::STEM)), &widget::CHUNKS.map(widget::chunk_stem))?;
    for part in [widget::BINDINGS, "chunks.js", "config.js", "crash.js", "files.js", "page.js", "parts.js"] {
        fs::remove_file(dist.join(part)).with_context(|| format!("cannot remove {part}"))?;
    }
    // wasm-bindgen knows the types of its own part only.
    let types = dist.join(format!("{}.d.ts", widget::STEM));
    let whole = format!("{}\n{GLUE_TYPES}", fs::read_to_string(&types)?);
    fs::write(&types, whole).with_context(|| format!("cannot write {}", types.display()))
}

/// Puts a script and what it imports into one file, in its place, but for the modules that are fetched later. Pages
/// without a bundler load such files; those with one import the modules beside them.
fn bundle(script: &Path, later: &[String]) -> Result<()> {
    let mut esbuild = npm::tool(&tree::package(), "esbuild");
    esbuild.arg(script).args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=warning",
    ]);
    esbuild.args(later.iter().map(|stem| format!("--external:./{stem}.js")));
    esbuild.arg(format!("--outfile={}", script.display()));
    process::run(esbuild.arg("--allow-overwrite"))
}

fn pack() -> Result<PathBuf> {
    let folder = tree::target().join("pack");
    tree::empty_dir(&folder)?;
    let mut npm = npm::npm(&tree::package());
    process::run(npm.args(["pack", "--silent", "--pack-destination"]).arg(&folder))?;
    match packed() {
        Some(file) => Ok(file),
        None => bail!("npm pack wrote nothing into {}", tree::shown(&folder)),
    }
}
