//! What a streamed answer costs the page's main thread, beside other chats and Markdown renderers.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{dist, npm, process, tools, tree};

const GOALS: &str = "\nGoals: at most 100 µs of script, style and layout a token; 128,000 characters at most 1.2 \
                     times as much as 8,000; no long task; never behind the stream.\n";

#[derive(Args)]
pub(super) struct Stream {
    /// Characters of the answers.
    #[arg(long, value_delimiter = ',', default_values_t = [8_000, 32_000, 128_000])]
    sizes: Vec<u32>,
    /// Tokens a second.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Measure these pages only: `triptych`, `streaming-markdown`, `Streamdown`, `deep-chat`.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Take the widget as it lies in pkg/dist.
    #[arg(long)]
    prebuilt: bool,
    /// Print the figures without adding them to bench/RESULTS.md.
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl Stream {
    /// Builds the widget as it is published and gives the table.
    pub(super) fn measure(&self) -> Result<String> {
        if !self.prebuilt {
            dist::run()?;
        }
        let folder = tree::root().join("bench/stream");
        npm::install(&folder)?;
        let bundles = tree::target().join("bench/stream");
        tree::empty_dir(&bundles)?;
        let out = format!("--outfile={}", bundles.join("streamdown.js").display());
        let production = "--define:process.env.NODE_ENV=\"production\"";
        let esbuild = ["--bundle", "--minify", "--format=esm", "--jsx=automatic", production, &out];
        process::run(npm::tool(&folder, "esbuild").arg(folder.join("peers/streamdown.jsx")).args(esbuild))?;
        let chromium = tools::chromium_or_install(&tree::root().join("tests"))?;
        let sizes: Vec<_> = self.sizes.iter().map(u32::to_string).collect();
        let mut run = Command::new("node");
        run.arg(folder.join("run.mjs")).env("TRIPTYCH_CHROMIUM", chromium);
        run.arg("--repository").arg(tree::root()).arg("--bundles").arg(bundles);
        run.args(["--sizes", &sizes.join(","), "--rate", &self.rate.to_string()]);
        if !self.only.is_empty() {
            run.args(["--only", &self.only.join(",")]);
        }
        let output = run.stderr(Stdio::inherit()).output().context("cannot start Node")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("the measurement failed ({}) after:\n{text}", output.status);
        }
        Ok(text + GOALS)
    }
}
