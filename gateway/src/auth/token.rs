//! Browser tokens: short-lived JWTs, signed with one pinned algorithm. Their headers say by the digest of a key which one
//! has signed them, so that a key can be changed while the tokens of the one before are still about.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use triptych_protocol::{Credits, ErrorCode, Scope, SessionRateLimits};

use crate::config::Secrets;
use crate::error::Error;
use crate::store::now_ms;

const ISSUER: &str = "triptych-gateway";
const AUDIENCE: &str = "triptych";

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    aud: String,
    /// The host's own id of its user.
    pub(crate) sub: String,
    pub(crate) tenant: String,
    pub(crate) origins: Vec<String>,
    pub(crate) scope: Vec<Scope>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) models: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rate_limits: Option<SessionRateLimits>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) max_cost: Option<Credits>,
    pub(crate) iat: i64,
    /// When it was minted, in milliseconds: a second is too long to tell before from after.
    pub(crate) minted_at: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
}

impl Claims {
    /// Those of a token that is minted now.
    pub(crate) fn new(tenant: &str, user: &str, session: &str, seconds: u32) -> Self {
        let now = now_ms();
        let issued_at = now / 1000;
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_owned(),
            tenant: tenant.to_owned(),
            origins: Vec::new(),
            scope: Vec::new(),
            models: None,
            rate_limits: None,
            max_cost: None,
            iat: issued_at,
            minted_at: now,
            exp: issued_at + i64::from(seconds),
            jti: session.to_owned(),
        }
    }
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    signing: EncodingKey,
    /// Of the key that signs.
    header: Header,
    /// By the id of each key, the one that signs first.
    checking: Vec<(String, DecodingKey)>,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The gateway checks against its own clock only.
        validation.leeway = 0;
        let keys = std::iter::once(&secrets.token_key).chain(&secrets.old_token_keys);
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(key_id(&secrets.token_key));
        Tokens {
            signing: EncodingKey::from_secret(secrets.token_key_bytes()),
            header,
            checking: keys
                .map(|key| (key_id(key), DecodingKey::from_secret(key.expose_secret().as_bytes())))
                .collect(),
            validation,
        }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        encode(&self.header, claims, &self.signing).map_err(Error::internal)
    }

    /// # Errors
    /// `token_expired` where the token was good once, `invalid_token` otherwise.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Error> {
        let foreign = || {
            let message = "This is not a token of this gateway. Mint one with `POST /v1/sessions`.";
            Error::new(ErrorCode::InvalidToken, message)
        };
        let kid = decode_header(token).map_err(|error| foreign().cause(error))?.kid;
        let key = self.checking.iter().find(|(id, _)| Some(id) == kid.as_ref());
        let (_, key) = key.ok_or_else(|| foreign().cause("no key has its `kid`"))?;
        match decode::<Claims>(token, key, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Error::new(
                ErrorCode::TokenExpired,
                "This token has expired. Mint another one and call again.",
            )),
            Err(error) => Err(foreign().cause(error)),
        }
    }
}

/// Names a key without telling anything of it.
fn key_id(key: &SecretString) -> String {
    let digest =
        Sha256::new().chain_update(b"triptych token key\0").chain_update(key.expose_secret()).finalize();
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
