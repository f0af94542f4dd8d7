use std::net::IpAddr;
use std::time::Duration;

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use triptych_protocol::ErrorCode;
use utoipa::ToSchema;

use super::Visitors;
use crate::auth::revocation::use_up;
use crate::config::{Challenge, Site};
use crate::error::Error;
use crate::state::AppState;
use crate::store::now_ms;

/// How long a puzzle can be handed in, in milliseconds.
const LIFE_MS: i64 = 5 * 60 * 1000;
const LONGEST_PROOF: usize = 4096;
const HOOK_TIME: Duration = Duration::from_secs(5);

/// What a new visitor is asked to do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SiteChallenge)]
pub(crate) struct Puzzle {
    /// Always `triptych.challenge`.
    object: &'static str,
    /// `work`: find a number so that SHA-256 of `challenge:number` begins with `bits` zero bits, and send
    /// `challenge:number`. `hook`: send what the site's own check has given. `none`: nothing.
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u8>,
}

impl Puzzle {
    /// One for a visitor of that site, good for one try.
    pub(crate) fn new(visitors: &Visitors, site: &Site) -> Self {
        let (kind, challenge, bits) = match site.challenge {
            None => ("none", None, None),
            Some(Challenge::Hook { .. }) => ("hook", None, None),
            Some(Challenge::Work { bits }) => {
                let until = now_ms().saturating_add(LIFE_MS);
                let signed = format!("{bits}.{until}.{}", uuid::Uuid::new_v4().simple());
                let signature = visitors.sign(&format!("work.{}.{signed}", site.key));
                ("work", Some(format!("{signed}.{signature}")), Some(bits))
            }
        };
        Puzzle { object: "triptych.challenge", kind, challenge, bits }
    }
}

/// # Errors
/// `challenge_required` where the proof is missing, wrong, too old or was used before; `unavailable` where the service
/// that judges it cannot be asked.
pub(super) async fn check(
    state: &AppState,
    site: &Site,
    address: Option<IpAddr>,
    proof: Option<&str>,
) -> Result<(), Error> {
    let Some(challenge) = &site.challenge else { return Ok(()) };
    let wanted = || {
        let message = "Prove first that you are no robot: `POST /v1/site/challenges` says how.";
        Error::new(ErrorCode::ChallengeRequired, message)
    };
    let proof = proof.filter(|proof| !proof.is_empty() && proof.len() <= LONGEST_PROOF).ok_or_else(wanted)?;
    match challenge {
        Challenge::Work { bits } => {
            let (puzzle, until) = solved(&state.visitors, site, *bits, proof).ok_or_else(wanted)?;
            if use_up(&state.store, &format!("work/{puzzle}"), until).await? { Ok(()) } else { Err(wanted()) }
        }
        Challenge::Hook { url, secret } => {
            let secret = secret.as_ref().map(|secret| secret.expose_secret());
            if ask(state, url, secret, proof, address).await? { Ok(()) } else { Err(wanted()) }
        }
    }
}

/// The random part of a puzzle that is solved, and until when it can be handed in.
fn solved<'a>(visitors: &Visitors, site: &Site, least: u8, proof: &'a str) -> Option<(&'a str, i64)> {
    let (challenge, _) = proof.rsplit_once(':')?;
    let (signed, signature) = challenge.rsplit_once('.')?;
    let mut parts = signed.split('.');
    let (bits, until, random) = (parts.next()?, parts.next()?, parts.next()?);
    let (bits, until): (u8, i64) = (bits.parse().ok()?, until.parse().ok()?);
    let good = bits >= least
        && until > now_ms()
        && zero_bits(&Sha256::digest(proof.as_bytes())) >= u32::from(bits)
        && visitors.is_signed(&format!("work.{}.{signed}", site.key), signature);
    good.then_some((random, until))
}

fn zero_bits(hash: &[u8]) -> u32 {
    let zeros = hash.iter().take_while(|byte| **byte == 0).count();
    zeros as u32 * 8 + hash.get(zeros).map_or(0, |byte| byte.leading_zeros())
}

/// Asks the site's own service, in the shape of Turnstile's `siteverify`.
async fn ask(
    state: &AppState,
    url: &str,
    secret: Option<&str>,
    proof: &str,
    address: Option<IpAddr>,
) -> Result<bool, Error> {
    #[derive(Deserialize)]
    struct Verdict {
        #[serde(default)]
        success: bool,
    }
    let failed = |error: reqwest::Error| {
        let message = "The check for robots cannot be reached. Try again shortly.";
        Error::new(ErrorCode::Unavailable, message)
            .cause(error.without_url())
            .retry_after(Duration::from_secs(5))
    };
    let question =
        json!({"secret": secret, "response": proof, "remoteip": address.map(|address| address.to_string())});
    let answer = state.hooks.post(url).timeout(HOOK_TIME).json(&question).send().await.map_err(failed)?;
    let verdict: Verdict = answer.error_for_status().map_err(failed)?.json().await.map_err(failed)?;
    Ok(verdict.success)
}

#[cfg(test)]
mod tests {
    use super::zero_bits;

    #[test]
    fn zero_bits_are_counted_from_the_front() {
        assert_eq!(zero_bits(&[0x80, 0]), 0);
        assert_eq!(zero_bits(&[0x01, 0xff]), 7);
        assert_eq!(zero_bits(&[0, 0x10]), 11);
        assert_eq!(zero_bits(&[0, 0]), 16);
    }
}
