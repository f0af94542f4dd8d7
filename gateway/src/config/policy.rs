//! The table `[policy]`.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::check::{Env, secret, web_address};
use crate::webhook::Secret;

/// Longest that a clip may be looked at: well within the life of the link to it.
const MOST_CLIP_MS: u64 = 15 * 60 * 1000;

/// Who judges requests and answers; nobody by default.
#[derive(Clone, Debug, Default)]
pub struct PolicyConfig {
    /// A file of words and phrases that are not allowed, one a line.
    pub words: Option<PathBuf>,
    /// A server that is asked.
    pub hook: Option<PolicyHook>,
    /// Requests are judged.
    pub before: bool,
    /// Answers are judged.
    pub after: AfterCheck,
}

/// A server that judges.
#[derive(Clone, Debug)]
pub struct PolicyHook {
    /// Gets a POST for each judgement.
    pub url: String,
    /// Signs the calls.
    pub secret: Secret,
    /// For its answer.
    pub timeout_ms: u64,
    /// For its answer about a clip, which it has to fetch and look at.
    pub clip_timeout_ms: u64,
    /// What it does not answer to is allowed.
    pub fail_open: bool,
}

/// How answers are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterCheck {
    /// Not at all.
    Off,
    /// Answers that come whole, pictures and clips; streams pass.
    #[default]
    End,
    /// Streams too: in windows of a few sentences, and cut at the first that is refused.
    Stream,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PolicyTable {
    words: Option<PathBuf>,
    url: Option<String>,
    secret_env: Option<String>,
    timeout_ms: u64,
    clip_timeout_ms: u64,
    on_failure: OnFailure,
    before: bool,
    after: AfterCheck,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnFailure {
    #[default]
    Refuse,
    Allow,
}

impl Default for PolicyTable {
    fn default() -> Self {
        PolicyTable {
            words: None,
            url: None,
            secret_env: None,
            timeout_ms: 3_000,
            clip_timeout_ms: 60_000,
            on_failure: OnFailure::Refuse,
            before: true,
            after: AfterCheck::End,
        }
    }
}

pub(super) fn check(table: PolicyTable, base: &Path, env: Env<'_>) -> Result<PolicyConfig, String> {
    let hook = match (table.url, table.secret_env) {
        (None, None) => None,
        (Some(url), Some(name)) => {
            let secret = secret(env, &name, 24, "policy.secret_env names it")?;
            let secret = Secret::parse(secret.expose_secret()).map_err(|error| format!("{name}: {error}"))?;
            if table.timeout_ms == 0 {
                return Err("policy.timeout_ms: must be at least 1".to_owned());
            }
            if !(1..=MOST_CLIP_MS).contains(&table.clip_timeout_ms) {
                return Err(format!("policy.clip_timeout_ms: must be 1 to {MOST_CLIP_MS}"));
            }
            Some(PolicyHook {
                url: web_address("policy.url", &url)?,
                secret,
                timeout_ms: table.timeout_ms,
                clip_timeout_ms: table.clip_timeout_ms,
                fail_open: table.on_failure == OnFailure::Allow,
            })
        }
        _ => return Err("policy: url and secret_env go together; the secret signs the calls".to_owned()),
    };
    let words = table.words.as_deref().map(|path| base.join(path));
    Ok(PolicyConfig { words, hook, before: table.before, after: table.after })
}
