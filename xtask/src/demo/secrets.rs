//! A demo's secrets: made once, kept beside its store, readable by their owner only.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use super::config;

#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    pub(crate) token_key: String,
    pub(crate) admin: String,
    pub(crate) tenant: String,
}

impl Secrets {
    /// Reads the secrets from a file, or makes them and that file.
    pub(crate) fn keep(path: &Path) -> Result<Self> {
        match fs::read_to_string(path) {
            Ok(text) => serde_json::from_str(&text)
                .with_context(|| format!("{} is damaged; delete it and start with --fresh", path.display())),
            Err(_) => {
                let secrets =
                    Self { token_key: random("")?, admin: random("admin_")?, tenant: random("sk_demo_")? };
                write_private(path, &serde_json::to_string_pretty(&secrets)?)?;
                Ok(secrets)
            }
        }
    }

    /// Puts them into the environment of a gateway.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env(config::TOKEN_KEY_ENV, &self.token_key);
        command.env(config::ADMIN_SECRET_ENV, &self.admin);
        command.env(config::TENANT_SECRET_ENV, &self.tenant);
    }
}

/// Writes a whole file at once, for its owner's eyes only; nobody ever sees half of it.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let partial = path.with_extension("partial");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&partial, path)
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn random(prefix: &str) -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes.iter().fold(prefix.to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
