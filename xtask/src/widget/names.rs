//! The names under which a module gets the browser's functions from its glue, and gives it its own to be called back.
//! wasm-bindgen's are long and have hashes that do not compress; nobody else reads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Output;

/// Long names and the short ones in their place.
pub(super) type Names = BTreeMap<String, String>;

/// Gives the imports of a module short names.
pub(super) fn shorten(output: &mut Output) -> Names {
    let mut names = Names::new();
    for import in output.wasm_mut().imports.iter_mut() {
        // Other modules are real ones, whose names are theirs.
        if !import.module.ends_with("_bg.js") {
            continue;
        }
        let next = short(names.len());
        let name = names.entry(import.name.clone()).or_insert(next);
        import.name.clone_from(name);
    }
    names
}

/// Gives the functions that closures are called by short names.
pub(super) fn shorten_closures(output: &mut Output) -> Names {
    let long = output.wasm_mut().exports.iter_mut().filter(|export| export.name.contains("__closures___"));
    let mut names = Names::new();
    for export in long {
        let name = format!("closure_{}", short(names.len()));
        names.insert(std::mem::replace(&mut export.name, name.clone()), name);
    }
    names
}

/// Has the glue, or its types, call closures by these names.
pub(super) fn rename_closures(file: &Path, names: &Names) -> Result<()> {
    let mut text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    // Backwards, since some begin like others.
    for (long, short) in names.iter().rev() {
        ensure!(text.contains(long), "{} does not call {long}", file.display());
        text = text.replace(long, short);
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Gives the functions of the glue the same names.
pub(super) fn rename(glue: &Path, names: &Names) -> Result<()> {
    let text = fs::read_to_string(glue).with_context(|| format!("cannot read {}", glue.display()))?;
    let mut renamed = 0;
    let lines = text.lines().map(|line| {
        // Each is a property on a line of its own: `        name: function(…`, or another value.
        let property = line.strip_prefix("        ").and_then(|line| line.split_once(": "));
        match property.and_then(|(name, value)| Some((names.get(name)?, value))) {
            Some((name, value)) => {
                renamed += 1;
                format!("        {name}: {value}\n")
            }
            None => format!("{line}\n"),
        }
    });
    let text: String = lines.collect();
    ensure!(renamed == names.len(), "{} has {renamed} of {} imports", glue.display(), names.len());
    fs::write(glue, text).with_context(|| format!("cannot write {}", glue.display()))
}

/// The shortest names, in their order: a, b, …, z, aa, ab, …
fn short(mut number: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'a' + (number % 26) as u8));
        match number / 26 {
            0 => return name,
            more => number = more - 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_no_two_are_the_same() {
        assert_eq!([0, 25, 26, 51, 52, 701, 702].map(short), ["a", "z", "aa", "az", "ba", "zz", "aaa"]);
        let all: std::collections::BTreeSet<_> = (0..2_000).map(short).collect();
        assert_eq!(all.len(), 2_000);
    }
}
