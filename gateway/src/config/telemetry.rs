//! The table `[telemetry]`.

use std::collections::BTreeMap;

use axum::http::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::check::{Env, secret, web_address};

/// Where traces go and how many of them.
#[derive(Clone, Debug)]
pub struct TracesConfig {
    /// Where spans are posted to.
    pub url: String,
    /// The share of traces that is written down, 0 to 1.
    pub sample: f64,
    /// What is sent along, by header.
    pub headers: Vec<(String, SecretString)>,
    /// Whether providers are told which trace a call belongs to.
    pub propagate: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TelemetryTable {
    traces: Option<String>,
    sample: f64,
    headers_env: BTreeMap<String, String>,
    propagate: bool,
}

impl Default for TelemetryTable {
    fn default() -> Self {
        TelemetryTable { traces: None, sample: 1.0, headers_env: BTreeMap::new(), propagate: false }
    }
}

pub(super) fn check(table: TelemetryTable, env: Env<'_>) -> Result<Option<TracesConfig>, String> {
    if !(0.0..=1.0).contains(&table.sample) {
        return Err("telemetry.sample: must be 0 to 1 (write e.g. 0.1 for a tenth)".to_owned());
    }
    let Some(url) = table.traces else {
        if table.propagate || !table.headers_env.is_empty() {
            return Err("telemetry.traces: is missing (write e.g. \"http://127.0.0.1:4318\")".to_owned());
        }
        return Ok(None);
    };
    let mut url = web_address("telemetry.traces", &url)?;
    if url.contains(['?', '#']) {
        return Err(
            "telemetry.traces: must be an address without a query; secrets go into headers_env".to_owned()
        );
    }
    // As collectors' manuals have it: they name the address without the path.
    if !url.ends_with("/v1/traces") {
        url.push_str("/v1/traces");
    }
    let headers = table.headers_env.iter().map(|(name, variable)| {
        let key = format!("telemetry.headers_env.{name}");
        let wrong = |what: &str| format!("{key}: {what}");
        name.parse::<HeaderName>().map_err(|_| wrong("is not the name of a header"))?;
        let value = secret(env, variable, 1, &format!("{key} names it"))?;
        HeaderValue::from_str(value.expose_secret())
            .map_err(|_| wrong(&format!("{variable} holds characters that a header cannot carry")))?;
        Ok((name.clone(), value))
    });
    let headers = headers.collect::<Result<_, String>>()?;
    Ok(Some(TracesConfig { url, sample: table.sample, headers, propagate: table.propagate }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn read(table: &str) -> Result<Option<TracesConfig>, String> {
        let table: TelemetryTable = toml::from_str(table).map_err(|error| error.to_string())?;
        check(table, &|name| match name {
            "KEY" => Some("Bearer 1".to_owned()),
            "ODD" => Some("a\nb".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn traces_are_off_until_a_collector_is_named() {
        assert!(read("").unwrap().is_none());
        let plain = read("traces = \"http://collector:4318/\"").unwrap().unwrap();
        assert_eq!(plain.url, "http://collector:4318/v1/traces");
        assert!(!plain.propagate && plain.headers.is_empty());
        let whole = read(
            "traces = \"https://x.example/otlp/v1/traces\"\nsample = 0.1\nheaders_env = { authorization = \"KEY\" }",
        );
        let whole = whole.unwrap().unwrap();
        assert_eq!((whole.url.as_str(), whole.headers.len()), ("https://x.example/otlp/v1/traces", 1));
    }

    #[test]
    fn what_cannot_work_is_refused_with_the_key_that_is_wrong() {
        for (table, wrong) in [
            ("traces = \"collector:4318\"", "telemetry.traces: "),
            ("traces = \"http://user:pass@collector\"", "telemetry.traces: "),
            ("traces = \"http://collector/?key=1\"", "telemetry.traces: "),
            ("traces = \"http://c\"\nsample = 1.1", "telemetry.sample: "),
            ("sample = nan", "telemetry.sample: "),
            ("propagate = true", "telemetry.traces: is missing"),
            ("traces = \"http://c\"\nheaders_env = { \"a b\" = \"KEY\" }", "telemetry.headers_env.a b: "),
            ("traces = \"http://c\"\nheaders_env = { a = \"ODD\" }", "telemetry.headers_env.a: "),
            ("traces = \"http://c\"\nheaders_env = { a = \"NO\" }", "the environment variable NO"),
        ] {
            let error = read(table).unwrap_err();
            assert!(error.starts_with(wrong), "{table}: {error}");
        }
    }
}
