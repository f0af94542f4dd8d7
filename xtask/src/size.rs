//! `cargo xtask size`: what a page downloads, as it is and as servers send it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{dist, tools, widget};

/// The most that each part may have, in brotli: what was reached, with a hundredth to spare. They are lowered with what
/// is reached next, and raised for nothing. The loader is on every page load, whether the copilot is opened or not.
const BUDGETS: [(&str, u64); 12] = [
    ("loader", 2_048),
    ("widget glue", 8_700),
    ("widget wasm", 240_500),
    ("panels", 29_500),
    ("more", 40_100),
    ("more_panels", 800),
    ("highlight glue", 1_900),
    ("highlight wasm", 22_000),
    ("math glue", 1_750),
    ("math wasm", 22_400),
    ("diagram glue", 1_600),
    ("diagram wasm", 34_500),
];

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
    let module = |part: &str, stem: &str| {
        [(format!("{part} glue"), format!("{stem}.js")), (format!("{part} wasm"), format!("{stem}_bg.wasm"))]
    };
    let mut parts = vec![("loader".to_owned(), "triptych.js".to_owned())];
    parts.extend(module("widget", widget::STEM));
    // What a page with a chat downloads; the rest comes when it is needed.
    let at_once = parts.len();
    parts.extend(widget::PARTS.map(|name| (part_name(name).to_owned(), name.to_owned())));
    // And one with all three panels, in which everything is opened.
    let opened = parts.len();
    for name in widget::CHUNKS {
        parts.extend(module(name, &widget::chunk_stem(name)));
    }
    let paths: Vec<_> = parts.iter().map(|(_, name)| dist::folder().join(name)).collect();
    if let Some(missing) = paths.iter().find(|path| !path.is_file()) {
        bail!("{} is not there; `cargo xtask dist` builds it", missing.display());
    }
    let output = Command::new("node").args(["-e", MEASURE]).args(&paths).output()?;
    let sizes: Vec<[u64; 3]> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("node could not measure: {}", String::from_utf8_lossy(&output.stderr)))?;

    println!("\n{:<44}{:>11}{:>11}{:>11}", "bytes", "raw", "gzip", "brotli");
    for (index, ((part, name), sizes_of_one)) in parts.iter().zip(&sizes).enumerate() {
        row(&format!("{part:<16}{name}"), *sizes_of_one);
        if [at_once, opened].contains(&(index + 1)) {
            let total = |column| sizes.iter().take(index + 1).map(|sizes: &[u64; 3]| sizes[column]).sum();
            row("total", [0, 1, 2].map(total));
        }
    }
    for ((part, _), [.., size]) in parts.iter().zip(&sizes) {
        match BUDGETS.iter().find(|(name, _)| name == part) {
            Some((_, budget)) if size <= budget => {}
            Some((_, budget)) => bail!("the {part} has {size} bytes in brotli; its budget is {budget}"),
            None => bail!("the {part} has no budget; write down its {size} bytes in xtask/src/size.rs"),
        }
    }
    Ok(())
}

/// What the file of a part is called in the list.
fn part_name(file: &str) -> &str {
    file.trim_start_matches("triptych_").trim_end_matches(".wasm")
}

fn row(name: &str, sizes: [u64; 3]) {
    println!("{name:<44}{:>11}{:>11}{:>11}", sizes[0], sizes[1], sizes[2]);
}
