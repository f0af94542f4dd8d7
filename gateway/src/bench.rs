//! How many priced calls a second the ledger can write down, for `cargo xtask bench gateway`. Built with the feature
//! `bench` only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use triptych_protocol::{Credits, Modality, Price};

use crate::config::CreditsConfig;
use crate::error::Error;
use crate::ledger::{AccountId, Ledger, NewGrant, NewHold, Outcome, UsageRecord};
use crate::store::{Store, new_id, now_ms};

/// Ten million credits: no run uses them up.
const GRANT: Credits = Credits::from_micro(10_000_000_000_000);
const HOLD: Credits = Credits::from_micro(1_500_000);
const CHARGE: Credits = Credits::from_micro(20_000);
const PRICE: Price = Price::tokens(Credits::from_micro(500), Credits::from_micro(750));

/// How a run went.
#[derive(Clone, Copy, Debug)]
pub struct Speed {
    /// Holds that were made and settled, each in two transactions, in a second.
    pub pairs_per_second: f64,
    /// Half of the pairs took at most this long, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 pairs took at most this long, in milliseconds.
    pub p99_ms: f64,
}

/// Lets `callers` hold and settle in `database` for a time, as calls of that many users or of a single one.
///
/// # Errors
/// In words, where the database cannot be opened or an operation fails.
pub async fn ledger(database: &str, callers: usize, one_user: bool, time: Duration) -> Result<Speed, String> {
    let store = Store::open(database).await.map_err(|error| error.to_string())?;
    let credits = CreditsConfig { low_at: None, top_up_url: None, currency: "credits".to_owned() };
    let ledger = Ledger::new(&store, &credits);
    let run = new_id("bench");
    let mut accounts = Vec::new();
    for index in 0..callers {
        let user = if one_user { 0 } else { index };
        accounts.push(account(&ledger, &store, &format!("{run}-{user}")).await.map_err(said)?);
    }
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = accounts
        .into_iter()
        .map(|account| {
            let (ledger, done) = (ledger.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut times = Vec::new();
                while start.elapsed() < time {
                    let began = Instant::now();
                    pair(&ledger, &account).await?;
                    times.push(began.elapsed());
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Error>(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.map_err(|error| error.to_string())?.map_err(said)?);
    }
    let took = start.elapsed();
    store.close().await;
    times.sort_unstable();
    let quantile = |part: usize| {
        let at = times.len().saturating_sub(1) * part / 100;
        times.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    };
    Ok(Speed {
        pairs_per_second: done.load(Ordering::Relaxed) as f64 / took.as_secs_f64(),
        p50_ms: quantile(50),
        p99_ms: quantile(99),
    })
}

async fn account(ledger: &Ledger, store: &Store, user: &str) -> Result<AccountId, Error> {
    let mut tx = store.write().await?;
    let account = ledger.open_account(&mut tx, "bench", user).await?;
    let key = format!("{account}:bench");
    let grant = NewGrant {
        account: &account,
        amount: GRANT,
        expires_at: None,
        op_key: &key,
        actor: "bench",
        reason: "benchmark",
    };
    ledger.grant_once(&mut tx, grant).await?;
    tx.commit().await?;
    Ok(account)
}

/// What the ledger does for one call, in the two transactions that a call takes.
async fn pair(ledger: &Ledger, account: &AccountId) -> Result<(), Error> {
    let hold = NewHold {
        account,
        amount: HOLD,
        kind: Modality::Chat,
        model: "gpt-5.4",
        price_version: 1,
        price: &PRICE,
        deadline_ms: now_ms() + 3_600_000,
    };
    let id = ledger.hold_alone(hold).await?;
    let usage =
        UsageRecord { prompt_tokens: Some(20), completion_tokens: Some(16), ..UsageRecord::default() };
    ledger.conclude_alone(&id, Outcome::Charge(CHARGE, &usage)).await?;
    Ok(())
}

fn said(error: Error) -> String {
    error.to_string()
}
