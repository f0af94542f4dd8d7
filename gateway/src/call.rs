//! What every priced call does with money: hold before the provider is asked, settle or release after.

use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tracing::Instrument;
use triptych_protocol::{Credits, ErrorCode, Model, Price, TriptychExtra, Usage, usage_cost};

use crate::asset::Asset;
use crate::auth::Caller;
use crate::error::Error;
use crate::estimate::{self, Quote};
use crate::idempotency::{self, Begin, Guard, Key, KeyName, Replay};
use crate::ledger::{AccountId, NewHold, Outcome, ReservationId, UsageRecord};
use crate::limit::{Admission, Demand, Limits};
use crate::links;
use crate::policy::About;
use crate::provider::UpstreamError;
use crate::state::AppState;
use crate::store::{Durability, Tx, now_ms};
use crate::trace;

/// Waits between the attempts to write an outcome down. The upstream work is done by then, so giving up early would
/// lose money; in the meantime the hold stays.
const WRITE_RETRIES: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_secs(2),
    Duration::from_secs(5),
];
/// Longest answer that is kept for repeats of a call, in bytes and without its pictures.
const MAX_KEPT: usize = 4 * 1024 * 1024;

tokio::task_local! {
    /// Lives as long as somebody waits for the answer of the call that the task is for.
    static LISTENER: Weak<()>;
}

/// Who calls, with what key and body: enough to tell a repeat from a new call.
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) route: &'static str,
    pub(crate) key: Option<KeyName>,
    pub(crate) body: Bytes,
}

/// How a call begins.
pub(crate) enum Start {
    Fresh(Hold),
    /// It was done before: answer with this.
    Replay(Replay),
}

/// Credits put aside for one call.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) id: ReservationId,
    pub(crate) account: AccountId,
    pub(crate) amount: Credits,
    /// The cap that each answer of a chat call must be given for the amount to cover it.
    pub(crate) max_completion_tokens: Option<u32>,
    /// As it was when the hold was made.
    price: Arc<Price>,
    guard: Option<Guard>,
    admission: Option<Admission>,
    /// For those who judge the answer.
    pub(crate) about: About,
}

/// What is kept for those who repeat the call with its key.
pub(crate) enum Kept<'a> {
    /// The answer's body, which may show the receipt.
    Answer(&'a (dyn Fn(&TriptychExtra) -> Vec<u8> + Send + Sync)),
    /// The sound that was the answer.
    Sound(&'a Asset),
    /// Only a word about it.
    Note(&'a str),
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        caller: &'a Caller,
        route: &'static str,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Self, Error> {
        Ok(Call { caller, route, key: idempotency::key_of(headers)?, body })
    }

    /// Looks at what the call carries, before anything is held for it or sent. Every priced call passes here.
    pub(crate) async fn vet(&self, state: &AppState, model: &Model) -> Result<(), Error> {
        links::check(state, &self.body).await?;
        state.policy.before(&About::new(self.caller, model), &self.body).await
    }

    /// Claims the call's key, where it has one, within the caller's transaction.
    pub(crate) async fn begin(&self, state: &AppState, tx: &mut Tx) -> Result<Option<Begin>, Error> {
        let Some(key) = self.named() else { return Ok(None) };
        idempotency::begin(tx, &state.store, key).await.map(Some)
    }

    fn named(&self) -> Option<Key<'_>> {
        let name = self.key.clone()?;
        let body_hash = idempotency::body_hash(&self.body);
        Some(Key { scope: &self.caller.account.0, route: self.route, name, body_hash })
    }

    /// Puts the quote aside. `note` is what a repeat is told while the call runs.
    pub(crate) async fn start(
        &self,
        state: &AppState,
        model: &Model,
        quote: &Quote,
        life: Duration,
        note: Option<&str>,
    ) -> Result<Start, Error> {
        expect_running(state)?;
        // A stream that runs is not waited for: its note says where to read it.
        if let Some(key) = self.named().filter(|_| note.is_none()) {
            let is_there = || LISTENER.try_with(|listener| listener.strong_count() > 0).unwrap_or(true);
            if !idempotency::await_earlier(&state.store, &key, is_there).await? {
                return Err(Error::new(ErrorCode::InFlight, "The caller has gone."));
            }
        }
        self.vet(state, model).await?;
        let mut tx = None;
        let mut guard = None;
        if self.key.is_some() {
            let opened = tx.insert(state.store.write().await?);
            guard = match self.begin(state, opened).await? {
                Some(Begin::Replay(replay)) => {
                    // What it was stored with is read on another connection.
                    drop(tx);
                    return Ok(Start::Replay(replay.refilled(state).await?));
                }
                Some(Begin::Fresh(guard)) => Some(guard),
                None => None,
            };
        }
        let (id, quote) = self.put_aside(state, &mut tx, model, quote, life).await?;
        let mut admission = None;
        if let Some(mut tx) = tx {
            if let Some(guard) = &guard {
                guard.attach(&mut tx, &id, note).await?;
            }
            let limits = Limits::of(state, self.caller, Demand::new(model, &quote));
            admission = limits.admit(&mut tx, self.caller).await?;
            // What a power cut takes of this is what the next start would give back.
            tx.commit_as(Durability::System).await?;
        }
        Ok(Start::Fresh(Hold {
            id,
            account: self.caller.account.clone(),
            amount: quote.estimate.amount,
            max_completion_tokens: quote.max_completion_tokens,
            price: Arc::new(quote.price),
            guard,
            admission,
            about: About::new(self.caller, model),
        }))
    }

    /// Holds in the transaction, or opens one with the hold where there is something else to write, or holds alone. A
    /// balance that covers only a shorter answer gets that.
    async fn put_aside(
        &self,
        state: &AppState,
        tx: &mut Option<Tx>,
        model: &Model,
        quote: &Quote,
        life: Duration,
    ) -> Result<(ReservationId, Quote), Error> {
        let alone = tx.is_none() && Limits::of(state, self.caller, Demand::new(model, quote)).is_empty();
        let mut quote = quote.clone();
        loop {
            let hold = new_hold(state, self.caller, model, &quote, life)?;
            let held = match tx {
                Some(tx) => state.ledger.hold(tx, hold).await,
                None if alone => state.ledger.hold_alone(hold).await,
                None => state.ledger.hold_first(hold).await.map(|(opened, id)| {
                    *tx = Some(opened);
                    id
                }),
            };
            let error = match held {
                Ok(id) => return Ok((id, quote)),
                Err(error) => error,
            };
            let shorter = error.available().map(|available| quote.within(available));
            match shorter.filter(|shorter| shorter.estimate.amount < quote.estimate.amount) {
                Some(shorter) => quote = shorter,
                None => return Err(error),
            }
        }
    }
}

