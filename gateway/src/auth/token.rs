//! Browser tokens: short-lived JWTs, signed with one pinned algorithm.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use triptych_protocol::{ErrorCode, Scope};

use crate::config::Secrets;
use crate::error::Error;

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
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
}

impl Claims {
    pub(crate) fn new(tenant: &str, user: &str, session: &str, issued_at: i64, seconds: u32) -> Self {
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user.to_owned(),
            tenant: tenant.to_owned(),
            origins: Vec::new(),
            scope: Vec::new(),
            models: None,
            iat: issued_at,
            exp: issued_at + i64::from(seconds),
            jti: session.to_owned(),
        }
    }
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    validation: Validation,
}

impl Tokens {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let key = secrets.token_key_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        // The gateway checks against its own clock only.
        validation.leeway = 0;
        Tokens { signing: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), validation }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        encode(&Header::new(Algorithm::HS256), claims, &self.signing).map_err(Error::internal)
    }

    /// # Errors
    /// `token_expired` where the token was good once, `invalid_token` otherwise.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Error> {
        match decode::<Claims>(token, &self.checking, &self.validation) {
            Ok(data) => Ok(data.claims),
            Err(error) if matches!(error.kind(), ErrorKind::ExpiredSignature) => Err(Error::new(
                ErrorCode::TokenExpired,
                "This token has expired. Mint another one and call again.",
            )),
            Err(error) => {
                let message = "This is not a token of this gateway. Mint one with `POST /v1/sessions`.";
                Err(Error::new(ErrorCode::InvalidToken, message).cause(error))
            }
        }
    }
}
