//! How much may be used in a window of time.

use serde::{Deserialize, Deserializer};
use triptych_protocol::Credits;

use super::file::Amount;

/// Limits of a user or of a tenant: the tables `[limits.user]` and `[limits.tenant]`. What is absent has no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    /// Priced calls.
    pub requests_per_minute: Option<u32>,
    /// Tokens of prompts and answers, by what a call may use at most until it has ended.
    pub tokens_per_minute: Option<u64>,
    /// Chat calls at once, streamed or not, on all gateways together.
    pub streams: Option<u32>,
    /// Charged, and held by what runs.
    #[serde(deserialize_with = "credits")]
    pub spend_per_hour: Option<Credits>,
    /// Charged, and held by what runs.
    #[serde(deserialize_with = "credits")]
    pub spend_per_day: Option<Credits>,
}

impl RateLimits {
    /// These limits, and others where they have none.
    pub(super) fn or(&self, other: &RateLimits) -> RateLimits {
        RateLimits {
            requests_per_minute: self.requests_per_minute.or(other.requests_per_minute),
            tokens_per_minute: self.tokens_per_minute.or(other.tokens_per_minute),
            streams: self.streams.or(other.streams),
            spend_per_hour: self.spend_per_hour.or(other.spend_per_hour),
            spend_per_day: self.spend_per_day.or(other.spend_per_day),
        }
    }

    /// True where nothing is limited.
    pub(crate) fn is_empty(&self) -> bool {
        *self == RateLimits::default()
    }
}

fn credits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Credits>, D::Error> {
    Ok(Some(Amount::deserialize(deserializer)?.0))
}
