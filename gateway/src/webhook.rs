//! Signed messages between servers, after the [Standard Webhooks](https://www.standardwebhooks.com) specification,
//! which OpenAI, Atlas and most billing systems send. Used in both directions: [`verify`] for what comes in, [`sign`]
//! for what goes out.
//!
//! A message carries `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`: a list, separated by
//! spaces, of `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use axum::http::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far the sender's clock may be from ours, in seconds.
const TOLERANCE: i64 = 300;
/// Signatures of one message that are looked at. A sender that rotates its key sends two.
const MOST_SIGNATURES: usize = 16;
/// Longest `webhook-id`: receivers store it to tell a repeat.
const LONGEST_ID: usize = 255;

/// A key of messages. It has no text form, so that no log can hold it.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// Who sent what when, once the signature was found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for each attempt to deliver a message: the receiver acts once for each id.
    pub id: String,
    /// When it was sent, in Unix seconds.
    pub timestamp: i64,
}

/// Why a message is not to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A header is missing or of another form.
    #[error("the headers webhook-id, webhook-timestamp and webhook-signature are needed")]
    Headers,
    /// Sent more than five minutes ago, or ahead.
    #[error("the message is too old or from the future")]
    Time,
    /// No signature is right: another key, or a body that was changed on its way.
    #[error("the signature is wrong")]
    Signature,
}

impl Secret {
    /// Reads a secret as providers show it: `whsec_` and base64. Anything else is taken by its bytes.
    ///
    /// # Errors
    /// Where it is shorter than 24 bytes, or its base64 is broken.
    pub fn parse(text: &str) -> Result<Secret, String> {
        let key = match text.strip_prefix("whsec_") {
            Some(encoded) => STANDARD
                .decode(encoded)
                .map_err(|_| "a webhook secret that begins with `whsec_` goes on in base64".to_owned())?,
            None => text.as_bytes().to_vec(),
        };
        if key.len() < 24 {
            return Err("a webhook secret has at least 24 bytes".to_owned());
        }
        // A key of any length is taken, so this cannot fail.
        Hmac::new_from_slice(&key).map(Secret).map_err(|error| error.to_string())
    }

    fn mac(&self, id: &str, timestamp: i64, body: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(format!("{id}.{timestamp}.")).chain_update(body)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The value of `webhook-signature` for a message.
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> String {
    format!("v1,{}", STANDARD.encode(secret.mac(id, timestamp, body).finalize().into_bytes()))
}

/// Checks a message as it came, before anything reads its body. `now` is in Unix seconds; several secrets let a key be
/// rotated. Comparing takes the same time whatever differs.
///
/// A message that passes is genuine and recent, not new: the caller still drops the ids that it has seen.
///
/// # Errors
/// See [`Refused`].
pub fn verify(secrets: &[Secret], headers: &HeaderMap, body: &[u8], now: i64) -> Result<Message, Refused> {
    let header = |name: &str| headers.get(name)?.to_str().ok();
    let id = header("webhook-id").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let id = id.ok_or(Refused::Headers)?;
    let timestamp = header("webhook-timestamp").and_then(|text| text.parse::<i64>().ok());
    let timestamp = timestamp.ok_or(Refused::Headers)?;
    let given = header("webhook-signature").ok_or(Refused::Headers)?;
    if now.abs_diff(timestamp) > TOLERANCE.unsigned_abs() {
        return Err(Refused::Time);
    }
    let given = given.split(' ').filter_map(|one| one.strip_prefix("v1,")).take(MOST_SIGNATURES);
    let given: Vec<Vec<u8>> = given.filter_map(|encoded| STANDARD.decode(encoded).ok()).collect();
    let right = |secret: &Secret| {
        let mac = secret.mac(id, timestamp, body);
        given.iter().any(|signature| mac.clone().verify_slice(signature).is_ok())
    };
    if !secrets.iter().any(right) {
        return Err(Refused::Signature);
    }
    Ok(Message { id: id.to_owned(), timestamp })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// The example of the specification's own test suites.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT: i64 = 1_614_265_330;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn headers(id: &str, at: i64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", at.to_string().parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        headers
    }

    #[test]
    fn the_published_example_verifies_and_signs_alike() {
        let secret = Secret::parse(SECRET).unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(sign(&secret, id, SENT, BODY), SIGNATURE);
        let message = verify(&[secret], &headers(id, SENT, SIGNATURE), BODY, SENT + 299).unwrap();
        assert_eq!(message, Message { id: id.to_owned(), timestamp: SENT });
    }

    #[test]
    fn either_of_two_keys_is_enough_while_they_are_rotated() {
        let (old, new) = (Secret::parse(SECRET).unwrap(), Secret::parse(&"n".repeat(24)).unwrap());
        let both = format!("v1a,xyz {} {}", sign(&new, "m", SENT, BODY), sign(&old, "m", SENT, BODY));
        for known in [vec![old.clone()], vec![new.clone()], vec![old, new]] {
            assert!(verify(&known, &headers("m", SENT, &both), BODY, SENT).is_ok());
        }
    }

    #[test]
    fn what_was_changed_or_is_old_is_not_believed() {
        let secrets = [Secret::parse(SECRET).unwrap()];
        let signature = sign(&secrets[0], "m", SENT, BODY);
        let good = headers("m", SENT, &signature);
        assert_eq!(verify(&secrets, &good, b"{}", SENT), Err(Refused::Signature));
        assert_eq!(verify(&secrets, &headers("n", SENT, &signature), BODY, SENT), Err(Refused::Signature));
        assert_eq!(
            verify(&secrets, &headers("m", SENT + 1, &signature), BODY, SENT),
            Err(Refused::Signature)
        );
        assert_eq!(verify(&[], &good, BODY, SENT), Err(Refused::Signature));
        for now in [SENT + 301, SENT - 301, i64::MIN] {
            assert_eq!(verify(&secrets, &good, BODY, now), Err(Refused::Time));
        }
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            let mut headers = good.clone();
            headers.remove(name);
            assert_eq!(verify(&secrets, &headers, BODY, SENT), Err(Refused::Headers));
        }
    }

    #[test]
    fn a_secret_that_is_short_or_broken_is_refused() {
        for text in ["", "short", "whsec_", "whsec_not base64!", "whsec_c2hvcnQ="] {
            assert!(Secret::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", Secret::parse(SECRET).unwrap()), "Secret(…)");
    }
}
