//! From the file to a configuration that can be relied on.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;

use crate::webhook::Secret;
use axum::http::Uri;
use secrecy::{ExposeSecret, SecretString};

use super::file::{File, LimitsTable, TenantTable};
use super::site::sites;
use super::upstream::{providers, routes};
use super::{Config, CreditsConfig, Demo, JobsConfig, Limits, Secrets, Tenant, policy, safety, telemetry};

pub(super) type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

pub(super) fn check(file: File, base: &Path, env: Env<'_>) -> Result<Config, String> {
    let listen: SocketAddr = file.listen.parse().map_err(|_| {
        format!("listen: `{}` is not an address (write e.g. \"127.0.0.1:8787\")", file.listen)
    })?;
    let admin_listen = match &file.admin_listen {
        None => None,
        Some(text) => Some(text.parse().map_err(|_| {
            format!("admin_listen: `{text}` is not an address (write e.g. \"127.0.0.1:8788\")")
        })?),
    };
    safety::check(&file.server, &file.network)?;
    let public_url = file.public_url.as_deref().map(|url| web_address("public_url", url)).transpose()?;
    if public_url.is_none() && !listen.ip().is_loopback() {
        return Err(
            "public_url: needed where `listen` is not a loopback address, because links to pictures and \
                    clips are made from it (write e.g. \"https://ai.example.com\")"
                .to_owned(),
        );
    }
    if file.demo.enabled && !listen.ip().is_loopback() {
        return Err(
            "demo.enabled: the demo hands tokens to everybody, so it runs on a loopback address only \
                    (write listen = \"127.0.0.1:8787\", or turn the demo off)"
                .to_owned(),
        );
    }
    // A password belongs into the environment, so the whole address may come from there.
    let address = match &file.database_env {
        Some(name) => env(name).ok_or_else(|| {
            format!("database_env: {name} is not set; set it to the address of the database")
        })?,
        None => file.database.clone().ok_or("database: is missing (write e.g. \"sqlite:triptych.db\")")?,
    };
    let database = database(&address, base)?;
    if let Some(url) = &file.credits.top_up_url {
        web_address("credits.top_up_url", url)?;
    }
    if file.jobs.poll_min_ms == 0 || file.jobs.poll_min_ms > file.jobs.poll_max_ms {
        return Err("jobs.poll_min_ms: must be at least 1 and at most jobs.poll_max_ms".to_owned());
    }
    if file.jobs.deadline_minutes == 0 || file.jobs.asset_days == 0 || file.jobs.max_queued_per_user == 0 {
        return Err(
            "jobs: deadline_minutes, asset_days and max_queued_per_user must be at least 1".to_owned()
        );
    }
    if file.jobs.max_running_per_user == 0 || file.jobs.batch_percent > 100 {
        return Err("jobs: max_running_per_user must be at least 1, and batch_percent at most 100".to_owned());
    }
    if file.limits.body_bytes < 1024 || file.limits.upload_bytes < file.limits.body_bytes {
        return Err(
            "limits: body_bytes must be at least 1024 and upload_bytes at least body_bytes".to_owned()
        );
    }
    let tenants = tenants(file.tenants, &file.limits, env)?;
    let sites = sites(file.sites, &tenants, env)?;
    let trusted_proxies = safety::trusted_proxies(&file.server)?;
    let providers = providers(file.providers, env)?;
    let routes = routes(file.routes, &providers)?;
    let folder = |path: &Path| base.join(path);
    Ok(Config {
        listen,
        admin_listen,
        openapi: file.openapi,
        public_url,
        database,
        media: file.media_store.check(&file.media, base, env)?,
        widget: file.widget.as_deref().map(folder),
        catalogue: file.catalogue.as_deref().map(folder),
        shutdown_grace: std::time::Duration::from_secs(file.shutdown_grace_seconds),
        silence: std::time::Duration::from_millis(file.silence_ms),
        log_format: file.log_format,
        credits: CreditsConfig {
            low_at: file.credits.low_at.map(|amount| amount.0),
            top_up_url: file.credits.top_up_url,
            currency: file.credits.currency.unwrap_or_else(|| "credits".to_owned()),
        },
        tenants,
        sites,
        trusted_proxies,
        providers,
        routes,
        jobs: JobsConfig {
            poll_min_ms: file.jobs.poll_min_ms,
            poll_max_ms: file.jobs.poll_max_ms,
            max_queued_per_user: file.jobs.max_queued_per_user,
            max_running_per_user: file.jobs.max_running_per_user,
            batch_percent: file.jobs.batch_percent,
            deadline_minutes: file.jobs.deadline_minutes,
            asset_days: file.jobs.asset_days,
        },
        streams: file.streams.check(file.stream_log.as_deref(), env)?,
        limits: Limits {
            body_bytes: file.limits.body_bytes,
            upload_bytes: file.limits.upload_bytes,
            upload_file_bytes: file.limits.upload_file_bytes,
            upload_files: file.limits.upload_files,
            picture_pixels: file.limits.picture_pixels,
            streams_per_user: file.limits.streams_per_user,
        },
        server: file.server,
        network: file.network,
        traces: telemetry::check(file.telemetry, env)?,
        policy: policy::check(file.policy, base, env)?,
        demo: Demo {
            enabled: file.demo.enabled,
            pages: file.demo.pages.as_deref().map(folder),
            user: file.demo.user.unwrap_or_else(|| "demo".to_owned()),
        },
        secrets: Secrets {
            token_key: secret(env, "TRIPTYCH_TOKEN_KEY", 32, "it signs the browser tokens")?,
            old_token_keys: old_token_keys(&file.token_keys_old_env, env)?,
            admin: secret(env, "TRIPTYCH_ADMIN_SECRET", 16, "it opens /admin/v1")?,
        },
    })
}

