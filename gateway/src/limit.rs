//! What a user, a tenant, a site or a token may use in a window of time. The counts are rows that all gateways of a
//! database share; a call counts in all of its windows with one statement, in the transaction that takes its hold, so
//! that a call which is refused for whatever reason has counted nowhere.
//!
//! Windows begin at full minutes, hours and days (UTC). No credits depend on the counts.

pub(crate) mod address;
mod header;
mod window;

use std::sync::Arc;
use std::time::Duration;

use sqlx::Row;
use triptych_protocol::{Credits, ErrorCode, Modality, Model};

pub(crate) use header::{RateSlot, tell};
pub(crate) use window::{Count, Counted, DAY, HOUR, Measure, count, sweep};

use window::MINUTE;

use crate::auth::Caller;
use crate::config::{Config, RateLimits, site_of};
use crate::error::Error;
use crate::estimate::Quote;
use crate::ledger::UsageRecord;
use crate::state::AppState;
use crate::store::{Tx, now_ms};

/// What a call is about to use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    /// What is held for it.
    pub(crate) amount: Credits,
    /// The most tokens that it can use; 0 where it has none.
    pub(crate) tokens: u64,
    pub(crate) modality: Modality,
}

impl Demand {
    pub(crate) fn new(model: &Model, quote: &Quote) -> Self {
        Demand { amount: quote.estimate.amount, tokens: quote.tokens(), modality: model.triptych.modality }
    }
}

/// True where anybody's spending has a limit.
pub(crate) fn spending_is_limited(config: &Config) -> bool {
    let limited = |limits: &RateLimits| limits.spend_per_hour.is_some() || limits.spend_per_day.is_some();
    config.tenants.iter().any(|tenant| limited(&tenant.limits) || limited(&tenant.user_limits))
        || config.sites.iter().any(|site| site.spend_per_day.is_some())
}

/// The windows that a call has counted in, to be set right once it is known what it has used.
#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Vec<Count>>);

/// What a call counts in.
pub(crate) struct Limits {
    counts: Vec<Count>,
    /// The most answers that the caller, and all of the tenant, may have under way.
    streams: (Option<u32>, Option<u32>),
    now: i64,
}

impl Limits {
    /// Those that hold for a call.
    pub(crate) fn of(state: &AppState, caller: &Caller, demand: Demand) -> Self {
        let none = RateLimits::default();
        let tenant = state.config.tenants.iter().find(|tenant| tenant.id == caller.tenant);
        let (of_user, of_tenant) =
            tenant.map_or((&none, &none), |tenant| (&tenant.user_limits, &tenant.limits));
        let mut counts = Vec::new();
        let now = now_ms();
        let narrowed = narrowed(of_user, caller.token.requests_per_minute);
        if !narrowed.is_empty() {
            push(&mut counts, &format!("user:{}", caller.account), &narrowed, demand, now);
        }
        if !of_tenant.is_empty() {
            push(&mut counts, &format!("tenant:{}", caller.tenant), of_tenant, demand, now);
        }
        let site = site_of(&state.config, &caller.user);
        if let Some(spend_per_day) = site.and_then(|site| site.spend_per_day) {
            let limits = RateLimits { spend_per_day: Some(spend_per_day), ..RateLimits::default() };
            let site = caller.user.split('/').next().unwrap_or_default();
            push(&mut counts, site, &limits, demand, now);
        }
        if let Some(most) = caller.token.max_cost {
            counts.push(Count {
                subject: format!("token:{}", caller.token.id),
                measure: Measure::Cost,
                starts_at: caller.token.minted_at,
                ends_at: caller.token.expires_at,
                cost: demand.amount.micro(),
                bound: most.micro(),
            });
        }
        let mut streams = (None, None);
        if demand.modality == Modality::Chat {
            streams = (of_user.streams, of_tenant.streams);
        }
        if streams.1.is_some() {
            // This row is what the calls of a tenant take turns by.
            let tenant = format!("tenant:{}", caller.tenant);
            counts.push(Count::at(now, &tenant, Measure::Calls, DAY, 1, i64::MAX / 2));
        }
        Limits { counts, streams, now }
    }

    /// True where nothing needs to be counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.streams == (None, None)
    }

    /// Counts a call. The caller's hold is in the same transaction, and before this: whoever counts last keeps the
    /// rows that many calls share locked for the shortest time.
    ///
    /// # Errors
    /// `rate_limited` where a window is used up, `scope_denied` where the token's own `max_cost` is. The transaction
    /// must be dropped then.
    pub(crate) async fn admit(mut self, tx: &mut Tx, caller: &Caller) -> Result<Option<Admission>, Error> {
        if let Some(most) = self.streams.0 {
            // The hold has locked the account, so nobody else of this user is between here and the commit.
            expect_room_of_user(tx, caller, most).await?;
        }
        if self.counts.is_empty() {
            return Ok(None);
        }
        let counted = count(tx, &mut self.counts).await?;
        caller.rates.set(&counted);
        if let Some(refused) = counted.iter().filter(|one| !one.fits).max_by_key(|one| one.count.ends_at) {
            return Err(refusal(&refused.count, self.now));
        }
        if let Some(most) = self.streams.1 {
            expect_room_of_tenant(tx, caller, most).await?;
        }
        Ok(Some(Admission(Arc::new(self.counts))))
    }
}

