use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::config::Secrets;
use crate::limit::address;
use crate::store::now_ms;

/// After this a visitor proves itself again.
const LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Names visitors, and knows them again.
pub(crate) struct Visitors {
    /// The first one signs.
    keys: Vec<[u8; 32]>,
    address_key: [u8; 32],
}

/// Somebody whose name the gateway has made.
pub(crate) struct Visitor {
    pub(crate) id: String,
    /// What the browser keeps: `id.made_at.signature`.
    pub(crate) token: String,
}

impl Visitors {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let address_key = secrets.keys_for("addresses").first().copied().unwrap_or_default();
        Visitors { keys: secrets.keys_for("visitors"), address_key }
    }

    /// Somebody new.
    pub(crate) fn make(&self, site: &str) -> Visitor {
        let id = format!("v{}", uuid::Uuid::new_v4().simple());
        let signed = format!("{id}.{}", now_ms());
        let signature = self.sign(&format!("{site}.{signed}"));
        Visitor { token: format!("{signed}.{signature}"), id }
    }

    /// Whom a token of that site names; `None` where it was not made here or too long ago.
    pub(crate) fn read(&self, site: &str, token: &str) -> Option<Visitor> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (id, made_at) = signed.split_once('.')?;
        let made_at: i64 = made_at.parse().ok()?;
        let fresh = now_ms().saturating_sub(made_at) < LIFE_MS;
        let good = fresh && self.is_signed(&format!("{site}.{signed}"), signature);
        good.then(|| Visitor { id: id.to_owned(), token: token.to_owned() })
    }

    /// An address as it is counted by.
    pub(crate) fn address(&self, address: IpAddr) -> String {
        address::digest(address, &self.address_key)
    }

    pub(super) fn sign(&self, text: &str) -> String {
        let key = self.keys.first().copied().unwrap_or_default();
        hex(&mac(&key, text).finalize().into_bytes())
    }

    pub(super) fn is_signed(&self, text: &str, signature: &str) -> bool {
        let given: Option<Vec<u8>> = (0..signature.len() / 2)
            .map(|at| u8::from_str_radix(signature.get(2 * at..2 * at + 2)?, 16).ok())
            .collect();
        let Some(given) = given.filter(|given| given.len() == 32 && signature.len() == 64) else {
            return false;
        };
        // Compares in constant time.
        self.keys.iter().any(|key| mac(key, text).verify_slice(&given).is_ok())
    }
}

fn mac(key: &[u8; 32], text: &str) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key);
    mac.unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default())).chain_update(text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