/// Keys that are only checked against: those of `TRIPTYCH_TOKEN_KEYS_OLD`, separated by commas, and those in the
/// variables that the file names.
fn old_token_keys(names: &[String], env: Env<'_>) -> Result<Vec<SecretString>, String> {
    const LIST: &str = "TRIPTYCH_TOKEN_KEYS_OLD";
    let list = env(LIST).unwrap_or_default();
    let listed = list.split(',').map(str::trim).filter(|key| !key.is_empty());
    let mut keys: Vec<SecretString> = Vec::new();
    for key in listed {
        if key.len() < 32 {
            return Err(format!("the environment variable {LIST} holds a key of less than 32 characters"));
        }
        keys.push(key.to_owned().into());
    }
    for name in names {
        keys.push(secret(env, name, 32, "token_keys_old_env names it")?);
    }
    Ok(keys)
}

fn tenants(tables: Vec<TenantTable>, limits: &LimitsTable, env: Env<'_>) -> Result<Vec<Tenant>, String> {
    if tables.is_empty() {
        return Err(
            "tenants: at least one [[tenants]] is needed; its backend mints the browser tokens".to_owned()
        );
    }
    let mut ids = HashSet::new();
    let mut tenants: Vec<Tenant> = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let at = format!("tenants[{index}]");
        word(&format!("{at}.id"), &table.id)?;
        if !ids.insert(table.id.clone()) {
            return Err(format!("{at}.id: `{}` is there twice", table.id));
        }
        for (number, origin) in table.origins.iter().enumerate() {
            self::origin(&format!("{at}.origins[{number}]"), origin)?;
        }
        let secret = secret(env, &table.secret_env, 16, &format!("{at}.secret_env names it"))?;
        let same = |other: &&Tenant| other.secret.expose_secret() == secret.expose_secret();
        if let Some(other) = tenants.iter().find(same) {
            return Err(format!(
                "{at}.secret_env: holds the secret of `{}`; each tenant is told by a secret of its own",
                other.id
            ));
        }
        let initial_grant = table.initial_grant.map(|amount| amount.0).filter(|amount| amount.micro() > 0);
        let monthly_credits =
            table.monthly_credits.map(|amount| amount.0).filter(|amount| amount.micro() > 0);
        let topup_secret = match &table.topup_secret_env {
            Some(name) => {
                let text = env(name).ok_or_else(|| {
                    format!("{at}.topup_secret_env: {name} is not set; set it to the secret")
                })?;
                Some(
                    Secret::parse(&text)
                        .map_err(|error| format!("{at}.topup_secret_env: {name}: {error}"))?,
                )
            }
            None => None,
        };
        tenants.push(Tenant {
            id: table.id,
            secret,
            origins: table.origins,
            initial_grant,
            monthly_credits,
            topup_secret,
            limits: table.limits.or(&limits.tenant),
            user_limits: table.user_limits.or(&limits.user),
        });
    }
    Ok(tenants)
}

/// Scheme, host and port, as browsers write origins.
pub(super) fn origin(key: &str, text: &str) -> Result<(), String> {
    if web_address("", text).as_deref() == Ok(text) && text.matches('/').count() == 2 {
        return Ok(());
    }
    Err(format!(
        "{key}: `{text}` is not an origin (write scheme and host only, e.g. \"https://example.com\")"
    ))
}

/// An `http` or `https` address without query and without the trailing slash.
pub(super) fn web_address(key: &str, text: &str) -> Result<String, String> {
    let example =
        if key.ends_with("base_url") { "https://api.openai.com/v1" } else { "https://ai.example.com" };
    let wrong = || format!("{key}: `{text}` is not a URL (write e.g. \"{example}\")");
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let scheme = uri.scheme_str().unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let credentials = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !matches!(scheme, "http" | "https") || host.is_empty() || credentials {
        return Err(wrong());
    }
    if uri.query().is_some() && key.ends_with("base_url") {
        return Err(wrong());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn database(url: &str, base: &Path) -> Result<String, String> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(url.to_owned());
    }
    let path = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    match path {
        // In memory, writer and readers would each see a database of their own.
        Some(path) if !path.is_empty() && !path.contains([':', '?']) => {
            Ok(format!("sqlite:{}", base.join(path).display()))
        }
        _ => Err(format!(
            "database: `{}` is neither a SQLite file nor a PostgreSQL address (write e.g. \"sqlite:triptych.db\" or \
             \"postgres://user@host/name\")",
            crate::store::without_password(url)
        )),
    }
}

pub(super) fn word(key: &str, text: &str) -> Result<(), String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
        return Err(format!(
            "{key}: `{text}` is not a plain name (letters, digits, `-`, `_` and `.`, at most 64)"
        ));
    }
    Ok(())
}

pub(super) fn secret(env: Env<'_>, name: &str, least: usize, what: &str) -> Result<SecretString, String> {
    let make = format!("set it with e.g. `export {name}=$(openssl rand -hex 32)`");
    match env(name) {
        None => Err(format!("the environment variable {name} is not set: {what}; {make}")),
        Some(value) if value.len() < least => {
            Err(format!("the environment variable {name} is too short: {least} characters at least; {make}"))
        }
        Some(value) => Ok(value.into()),
    }
}
