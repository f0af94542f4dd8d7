//! What protects the gateway and its users. These tables are used as they are written.

use serde::Deserialize;

use super::Network;

/// How connections are served: the table `[server]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Connections at once; more wait until one ends.
    pub max_connections: usize,
    /// For the head of a request to arrive, and for the next request on a connection.
    pub header_timeout_seconds: u64,
    /// For the body of a request to arrive.
    pub body_timeout_seconds: u64,
    /// How long a client may take nothing of what it is sent.
    pub write_timeout_seconds: u64,
    /// The header in which `trusted_proxies` name their client, such as `x-forwarded-for`.
    pub client_address_header: Option<String>,
    /// Addresses of proxies whose word about their client's address is taken, such as `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            max_connections: 10_000,
            header_timeout_seconds: 30,
            body_timeout_seconds: 120,
            write_timeout_seconds: 60,
            client_address_header: None,
            trusted_proxies: Vec::new(),
        }
    }
}

/// Where URLs that came from outside may lead: the table `[network]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkConfig {
    /// `host` or `host:port` that may be plain http, on any port, and inside of the own network.
    pub allow_private_hosts: Vec<String>,
}

/// # Errors
/// Where a block of addresses or the header is none.
pub(super) fn trusted_proxies(server: &ServerConfig) -> Result<Vec<Network>, String> {
    if let Some(name) = &server.client_address_header
        && name.parse::<axum::http::HeaderName>().is_err()
    {
        return Err(format!("server.client_address_header: `{name}` is not the name of a header"));
    }
    let all = server.trusted_proxies.iter().enumerate();
    all.map(|(index, text)| {
        text.parse().map_err(|()| {
            format!("server.trusted_proxies[{index}]: `{text}` is no address (write e.g. \"10.0.0.0/8\")")
        })
    })
    .collect()
}

pub(super) fn check(server: &ServerConfig, network: &NetworkConfig) -> Result<(), String> {
    let times = [server.header_timeout_seconds, server.body_timeout_seconds, server.write_timeout_seconds];
    if server.max_connections == 0 || times.contains(&0) {
        return Err("server: max_connections and the timeouts must be at least 1".to_owned());
    }
    for (index, host) in network.allow_private_hosts.iter().enumerate() {
        if host.is_empty() || host.contains(['/', '*', '@', ' ']) {
            return Err(format!(
                "network.allow_private_hosts[{index}]: `{host}` is not a host (write e.g. \"media.internal\" or \
                 \"10.0.0.5:9000\")"
            ));
        }
    }
    Ok(())
}
