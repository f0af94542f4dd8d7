//! Tokens that were taken back before they expired: one by one, or all that a user has.

use sqlx::Row;
use triptych_protocol::ErrorCode;

use super::Claims;
use crate::error::Error;
use crate::ledger::AccountId;
use crate::store::{Statement, Store, now_ms};

/// No token lives longer, in milliseconds, so nothing needs to be remembered longer.
const LONGEST_MS: i64 = 11 * 60 * 1000;

/// The account that a token opens, in one query with all that could speak against it: another gateway's revocation
/// counts with the next call.
///
/// # Errors
/// `invalid_token` where the user is gone or the token was taken back.
pub(super) async fn admit(store: &Store, claims: &Claims) -> Result<AccountId, Error> {
    let asked = Statement::new(
        "SELECT id, tokens_valid_from, (SELECT COUNT(*) FROM revoked_token WHERE jti = $1) \
         FROM users WHERE tenant = $2 AND external_id = $3",
    )
    .bind(name(&claims.tenant, &claims.jti))
    .bind(claims.tenant.as_str())
    .bind(claims.sub.as_str());
    let rows = store.look(asked).await?;
    let refused = |message: &str| Err(Error::new(ErrorCode::InvalidToken, message));
    let Some(row) = rows.first() else { return refused("The user of this token is gone. Mint a new token.") };
    let (valid_from, revoked): (i64, i64) = (row.try_get(1)?, row.try_get(2)?);
    if revoked > 0 || claims.minted_at <= valid_from {
        return refused("This token was taken back. Mint a new one.");
    }
    Ok(AccountId(row.try_get(0)?))
}

/// Takes one token of a tenant back; that of another tenant is not touched.
pub(crate) async fn revoke_session(store: &Store, tenant: &str, session: &str) -> Result<(), Error> {
    use_up(store, &name(tenant, session), now_ms().saturating_add(LONGEST_MS)).await.map(drop)
}

/// Takes all tokens of a user back that were minted until now.
///
/// # Errors
/// `not_found` where there is no such user.
pub(crate) async fn revoke_user(store: &Store, tenant: &str, user: &str) -> Result<(), Error> {
    let mut tx = store.write().await?;
    let found = sqlx::query("UPDATE users SET tokens_valid_from = $1 WHERE tenant = $2 AND external_id = $3")
        .bind(now_ms())
        .bind(tenant)
        .bind(user)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    if found.rows_affected() == 0 { Err(Error::not_found("user")) } else { Ok(()) }
}

/// Remembers something that is good for nothing any more, until it expires by itself; false where it is known.
pub(crate) async fn use_up(store: &Store, name: &str, expires_at: i64) -> Result<bool, Error> {
    let mut tx = store.write().await?;
    let added = sqlx::query(
        "INSERT INTO revoked_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING",
    )
    .bind(name)
    .bind(expires_at)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(added.rows_affected() == 1)
}

/// Forgets what has expired by itself.
pub(crate) async fn sweep(store: &Store) -> Result<(), Error> {
    let mut tx = store.write().await?;
    sqlx::query("DELETE FROM revoked_token WHERE expires_at <= $1").bind(now_ms()).execute(&mut *tx).await?;
    tx.commit().await
}

fn name(tenant: &str, session: &str) -> String {
    format!("{tenant}/{session}")
}
