//! The credit ledger: double-entry, append-only, every step one transaction with a unique operation key.
//!
//! A priced call is hold → settle or release, and its hold may be extended in between. Settle and release share one
//! operation key, so a repeated or late call can never cross from one to the other. What was settled is given back by
//! refunds, never undone.

mod account;
mod bundle;
mod entry;
mod grant;
mod loss;
mod lot;
mod outcome;
mod refund;
mod reservation;
mod spending;
mod statement;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;

use std::fmt;

use serde::{Deserialize, Serialize};
use triptych_protocol::{CompletionDetails, Credits, Modality, Price, PromptDetails, Usage};

use crate::config::CreditsConfig;
use crate::store::{Store, now_ms};

pub(crate) use bundle::NewBundle;
pub(crate) use grant::NewGrant;
pub(crate) use outcome::Outcome;

/// The ledger's own id of a user's account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountId(pub(crate) String);

/// The id of a hold and of what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReservationId(pub(crate) String);

macro_rules! id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(AccountId);
id!(ReservationId);

/// Whether an operation changed something or had been done before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Applied {
    /// It is done now.
    New,
    /// The same operation was done before; nothing changed.
    Before,
}

/// What [`Ledger::hold`] puts aside, and for what.
pub(crate) struct NewHold<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) amount: Credits,
    pub(crate) kind: Modality,
    pub(crate) model: &'a str,
    pub(crate) price_version: i64,
    /// Frozen with the hold: the charge is worked out from it even if the catalogue has moved.
    pub(crate) price: &'a Price,
    pub(crate) deadline_ms: i64,
}

/// What a call used, kept for the user's receipt and to compare with the provider's bill.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub(crate) struct UsageRecord {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completion_tokens: Option<u64>,
    /// Kinds of tokens, as far as the provider tells them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompt_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) completion_details: Option<CompletionDetails>,
    /// Characters that were read aloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) characters: Option<u64>,
    /// Length of sound that was heard or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audio_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) images: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quality: Option<String>,
    /// Pictures that were sent along.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_images: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resolution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) upstream_id: Option<String>,
    /// True where the provider did not say and the gateway counted for itself.
    pub(crate) estimated: bool,
}

impl UsageRecord {
    /// What a call used that is paid by tokens.
    pub(crate) fn of_tokens(usage: &Usage, estimated: bool) -> Self {
        UsageRecord {
            prompt_tokens: Some(usage.prompt_tokens),
            completion_tokens: Some(usage.completion_tokens),
            prompt_details: usage.prompt_tokens_details,
            completion_details: usage.completion_tokens_details,
            estimated,
            ..UsageRecord::default()
        }
    }
}

/// A hold that has neither been settled nor released.
#[derive(Clone, Debug)]
pub(crate) struct OpenReservation {
    pub(crate) id: ReservationId,
    pub(crate) account: AccountId,
    pub(crate) amount: Credits,
    /// The run of the process that made it.
    pub(crate) epoch: String,
    /// When its call is over for certain; milliseconds since 1970.
    pub(crate) deadline_ms: i64,
}

/// The ledger over a [`Store`]. What changes something takes the caller's transaction and leaves the commit to it,
/// so that jobs and idempotency rows are written together with the money or not at all. An error leaves the
/// transaction half done: drop it.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Store,
    credits: CreditsConfig,
    /// Whether holds count in windows of spending.
    spending: bool,
    /// How far tests have turned the clock, in milliseconds.
    #[cfg(test)]
    ahead: std::sync::Arc<std::sync::atomic::AtomicI64>,
}

impl Ledger {
    pub(crate) fn new(store: &Store, credits: &CreditsConfig) -> Self {
        Ledger {
            store: store.clone(),
            credits: credits.clone(),
            spending: false,
            #[cfg(test)]
            ahead: std::sync::Arc::default(),
        }
    }

    /// Says whether holds count in windows of spending, which then follow what is charged.
    pub(crate) fn count_spending(&mut self, spending: bool) {
        self.spending = spending;
    }

    /// Milliseconds since 1970, for what expires.
    fn now(&self) -> i64 {
        #[cfg(test)]
        let ahead = self.ahead.load(std::sync::atomic::Ordering::Relaxed);
        #[cfg(not(test))]
        let ahead = 0;
        now_ms() + ahead
    }
}
