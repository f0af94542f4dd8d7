//! `cargo xtask size`: what a page downloads, as it is and as servers send it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{dist, tools, widget};

/// The loader is on every page load, whether the copilot is opened or not.
const LOADER_BUDGET: u64 = 2048;

/// Node compresses natively; the same in an unoptimised build of our own takes half a minute.
const MEASURE: &str = "
const { readFileSync } = require('node:fs');
const { brotliCompressSync, constants, gzipSync } = require('node:zlib');
const best = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22 } };
console.log(JSON.stringify(process.argv.slice(1).map((path) => {
  const bytes = readFileSync(path);
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, best).length];
})));";

pub(crate) fn run() -> Result<()> {
    tools::node()?;
    let parts =
        ["triptych.js".to_owned(), format!("{}.js", widget::STEM), format!("{}_bg.wasm", widget::STEM)];
    let paths = parts.clone().map(|name| dist::folder().join(name));
    if let Some(missing) = paths.iter().find(|path| !path.is_file()) {
        bail!("{} is not there; `cargo xtask dist` builds it", missing.display());
    }
    let output = Command::new("node").args(["-e", MEASURE]).args(&paths).output()?;
    let sizes: Vec<[u64; 3]> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("node could not measure: {}", String::from_utf8_lossy(&output.stderr)))?;

    println!("\n{:<30}{:>11}{:>11}{:>11}", "bytes", "raw", "gzip", "brotli");
    for ((part, name), sizes) in ["loader", "glue", "wasm"].iter().zip(&parts).zip(&sizes) {
        row(&format!("{part} {name}"), *sizes);
    }
    row("total", [0, 1, 2].map(|column| sizes.iter().map(|sizes| sizes[column]).sum()));
    let loader = sizes.first().map_or(0, |sizes| sizes[2]);
    if loader > LOADER_BUDGET {
        bail!("the loader is {loader} bytes in brotli; its budget is {LOADER_BUDGET}");
    }
    Ok(())
}

fn row(name: &str, sizes: [u64; 3]) {
    println!("{name:<30}{:>11}{:>11}{:>11}", sizes[0], sizes[1], sizes[2]);
}
