use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::store::now_ms;

/// How long a link works, in milliseconds.
const LIFE_MS: i64 = 60 * 60 * 1000;

/// Signs links to files and checks them.
#[derive(Clone)]
pub(crate) struct Links {
    signing: Hmac<Sha256>,
    /// Of keys that have signed before.
    old: Vec<Hmac<Sha256>>,
}

/// The query of a link.
#[derive(Clone, Debug, serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Link {
    /// Unix time in seconds.
    #[serde(default)]
    #[param(required = true)]
    pub(crate) expires: i64,
    /// Ties the link to the file and the time.
    #[serde(default)]
    #[param(required = true)]
    pub(crate) signature: String,
    /// `1` to save the file instead of showing it; not signed, since it gives nobody more than they have.
    #[serde(default)]
    pub(crate) download: Option<String>,
}

impl Links {
    pub(crate) fn new(key: &[u8]) -> Self {
        Links { signing: rooted(key), old: Vec::new() }
    }

    /// Also takes links that these keys have signed.
    pub(crate) fn accept<'a>(&mut self, keys: impl IntoIterator<Item = &'a [u8; 32]>) {
        self.old.extend(keys.into_iter().map(|key| rooted(key)));
    }

    /// Path and query of a link to a file that works for an hour.
    pub(crate) fn path(&self, asset: &str) -> String {
        let expires = now_ms().saturating_add(LIFE_MS) / 1000;
        format!("/v1/assets/{asset}?expires={expires}&signature={}", self.signature(asset, expires))
    }

    /// True where the link was made here for that file and has not expired.
    pub(crate) fn allows(&self, asset: &str, link: &Link) -> bool {
        let Some(given) = from_hex(&link.signature) else { return false };
        // Compares in constant time.
        let signed = |key| message(key, asset, link.expires).verify_slice(&given).is_ok();
        std::iter::once(&self.signing).chain(&self.old).any(signed) && link.expires > now_ms() / 1000
    }

    fn signature(&self, asset: &str, expires: i64) -> String {
        let bytes = message(&self.signing, asset, expires).finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn message(key: &Hmac<Sha256>, asset: &str, expires: i64) -> Hmac<Sha256> {
    key.clone().chain_update(asset.as_bytes()).chain_update(b"\n").chain_update(expires.to_string())
}

/// The same secret signs tokens: the label keeps a signature of one from being one of the other.
fn rooted(key: &[u8]) -> Hmac<Sha256> {
    mac(&mac(key).chain_update(b"triptych asset links").finalize().into_bytes())
}

fn mac(key: &[u8]) -> Hmac<Sha256> {
    // A key of any length is taken: a longer one than a block is hashed first.
    Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    digits.chunks(2).map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn link(path: &str) -> Link {
        let (_, query) = path.split_once('?').unwrap();
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
            pair.unwrap().to_owned()
        };
        Link { expires: value("expires=").parse().unwrap(), signature: value("signature="), download: None }
    }

    #[test]
    fn a_link_opens_its_own_file_and_no_other() {
        let links = Links::new(b"a key");
        let good = link(&links.path("asset_1"));
        assert!(links.allows("asset_1", &good));
        assert!(!links.allows("asset_2", &good));
        assert!(!links.allows("asset_1", &Link { expires: good.expires + 1, ..good.clone() }));
        let mut others = Links::new(b"another key");
        assert!(!others.allows("asset_1", &good));
        let (old, new) = ([1; 32], [2; 32]);
        let signed = link(&Links::new(&old).path("asset_1"));
        others.accept([&old]);
        assert!(others.allows("asset_1", &signed) && !Links::new(&new).allows("asset_1", &signed));
    }

    #[test]
    fn a_link_that_has_expired_opens_nothing() {
        let links = Links::new(b"a key");
        let expires = now_ms() / 1000 - 1;
        let old = Link { expires, signature: links.signature("asset_1", expires), download: None };
        assert!(!links.allows("asset_1", &old));
    }

    #[test]
    fn a_signature_that_is_none_is_refused() {
        for text in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(from_hex(text), None);
        }
    }
}
