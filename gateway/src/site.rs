//! Visitors of pages without a backend: nobody vouches for them, so each gets a name of the gateway's own making, a small
//! grant a day, and shares what is given with everybody behind the same address.

mod challenge;
mod visitor;

use std::net::IpAddr;

use triptych_protocol::{Credits, ErrorCode, Session, SessionRequest};

pub(crate) use challenge::Puzzle;
pub(crate) use visitor::Visitors;

use crate::config::{Site, VISITOR};
use crate::error::Error;
use crate::ledger::{AccountId, Applied, NewGrant};
use crate::limit::{Count, DAY, HOUR, Measure, count, refusal};
use crate::routes::sessions::sign;
use crate::state::AppState;
use crate::store::{Tx, now_ms};

/// Lifetime of a visitor's token, in seconds.
const LIFE: u32 = 600;

/// A session for the visitor of a page, and the proof of being that visitor for the next time.
///
/// # Errors
/// `challenge_required` where a new visitor has proved nothing, `rate_limited` where the site or the address has had
/// its sessions of the hour.
pub(crate) async fn session(
    state: &AppState,
    site: &Site,
    address: Option<IpAddr>,
    known: Option<&str>,
    proof: Option<&str>,
) -> Result<(Session, String), Error> {
    let visitor = match known.and_then(|token| state.visitors.read(&site.key, token)) {
        Some(visitor) => visitor,
        None => {
            challenge::check(state, site, address, proof).await?;
            state.visitors.make(&site.key)
        }
    };
    // Who cannot be told from others shares with all of them.
    let address = address.map_or_else(|| "unknown".to_owned(), |address| state.visitors.address(address));
    let address = format!("address:{}/{address}", site.key);
    let user = format!("{VISITOR}{}/{}", site.key, visitor.id);
    let mut tx = state.store.write().await?;
    let now = now_ms();
    let account = state.ledger.open_account(&mut tx, &site.tenant, &user).await?;
    let mut counts = [
        Count::at(now, &address, Measure::Grants, DAY, 0, site.grant_per_address.micro()),
        Count::at(now, &address, Measure::Sessions, HOUR, 1, site.sessions_per_address.into()),
        Count::at(
            now,
            &format!("{VISITOR}{}", site.key),
            Measure::Sessions,
            HOUR,
            1,
            site.sessions_per_hour.into(),
        ),
    ];
    let counted = count(&mut tx, &mut counts).await?;
    if let Some(refused) = counted.iter().find(|one| !one.fits && one.count.measure == Measure::Sessions) {
        return Err(refusal(&refused.count, now));
    }
    let given = counted.iter().find(|one| one.count.measure == Measure::Grants);
    if let Some(given) = given.filter(|one| one.fits) {
        // The row is locked now, so that two visitors of one address do not both get the rest.
        let left = site.grant_per_address.micro() - given.used;
        grant(state, &mut tx, site, &account, left, &given.count).await?;
    }
    tx.commit().await?;
    let request = SessionRequest {
        user,
        scopes: site.scopes.clone(),
        models: site.models.clone(),
        ..SessionRequest::default()
    };
    let origins = state.origins.of_site(&site.key).to_vec();
    Ok((sign(state, &site.tenant, request, origins, LIFE)?, visitor.token))
}

/// Gives a visitor what the day brings, as far as its address has not had it already.
async fn grant(
    state: &AppState,
    tx: &mut Tx,
    site: &Site,
    account: &AccountId,
    left: i64,
    day: &Count,
) -> Result<(), Error> {
    let amount = site.daily_grant.micro().min(left);
    if amount <= 0 {
        return Ok(());
    }
    let op_key = format!("{account}:day:{}", day.starts_at);
    let grant = NewGrant {
        account,
        amount: Credits::from_micro(amount),
        expires_at: Some(day.ends_at),
        op_key: &op_key,
        actor: "gateway",
        reason: "a visitor's day",
    };
    if state.ledger.grant_once(tx, grant).await? == Applied::New {
        let more = Count { cost: amount, ..day.clone() };
        count(tx, &mut [more]).await?;
    }
    Ok(())
}

/// The site of that key, for a page of that origin.
///
/// # Errors
/// `not_found` for an unknown key, `scope_denied` for a page of another origin or none.
pub(crate) fn find<'a>(state: &'a AppState, key: &str, origin: Option<&[u8]>) -> Result<&'a Site, Error> {
    let site = state.config.sites.iter().find(|site| site.key == key);
    let site = site.ok_or_else(|| Error::not_found("site key").param("site_key"))?;
    let own = state.origins.of_site(key);
    if origin.is_some_and(|origin| own.iter().any(|own| own.as_bytes() == origin)) {
        return Ok(site);
    }
    let message = "This site key is not for pages of this origin. Add the origin to the site's `origins`.";
    Err(Error::new(ErrorCode::ScopeDenied, message))
}
