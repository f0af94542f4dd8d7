use serde::{Deserialize, Serialize};

use crate::Credits;
use crate::record;

/// The answer of `GET /v1/credits`: what the user can spend, and what running calls have put aside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Balance {
    /// What the user can spend now.
    pub available: Credits,
    /// What running calls hold; it is charged or comes back.
    pub held: Credits,
    /// The name of the unit, always `credits` unless the gateway is configured otherwise.
    pub currency: String,
    /// At or below this the balance counts as low.
    #[serde(default)]
    pub low_at: Option<Credits>,
    /// Where the user can buy more.
    #[serde(default)]
    pub top_up_url: Option<String>,
}

/// What became of the hold of one priced call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Receipt {
    /// What was put aside before the call.
    pub held: Credits,
    /// What the call cost in the end: at most `held`.
    pub charged: Credits,
    /// What came back: `held - charged`.
    pub returned: Credits,
    /// True where the provider did not say what was used and the gateway counted for itself.
    #[serde(default)]
    pub estimated: bool,
}

impl Receipt {
    /// The receipt of a hold of which `charged` was kept.
    pub fn new(held: Credits, charged: Credits) -> Self {
        let returned = Credits::from_micro(held.micro().saturating_sub(charged.micro()));
        Receipt { held, charged, returned, estimated: false }
    }
}

/// One line of the user's own ledger, as `GET /v1/credits/entries` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LedgerEntry {
    /// The transaction's id.
    pub id: String,
    /// What happened.
    pub kind: EntryKind,
    /// Change of `available`.
    pub available: Credits,
    /// Change of `held`.
    pub held: Credits,
    /// Unix time in seconds.
    pub created_at: i64,
    /// The model, where the entry belongs to a call.
    #[serde(default)]
    pub model: Option<String>,
    /// The call's reservation, which ties its hold to its settlement.
    #[serde(default)]
    pub reservation: Option<String>,
}

/// What a transaction of the ledger did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Credits were given to the user.
    Grant,
    /// Credits were put aside for a call.
    Hold,
    /// A call was charged and the rest of its hold given back.
    Settle,
    /// A hold was given back whole.
    Release,
    /// What was left of a grant has expired.
    Expire,
    /// An operator set the account right.
    Adjust,
    /// More was put aside for a call that runs.
    Extend,
    /// A charge was given back, in part or whole.
    Refund,
}

/// A page of the ledger, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EntriesPage {
    /// Always `list`.
    pub object: String,
    /// The entries.
    pub data: Vec<LedgerEntry>,
    /// True where older entries exist; ask with `after` set to the last id.
    pub has_more: bool,
}

record!(Balance { available, held, currency, low_at, top_up_url });
record!(Receipt { held, charged, returned; estimated });