impl Admission {
    /// Sets the windows right once a call has ended: `None` for one that came to nothing. Those of spending are the
    /// ledger's, which knows of every way for a hold to end.
    pub(crate) async fn correct(
        &self,
        tx: &mut Tx,
        used: Option<(Credits, &UsageRecord)>,
    ) -> Result<(), Error> {
        let now = now_ms();
        let corrections = self.0.iter().filter(|count| count.ends_at > now).filter_map(|count| {
            let really = match (count.measure, used) {
                (Measure::Cost, Some((charged, _))) => charged.micro(),
                (Measure::Tokens, Some((_, usage))) => {
                    let tokens = usage.prompt_tokens.unwrap_or(0) + usage.completion_tokens.unwrap_or(0);
                    i64::try_from(tokens).unwrap_or(i64::MAX / 2)
                }
                (Measure::Cost | Measure::Tokens, None) => 0,
                _ => return None,
            };
            (really != count.cost).then(|| Count { cost: really - count.cost, ..count.clone() })
        });
        window::correct(tx, corrections.collect()).await
    }
}

fn narrowed(limits: &RateLimits, of_token: Option<u32>) -> RateLimits {
    let own = limits.requests_per_minute;
    let requests_per_minute = match (own, of_token) {
        (Some(own), Some(token)) => Some(own.min(token)),
        (own, token) => own.or(token),
    };
    RateLimits { requests_per_minute, ..limits.clone() }
}

fn push(counts: &mut Vec<Count>, subject: &str, limits: &RateLimits, demand: Demand, now: i64) {
    let tokens = i64::try_from(demand.tokens).unwrap_or(i64::MAX / 2);
    let spend = demand.amount.micro();
    let mut push = |measure, window, cost, bound: Option<i64>| {
        if let Some(bound) = bound {
            counts.push(Count::at(now, subject, measure, window, cost, bound));
        }
    };
    push(Measure::Requests, MINUTE, 1, limits.requests_per_minute.map(i64::from));
    if tokens > 0 {
        let bound = limits.tokens_per_minute.map(|most| i64::try_from(most).unwrap_or(i64::MAX / 2));
        push(Measure::Tokens, MINUTE, tokens, bound);
    }
    push(Measure::Spend, HOUR, spend, limits.spend_per_hour.map(Credits::micro));
    push(Measure::Spend, DAY, spend, limits.spend_per_day.map(Credits::micro));
}

async fn expect_room_of_user(tx: &mut Tx, caller: &Caller, most: u32) -> Result<(), Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) FROM reservation WHERE account_id = $1 AND kind = 'chat' AND state = 'held'",
    )
    .bind(caller.account.0.as_str())
    .fetch_one(&mut **tx)
    .await?;
    expect_room(row.try_get(0)?, most)
}

async fn expect_room_of_tenant(tx: &mut Tx, caller: &Caller, most: u32) -> Result<(), Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) FROM reservation r JOIN users u ON u.id = r.account_id \
         WHERE r.state = 'held' AND r.kind = 'chat' AND u.tenant = $1",
    )
    .bind(caller.tenant.as_str())
    .fetch_one(&mut **tx)
    .await?;
    expect_room(row.try_get(0)?, most)
}

/// The call's own hold is among those that are open.
fn expect_room(open: i64, most: u32) -> Result<(), Error> {
    if open <= i64::from(most) {
        return Ok(());
    }
    let message =
        format!("Too many answers are under way ({most} are allowed at once). Wait for one to end.");
    Err(Error::new(ErrorCode::RateLimited, message).retry_after(Duration::from_secs(2)))
}

/// What a caller is told about a window that is used up.
pub(crate) fn refusal(count: &Count, now: i64) -> Error {
    if count.measure == Measure::Cost {
        let message = "What this token may cost (`max_cost`) does not cover the call. Mint another token.";
        return Error::new(ErrorCode::ScopeDenied, message);
    }
    let whose = match count.subject.split(':').next() {
        Some("user") => "of this user",
        Some("address") => "of this address",
        _ => "of this service",
    };
    let (what, per) = match (count.measure, count.ends_at - count.starts_at) {
        (Measure::Requests | Measure::Calls, _) => ("requests", "minute"),
        (Measure::Tokens, _) => ("tokens", "minute"),
        (Measure::Sessions, _) => ("sessions", "hour"),
        (_, HOUR) => ("spending", "hour"),
        _ => ("spending", "day"),
    };
    let wait = u64::try_from(count.ends_at - now).unwrap_or(0).max(1);
    if count.cost > count.bound {
        let message = format!("This is more than the limit {whose} on {what} in a {per} allows at all.");
        return Error::new(ErrorCode::RateLimited, message).final_answer();
    }
    let message = format!("The limit {whose} on {what} in a {per} is reached. Try again in the next {per}.");
    Error::new(ErrorCode::RateLimited, message).retry_after(Duration::from_millis(wait))
}
