//! `cargo xtask tidy`: rules of the tree that no compiler checks. ARCHITECTURE.md says why they are there.

mod rules;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::tree;

/// Folders that hold what was made rather than written.
const GENERATED: [&str; 5] = [".git", "target", "node_modules", "dist", "test-results"];

/// One text file of the tree.
pub(crate) struct Source {
    /// From the root of the checkout, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

pub(crate) fn run() -> Result<()> {
    let sources = read()?;
    let mut problems = Vec::new();
    for source in &sources {
        problems.extend(rules::file(source));
    }
    problems.extend(rules::tree(&sources));
    if problems.is_empty() {
        println!("{} files are tidy.", sources.len());
        return Ok(());
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    bail!("{} places are not tidy", problems.len());
}

fn read() -> Result<Vec<Source>> {
    let root = tree::root();
    let mut sources = Vec::new();
    for path in tree::files(&root, &GENERATED)? {
        // In a linked worktree `.git` is a file, which names the folder of the main one.
        if path == root.join(".git") {
            continue;
        }
        // Pictures and clips are no text, and no rule is about them.
        if let Ok(text) = fs::read_to_string(&path) {
            sources.push(Source { path: slashes(path.strip_prefix(&root).unwrap_or(&path)), text });
        }
    }
    Ok(sources)
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
