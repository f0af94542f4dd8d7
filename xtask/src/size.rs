//! `cargo xtask size`: what a page downloads, as it is and as servers send it.

use std::fs;
use std::io::Write;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{dist, widget};

/// The loader is on every page load, whether the copilot is opened or not.
const LOADER_BUDGET: usize = 2048;

pub(crate) fn run() -> Result<()> {
    let glue = format!("{}.js", widget::STEM);
    let module = format!("{}_bg.wasm", widget::STEM);
    println!("\n{:<30}{:>11}{:>11}{:>11}", "bytes", "raw", "gzip", "brotli");
    let mut totals = [0; 3];
    let mut loader = 0;
    for (part, name) in [("loader", "triptych.js"), ("glue", &glue), ("wasm", &module)] {
        let path = dist::folder().join(name);
        let bytes = fs::read(&path).with_context(|| format!("no {name}; `cargo xtask dist` builds it"))?;
        let sizes = [bytes.len(), gzip(&bytes)?, brotli(&bytes)?];
        row(&format!("{part} {name}"), sizes);
        if part == "loader" {
            loader = sizes[2];
        }
        for (total, size) in totals.iter_mut().zip(sizes) {
            *total += size;
        }
    }
    row("total", totals);
    if loader > LOADER_BUDGET {
        bail!("the loader is {loader} bytes in brotli; its budget is {LOADER_BUDGET}");
    }
    Ok(())
}

fn row(name: &str, sizes: [usize; 3]) {
    println!("{name:<30}{:>11}{:>11}{:>11}", sizes[0], sizes[1], sizes[2]);
}

fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut sent = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &bytes[..], &mut sent, &params)?;
    Ok(sent.len())
}
