//! Who calls: a browser with a token, a host's backend with its tenant secret, or an operator with the admin secret.

pub(crate) mod revocation;
mod token;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, ORIGIN};
use axum::http::request::Parts;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use triptych_protocol::{Credits, ErrorCode, Scope};

pub(crate) use token::{Claims, Tokens};

use crate::config::Tenant;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::limit::RateSlot;
use crate::state::AppState;
use crate::trace;

/// A browser call that was let in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) tenant: String,
    /// The host's own id of its user.
    pub(crate) user: String,
    pub(crate) account: AccountId,
    pub(crate) scopes: Vec<Scope>,
    /// The models that the token allows; all where `None`.
    pub(crate) models: Option<Vec<String>>,
    /// What the token narrows further.
    pub(crate) token: TokenLimits,
    /// What the answer tells of the caller's limits.
    pub(crate) rates: RateSlot,
}

/// A token's own limits.
#[derive(Clone, Debug)]
pub(crate) struct TokenLimits {
    pub(crate) id: String,
    /// In milliseconds since 1970.
    pub(crate) minted_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) requests_per_minute: Option<u32>,
    pub(crate) max_cost: Option<Credits>,
}

impl Caller {
    /// # Errors
    /// `scope_denied` where the token lacks the scope.
    pub(crate) fn require(&self, scope: Scope) -> Result<(), Error> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        let message = format!("This token lacks the scope `{}`. Mint one that has it.", scope.as_str());
        Err(Error::new(ErrorCode::ScopeDenied, message))
    }

    /// # Errors
    /// `scope_denied` where the token is for other models.
    pub(crate) fn allow_model(&self, id: &str) -> Result<(), Error> {
        if self.may_use(id) {
            return Ok(());
        }
        let message = "This token does not allow that model. `GET /v1/models` lists those that it does.";
        Err(Error::new(ErrorCode::ScopeDenied, message).param("model"))
    }

    pub(crate) fn may_use(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|models| models.iter().any(|allowed| allowed == model))
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        let claims = state.tokens.verify(bearer(&parts.headers)?)?;
        if let Some(origin) = parts.headers.get(ORIGIN) {
            // Only browsers send it, and they cannot be made to lie about it.
            if !claims.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()) {
                let message =
                    "This token is not for pages of this origin. Add the origin to the tenant's `origins`.";
                return Err(Error::new(ErrorCode::ScopeDenied, message));
            }
        }
        trace::note_text("triptych.tenant", &claims.tenant);
        Ok(Caller {
            account: revocation::admit(&state.store, &claims).await?,
            tenant: claims.tenant,
            user: claims.sub,
            scopes: claims.scope,
            models: claims.models,
            token: TokenLimits {
                id: claims.jti,
                minted_at: claims.minted_at,
                expires_at: claims.exp.saturating_mul(1000),
                requests_per_minute: claims.rate_limits.map(|limits| limits.max_requests_per_1_minute),
                max_cost: claims.max_cost,
            },
            rates: parts.extensions.get::<RateSlot>().cloned().unwrap_or_default(),
        })
    }
}

/// A call with the admin secret.
pub(crate) struct Admin;

impl FromRequestParts<AppState> for Admin {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Error> {
        if same(bearer(&parts.headers)?, &state.config.secrets.admin) {
            return Ok(Admin);
        }
        Err(Error::new(ErrorCode::InvalidToken, "The admin secret is wrong."))
    }
}

/// The tenant whose secret a call carries.
///
/// # Errors
/// `invalid_token` where it is nobody's.
pub(crate) fn tenant<'a>(headers: &HeaderMap, tenants: &'a [Tenant]) -> Result<&'a Tenant, Error> {
    let given = bearer(headers)?;
    // All are compared, so that the time taken does not tell which one came close.
    let found = tenants
        .iter()
        .fold(None, |found, tenant| if same(given, &tenant.secret) { Some(tenant) } else { found });
    found.ok_or_else(|| Error::new(ErrorCode::InvalidToken, "The tenant secret is wrong."))
}

fn bearer(headers: &HeaderMap) -> Result<&str, Error> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let split = value.and_then(|value| value.split_once(' '));
    match split {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim())
        }
        _ => Err(Error::new(ErrorCode::InvalidToken, "Send `Authorization: Bearer …` with a token.")),
    }
}

/// Compares digests, whose length says nothing about the secret's.
fn same(given: &str, secret: &SecretString) -> bool {
    let given = Sha256::digest(given.as_bytes());
    let wanted = Sha256::digest(secret.expose_secret().as_bytes());
    given.as_slice().ct_eq(wanted.as_slice()).into()
}
