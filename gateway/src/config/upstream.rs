//! The providers of the file and the routes to them, checked.

use std::collections::HashSet;

use secrecy::ExposeSecret;
use triptych_protocol::Modality;

use super::check::{Env, secret, web_address, word};
use super::file::{ProviderTable, RouteTable};
use super::{HostPattern, ModelPattern, ProviderConfig, ProviderKind, RouteConfig};

pub(super) fn providers(tables: Vec<ProviderTable>, env: Env<'_>) -> Result<Vec<ProviderConfig>, String> {
    if tables.is_empty() {
        return Err("providers: at least one [[providers]] is needed; calls go to it".to_owned());
    }
    let mut ids = HashSet::new();
    let mut providers = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let at = format!("providers[{index}]");
        word(&format!("{at}.id"), &table.id)?;
        if !ids.insert(table.id.clone()) {
            return Err(format!("{at}.id: `{}` is there twice", table.id));
        }
        providers.push(provider(&at, table, env)?);
    }
    Ok(providers)
}

fn provider(at: &str, table: ProviderTable, env: Env<'_>) -> Result<ProviderConfig, String> {
    let base_url = web_address(&format!("{at}.base_url"), &table.base_url)?;
    if table.serves.contains(&Modality::Other) {
        return Err(format!(
            "{at}.serves: write some of \"chat\", \"image\", \"video\", \"audio\", \"speech\", \"transcription\""
        ));
    }
    if table.max_video_jobs == 0 && table.serves.contains(&Modality::Video) {
        return Err(format!("{at}.max_video_jobs: must be at least 1 where the provider serves video"));
    }
    if table.breaker_failures == 0 {
        return Err(format!("{at}.breaker_failures: must be at least 1"));
    }
    let max_tokens_field = match table.max_tokens_field.as_deref() {
        Some(field @ ("max_completion_tokens" | "max_tokens")) => field,
        Some(_) => {
            return Err(format!("{at}.max_tokens_field: write \"max_completion_tokens\" or \"max_tokens\""));
        }
        None if table.kind == ProviderKind::Compatible => "max_tokens",
        None => "max_completion_tokens",
    };
    let from_env = |name: &Option<String>, key: &str, least: usize| {
        name.as_ref().map(|name| secret(env, name, least, &format!("{at}.{key} names it"))).transpose()
    };
    let models = table.models.iter().enumerate();
    let hosts = table.file_hosts.iter().enumerate();
    let webhook_secret = from_env(&table.webhook_secret_env, "webhook_secret_env", 24)?;
    let webhook_secret = webhook_secret.map(|secret| crate::webhook::Secret::parse(secret.expose_secret()));
    Ok(ProviderConfig {
        key: from_env(&table.key_env, "key_env", 1)?,
        webhook_secret: webhook_secret
            .transpose()
            .map_err(|error| format!("{at}.webhook_secret_env: {error}"))?,
        models: models
            .map(|(number, text)| model(&format!("{at}.models[{number}]"), text))
            .collect::<Result<_, _>>()?,
        file_hosts: hosts
            .map(|(number, text)| host(&format!("{at}.file_hosts[{number}]"), text))
            .collect::<Result<_, _>>()?,
        id: table.id,
        kind: table.kind,
        base_url,
        serves: table.serves,
        model_map: table.model_map,
        max_tokens_field: max_tokens_field.to_owned(),
        max_video_jobs: table.max_video_jobs,
        breaker_failures: table.breaker_failures,
        breaker_seconds: table.breaker_seconds,
        connect_timeout_ms: table.connect_timeout_ms,
        first_byte_timeout_ms: table.first_byte_timeout_ms,
        idle_timeout_ms: table.idle_timeout_ms,
    })
}

pub(super) fn routes(
    tables: Vec<RouteTable>,
    providers: &[ProviderConfig],
) -> Result<Vec<RouteConfig>, String> {
    let mut routes: Vec<RouteConfig> = Vec::new();
    for (index, table) in tables.into_iter().enumerate() {
        let at = format!("routes[{index}]");
        let pattern = model(&format!("{at}.model"), &table.model)?;
        if routes.iter().any(|route| route.model == pattern) {
            return Err(format!("{at}.model: `{}` is there twice", table.model));
        }
        if table.providers.is_empty() {
            return Err(format!("{at}.providers: name one provider at least"));
        }
        let unknown = table.providers.iter().find(|id| !providers.iter().any(|known| known.id == **id));
        if let Some(unknown) = unknown {
            return Err(format!("{at}.providers: there is no provider `{unknown}`"));
        }
        routes.push(RouteConfig { model: pattern, providers: table.providers });
    }
    Ok(routes)
}

fn model(key: &str, text: &str) -> Result<ModelPattern, String> {
    let star = text.find('*');
    if text.is_empty() || star.is_some_and(|at| at + 1 != text.len()) {
        return Err(format!("{key}: `{text}` is no model (write an id, or its beginning and a `*`)"));
    }
    Ok(ModelPattern(text.to_owned()))
}

fn host(key: &str, text: &str) -> Result<HostPattern, String> {
    let name = text.strip_prefix("*.").unwrap_or(text);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let whole = name.starts_with('.') || name.ends_with('.') || name.is_empty();
    // `*.com` would take in half of the world.
    if whole || !name.bytes().all(plain) || (name != text && !name.contains('.')) {
        return Err(format!(
            "{key}: `{text}` is no host (write e.g. \"cdn.example.com\" or \"*.cdn.example.com\")"
        ));
    }
    Ok(HostPattern(text.to_ascii_lowercase()))
}
