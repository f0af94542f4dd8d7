use std::net::IpAddr;

use reqwest::Url;
use url::Host;

use super::address::is_public;

/// Where a URL that came from outside may lead.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rule {
    /// `host` or `host:port`, in lower case: the operator vouches for them.
    allowed: Vec<String>,
    /// The gateway's own machine may be asked: its provider is there as well.
    loopback: bool,
}

/// Why a URL is not followed. The words may reach the user, so they hold nothing of the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Blocked {
    #[error("it is not a URL")]
    NoUrl,
    #[error("only https URLs are followed")]
    Scheme,
    #[error("only the usual port of https is followed")]
    Port,
    #[error("a URL with a user name or a password is not followed")]
    Credentials,
    #[error("its host is not on the public internet")]
    Private,
    #[error("its host cannot be found")]
    Unknown,
}

impl Rule {
    pub(crate) fn new(allowed: &[String], loopback: bool) -> Self {
        Rule { allowed: allowed.iter().map(|host| host.to_ascii_lowercase()).collect(), loopback }
    }

    /// Reads a URL and checks all of it that can be checked without asking for its host's address.
    pub(crate) fn check(&self, text: &str) -> Result<Url, Blocked> {
        let url: Url = text.trim().parse().map_err(|_| Blocked::NoUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Blocked::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Blocked::Credentials);
        }
        let port = url.port_or_known_default().unwrap_or(443);
        // The parser has turned `0x7f.1`, `2130706433` and the like into addresses already.
        let (vouched, address) = match url.host().ok_or(Blocked::NoUrl)? {
            Host::Domain(name) => (self.vouches(name, Some(port)) || self.own_machine(name), None),
            Host::Ipv4(address) => {
                (self.vouches(&address.to_string(), Some(port)), Some(IpAddr::V4(address)))
            }
            Host::Ipv6(address) => {
                (self.vouches(&address.to_string(), Some(port)), Some(IpAddr::V6(address)))
            }
        };
        let vouched = vouched || address.is_some_and(|address| self.loopback && address.is_loopback());
        if vouched {
            return Ok(url);
        }
        if address.is_some_and(|address| !is_public(address)) {
            return Err(Blocked::Private);
        }
        if url.scheme() != "https" {
            return Err(Blocked::Scheme);
        }
        if port != 443 {
            return Err(Blocked::Port);
        }
        Ok(url)
    }

    /// True where the operator vouches for the URL's host.
    pub(crate) fn vouches_for(&self, text: &str) -> bool {
        let strict = Rule { allowed: Vec::new(), loopback: false };
        self.check(text).is_ok_and(|url| match url.host_str() {
            // What would be let through anyway was not vouched for, unless it is named.
            Some(host) => strict.check(text).is_err() || self.vouches(host, url.port_or_known_default()),
            None => false,
        })
    }

    /// Checks what a name was resolved to. One address inside spoils all of them: the next attempt could pick it.
    pub(crate) fn check_addresses(&self, name: &str, addresses: &[IpAddr]) -> Result<(), Blocked> {
        if addresses.is_empty() {
            return Err(Blocked::Unknown);
        }
        if self.vouches(name, None) {
            return Ok(());
        }
        let own = self.own_machine(name);
        let fits = |address: &IpAddr| is_public(*address) || (own && address.is_loopback());
        if addresses.iter().all(fits) { Ok(()) } else { Err(Blocked::Private) }
    }

    /// Where the port is not known the host alone decides: the URL was checked with its port before.
    fn vouches(&self, host: &str, port: Option<u16>) -> bool {
        let host = host.to_ascii_lowercase();
        self.allowed.iter().any(|allowed| match (allowed.strip_prefix(&host), port) {
            (Some(""), _) => true,
            (Some(rest), Some(port)) => rest.strip_prefix(':') == Some(port.to_string().as_str()),
            (Some(rest), None) => rest.starts_with(':'),
            (None, _) => false,
        })
    }

    fn own_machine(&self, name: &str) -> bool {
        self.loopback && name.eq_ignore_ascii_case("localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict() -> Rule {
        Rule::default()
    }

    #[test]
    fn only_plain_https_to_the_public_internet_is_followed() {
        assert!(strict().check("https://files.example/a.mp4?token=x").is_ok());
        assert!(strict().check("https://1.1.1.1/").is_ok());
        for (url, why) in [
            ("http://files.example/a.mp4", Blocked::Scheme),
            ("file:///etc/passwd", Blocked::Scheme),
            ("gopher://files.example/", Blocked::Scheme),
            ("https://files.example:8443/", Blocked::Port),
            ("https://user@files.example/", Blocked::Credentials),
            ("https://a:b@files.example/", Blocked::Credentials),
            ("/relative", Blocked::NoUrl),
            ("https://", Blocked::NoUrl),
        ] {
            assert_eq!(strict().check(url), Err(why), "{url}");
        }
    }

    #[test]
    fn an_address_inside_is_found_however_it_is_spelt() {
        for url in [
            "https://127.0.0.1/",
            "http://127.0.0.1:8787/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:a9fe:a9fe]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/",
            "https://[64:ff9b::a00:1]/",
            "https://１２７.0.0.1/",
            "https://10。0。0。1/",
        ] {
            assert_eq!(strict().check(url), Err(Blocked::Private), "{url}");
        }
    }

    #[test]
    fn a_name_with_one_address_inside_is_not_followed_at_all() {
        let parse =
            |list: &[&str]| -> Vec<IpAddr> { list.iter().filter_map(|text| text.parse().ok()).collect() };
        assert_eq!(strict().check_addresses("a.example", &parse(&["1.1.1.1", "2606:4700::1"])), Ok(()));
        for list in [&["10.0.0.1"][..], &["1.1.1.1", "127.0.0.1"], &["::ffff:1.1.1.1"]] {
            assert_eq!(strict().check_addresses("a.example", &parse(list)), Err(Blocked::Private));
        }
        assert_eq!(strict().check_addresses("a.example", &[]), Err(Blocked::Unknown));
        assert_eq!(strict().check_addresses("localhost", &parse(&["127.0.0.1"])), Err(Blocked::Private));
    }

    #[test]
    fn the_operator_can_vouch_for_a_host_and_for_one_port_of_it() {
        let rule = Rule::new(&["Media.internal".into(), "10.0.0.5:9000".into()], false);
        assert!(rule.check("http://media.internal:81/x").is_ok());
        assert!(rule.check("http://10.0.0.5:9000/x").is_ok());
        assert_eq!(rule.check("http://10.0.0.5:9001/x"), Err(Blocked::Private));
        assert_eq!(rule.check("http://xmedia.internal/"), Err(Blocked::Scheme));
        assert_eq!(rule.check("http://media.internal.evil/"), Err(Blocked::Scheme));
        let inside = [IpAddr::from([10, 0, 0, 9])];
        assert_eq!(rule.check_addresses("media.internal", &inside), Ok(()));
        assert_eq!(rule.check_addresses("media.internal2", &inside), Err(Blocked::Private));
    }

    #[test]
    fn the_own_machine_is_reached_only_where_the_provider_is_on_it() {
        let rule = Rule::new(&[], true);
        assert!(rule.check("http://127.0.0.1:9/x").is_ok());
        assert!(rule.check("http://localhost:9/x").is_ok());
        assert_eq!(rule.check("http://10.0.0.1/"), Err(Blocked::Private));
        let own = [IpAddr::from([127, 0, 0, 1])];
        assert_eq!(rule.check_addresses("localhost", &own), Ok(()));
        // A name from outside that points here is an attack all the same.
        assert_eq!(rule.check_addresses("rebind.example", &own), Err(Blocked::Private));
    }
}