/// Puts credits aside within the caller's transaction.
pub(crate) async fn hold(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    model: &Model,
    quote: &Quote,
    life: Duration,
) -> Result<ReservationId, Error> {
    state.ledger.hold(tx, new_hold(state, caller, model, quote, life)?).await
}

/// # Errors
/// `switched_off` where somebody has the caller or the model switched off.
fn new_hold<'a>(
    state: &AppState,
    caller: &'a Caller,
    model: &'a Model,
    quote: &'a Quote,
    life: Duration,
) -> Result<NewHold<'a>, Error> {
    state.switches.check(caller, &model.id)?;
    let life = i64::try_from(life.as_millis()).unwrap_or(i64::MAX);
    Ok(NewHold {
        account: &caller.account,
        amount: quote.estimate.amount,
        kind: model.triptych.modality,
        model: &model.id,
        price_version: model.triptych.price_version,
        price: &quote.price,
        deadline_ms: now_ms().saturating_add(life),
    })
}

impl Hold {
    /// The price that the hold was made at.
    pub(crate) fn price(&self) -> &Price {
        &self.price
    }

    /// Whether the call has a key, so that its answer may be asked for again.
    pub(crate) fn can_be_repeated(&self) -> bool {
        self.guard.is_some()
    }

    /// What a usage costs at the frozen price, which is never more than the hold.
    pub(crate) fn tokens(&self, usage: &Usage) -> Credits {
        estimate::charge(&self.price, usage, self.amount)
    }

    /// A usage costs more than is held.
    pub(crate) fn is_exceeded_by(&self, usage: &Usage) -> bool {
        usage_cost(&self.price, usage).map_or(true, |cost| cost > self.amount)
    }

    /// Charges the call and gives the rest back.
    pub(crate) async fn settle(
        &self,
        state: &AppState,
        charged: Credits,
        usage: &UsageRecord,
        kept: Kept<'_>,
    ) -> Result<TriptychExtra, Error> {
        self.conclude(state, Ok((charged, usage, kept))).await
    }

    /// Gives the hold back whole; the call's key can be used again.
    pub(crate) async fn release(&self, state: &AppState, reason: &str) -> Result<TriptychExtra, Error> {
        self.conclude(state, Err(reason)).await
    }

