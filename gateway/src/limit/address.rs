//! Where a call comes from, as far as that can be known.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::{Network, ServerConfig};

/// The address of the client: the peer's, or where that is a trusted proxy the one that it names.
pub(crate) fn client(parts: &Parts, server: &ServerConfig, proxies: &[Network]) -> Option<IpAddr> {
    let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    let trusted = |address: &IpAddr| proxies.iter().any(|network| network.contains(*address));
    let Some(header) = server.client_address_header.as_deref().filter(|_| trusted(&peer)) else {
        return Some(peer);
    };
    let named = parts.headers.get_all(header).into_iter().filter_map(|value| value.to_str().ok());
    let named: Vec<IpAddr> = named.flat_map(|value| value.split(',')).filter_map(parse).collect();
    // What a client writes itself stands to the left of what proxies have added.
    Some(named.iter().rev().find(|address| !trusted(address)).copied().unwrap_or(peer))
}

/// An address as it is counted by, which tells nobody the address. A household has a /64 of IPv6 to itself.
pub(crate) fn digest(address: IpAddr, key: &[u8; 32]) -> String {
    let bytes = match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets()[..8].to_vec(),
    };
    let mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    let digest = mac.chain_update(bytes).finalize().into_bytes();
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// An address with or without a port, and IPv6 with or without brackets.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.ip().to_canonical());
    }
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    inner.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::http::Request;

    use super::*;

    fn of(peer: &str, forwarded: &[&str]) -> String {
        let mut request = Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        let server =
            ServerConfig { client_address_header: Some("x-forwarded-for".into()), ..ServerConfig::default() };
        let proxies = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        client(&parts, &server, &proxies).unwrap().to_string()
    }

    #[test]
    fn only_a_trusted_proxy_names_another_address_than_its_own() {
        assert_eq!(of("192.0.2.9:5", &["198.51.100.1"]), "192.0.2.9");
        assert_eq!(of("10.0.0.2:5", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(of("10.0.0.2:5", &["1.2.3.4, 198.51.100.1, 10.1.1.1"]), "198.51.100.1");
        assert_eq!(of("10.0.0.2:5", &["1.2.3.4", "198.51.100.1:443"]), "198.51.100.1");
        assert_eq!(of("[fd00::1]:5", &["[2001:db8::1]"]), "2001:db8::1");
        assert_eq!(of("10.0.0.2:5", &["nonsense"]), "10.0.0.2");
        assert_eq!(of("10.0.0.2:5", &[]), "10.0.0.2");
        assert_eq!(of("[::ffff:10.0.0.2]:5", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn addresses_of_one_household_are_one_and_the_digest_needs_the_key() {
        let of = |text: &str, key| digest(text.parse().unwrap(), &[key; 32]);
        assert_eq!(of("2001:db8:1:2::1", 1), of("2001:db8:1:2:ffff::9", 1));
        assert_ne!(of("2001:db8:1:2::1", 1), of("2001:db8:1:3::1", 1));
        assert_eq!(of("192.0.2.1", 1), of("::ffff:192.0.2.1", 1));
        assert_ne!(of("192.0.2.1", 1), of("192.0.2.2", 1));
        assert_ne!(of("192.0.2.1", 1), of("192.0.2.1", 2));
    }
}
