//! Takes the parts that pages fetch later out of the compiled module; see `src/part.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, SplitWasm, transform};

use crate::tree;

/// The script that the module takes its parts from.
const SCRIPT: &str = "./parts.js";
/// The script that names the files of each part.
const FILES: &str = "files.js";

/// The module without its parts, and the parts.
pub(super) struct Split {
    pub(super) main: PathBuf,
    parts: PathBuf,
    /// For each part the names of its files, without folder and ending.
    files: BTreeMap<String, Vec<String>>,
}

/// Splits a module that was linked with `--emit-relocs`.
pub(super) fn split(module: &Path) -> Result<Split> {
    let parts = tree::target().join("parts");
    tree::empty_dir(&parts)?;
    let main = parts.join("main.wasm");
    let input = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let mut options = Options::new(&input);
    options.output_dir = &parts;
    options.main_out_path = &main;
    options.link_name = SCRIPT;
    let SplitWasm { prefetch_map, .. } =
        transform(options).map_err(|error| anyhow!("cannot split {}: {error:#}", module.display()))?;
    Ok(Split { main, parts, files: prefetch_map.into_iter().collect() })
}

impl Split {
    /// Puts the parts and the script that names them into the folder of a widget.
    pub(super) fn put(&self, dir: &Path) -> Result<()> {
        let names = self.names();
        for (file, name) in &names {
            ensure!(
                super::PARTS.contains(&name.as_str()),
                "{name} is a part that xtask/src/widget.rs does not name"
            );
            let (from, to) = (self.parts.join(format!("{file}.wasm")), dir.join(name));
            fs::copy(&from, &to).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        let script = dir.join(FILES);
        fs::write(&script, self.script(&names)).with_context(|| format!("cannot write {}", script.display()))
    }

    /// The names of the files on a page: that of the part, or those of all parts that share what is in it.
    fn names(&self) -> BTreeMap<&str, String> {
        let mut sharers = BTreeMap::<&str, BTreeSet<&str>>::new();
        for (part, files) in &self.files {
            for file in files {
                sharers.entry(file).or_default().insert(part);
            }
        }
        let name = |parts: BTreeSet<&str>| {
            let parts = parts.into_iter().collect::<Vec<_>>().join("_");
            format!("triptych_{parts}.wasm")
        };
        sharers.into_iter().map(|(file, parts)| (file, name(parts))).collect()
    }

    fn script(&self, names: &BTreeMap<&str, String>) -> String {
        let mut script = String::new();
        for (file, name) in names {
            let _ = writeln!(script, "const {file} = () => new URL(\"./{name}\", import.meta.url);");
        }
        script.push_str("/** @type {Record<string, Record<string, () => URL>>} */\nexport const FILES = {\n");
        for (part, files) in &self.files {
            let files = files.iter().filter_map(|file| {
                let name = names.get(file.as_str())?;
                Some(format!("\"{name}\": {file}"))
            });
            let _ = writeln!(script, "  {part}: {{ {} }},", files.collect::<Vec<_>>().join(", "));
        }
        script.push_str("};\n");
        script
    }
}