    async fn conclude(
        &self,
        state: &AppState,
        outcome: Result<(Credits, &UsageRecord, Kept<'_>), &str>,
    ) -> Result<TriptychExtra, Error> {
        let mut last = Error::internal("no attempt was made");
        for wait in WRITE_RETRIES {
            // A timer never takes less than a millisecond, which every caller would wait.
            if !wait.is_zero() {
                tokio::time::sleep(wait).await;
            }
            match self.conclude_once(state, &outcome).await {
                Ok(extra) => return Ok(extra),
                Err(error) if error.code() == ErrorCode::Conflict => return Err(error),
                Err(error) => last = error,
            }
        }
        let charge = outcome.as_ref().ok().map(|(charged, ..)| charged.micro());
        tracing::error!(
            reservation = %self.id.0, error = %last, charge,
            "a call has ended and its outcome could not be written; its hold stays until its deadline"
        );
        Err(last)
    }

    async fn conclude_once(
        &self,
        state: &AppState,
        outcome: &Result<(Credits, &UsageRecord, Kept<'_>), &str>,
    ) -> Result<TriptychExtra, Error> {
        let written = match outcome {
            Ok((charged, usage, _)) => Outcome::Charge(*charged, usage),
            Err(reason) => Outcome::GiveBack(reason),
        };
        let covered = outcome.as_ref().map_or(true, |(charged, ..)| *charged <= self.amount);
        if self.admission.is_none() && self.guard.is_none() && covered {
            let ended = state.ledger.conclude_alone(&self.id, written).await?;
            return Ok(TriptychExtra { cost: ended.receipt, credits: ended.balance, cut: None });
        }
        let (mut tx, ended) = state.ledger.conclude_first(&self.id, written).await?;
        if let Some(admission) = &self.admission {
            let used = outcome.as_ref().ok().map(|(charged, usage, _)| (*charged, *usage));
            admission.correct(&mut tx, used).await?;
        }
        let extra = TriptychExtra { cost: ended.receipt, credits: ended.balance, cut: None };
        if let Some(guard) = &self.guard {
            match outcome {
                Err(_) => guard.abandon(&mut tx).await?,
                Ok((.., Kept::Note(note))) => guard.close(&mut tx, note).await?,
                Ok((.., Kept::Sound(sound))) => {
                    let headers =
                        [("content-type", sound.mime.as_str()), ("x-content-type-options", "nosniff")];
                    guard.finish(&mut tx, 200, &headers, &idempotency::sound(sound)).await?;
                }
                Ok((.., Kept::Answer(answer))) => {
                    let body = idempotency::slim(answer(&extra));
                    if body.len() > MAX_KEPT {
                        guard.close(&mut tx, "it is too large to be kept").await?;
                    } else {
                        guard.finish(&mut tx, 200, &[("content-type", "application/json")], &body).await?;
                    }
                }
            }
        }
        tx.commit().await?;
        Ok(extra)
    }
}

/// Runs a call on a task of its own: a caller that hangs up must not leave a hold behind without an outcome.
/// Until then the store stays open.
pub(crate) async fn detached<T: Send + 'static>(
    state: &AppState,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    let running = state.underway.begin();
    let listener = Arc::new(());
    let work = LISTENER.scope(Arc::downgrade(&listener), async move {
        let outcome = work.await;
        drop(running);
        outcome
    });
    // The listener is dropped with this future, when the connection is.
    let _listener = listener;
    tokio::spawn(trace::carry(work).in_current_span())
        .await
        .unwrap_or_else(|error| Err(Error::internal(error)))
}

/// Waits for a provider, but no longer than the process may live: its hold is then given back now and not by the next
/// start.
pub(crate) async fn unless_going_down<T>(
    state: &AppState,
    work: impl Future<Output = Result<T, UpstreamError>>,
) -> Result<T, UpstreamError> {
    tokio::select! {
        outcome = work => outcome,
        () = going_down(state) => Err(UpstreamError::GoingDown),
    }
}

/// Returns when running calls must come to an end for the process to stop in time.
pub(crate) async fn going_down(state: &AppState) {
    state.shutdown.wait().await;
    // Leaves time to settle and to tell the caller.
    tokio::time::sleep(state.config.shutdown_grace.mul_f32(0.7)).await;
}

/// Tells a provider one end user from another without naming them.
pub(crate) fn safety_identifier(caller: &Caller) -> String {
    let digest = Sha256::digest(format!("{}:{}", caller.tenant, caller.user));
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses new work once the gateway is going down.
pub(crate) fn expect_running(state: &AppState) -> Result<(), Error> {
    if !state.shutdown.is_set() {
        return Ok(());
    }
    let message = "The gateway is going down. Try again shortly.";
    Err(Error::new(ErrorCode::Unavailable, message).retry_after(Duration::from_secs(5)))
}
