use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::json::{Json, Writer};
use crate::wire::{Read, Write};

/// Micro-credits in one credit.
pub const MICRO_PER_CREDIT: i64 = 1_000_000;

/// An amount of credits, held as whole micro-credits and written so on the wire.
///
/// By default one credit stands for US$ 0.02. Displayed in credits with as many decimals as it takes, at least none
/// and at most six: `2`, `2.5`, `0.000750`→`0.00075`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Credits(i64);

impl Credits {
    /// Nothing.
    pub const ZERO: Credits = Credits(0);

    /// An amount given in micro-credits.
    pub const fn from_micro(micro: i64) -> Self {
        Credits(micro)
    }

    /// An amount given in whole credits; saturates at the ends of the range.
    pub const fn from_whole(credits: i64) -> Self {
        Credits(credits.saturating_mul(MICRO_PER_CREDIT))
    }

    /// The amount in micro-credits.
    pub const fn micro(self) -> i64 {
        self.0
    }

    /// The sum, or `None` where it does not fit.
    pub const fn checked_add(self, other: Credits) -> Option<Credits> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Credits(sum)),
            None => None,
        }
    }

    /// The difference, or `None` where it does not fit. May be negative.
    pub const fn checked_sub(self, other: Credits) -> Option<Credits> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Credits(difference)),
            None => None,
        }
    }

    /// The amount times a count, or `None` where it does not fit.
    pub const fn checked_mul(self, count: i64) -> Option<Credits> {
        match self.0.checked_mul(count) {
            Some(product) => Some(Credits(product)),
            None => None,
        }
    }

    /// The amount for people, rounded up to a thousandth of a credit once it is larger than one: a price must never
    /// look lower than it is. Use [`fmt::Display`] where every digit counts.
    pub fn rounded_up(self) -> Credits {
        let step = if self.0.abs() >= MICRO_PER_CREDIT { 10_000 } else { 100 };
        Credits(
            self.0
                .div_euclid(step)
                .saturating_add(i64::from(self.0.rem_euclid(step) != 0))
                .saturating_mul(step),
        )
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let whole = self.0.unsigned_abs() / MICRO_PER_CREDIT.unsigned_abs();
        let fraction = self.0.unsigned_abs() % MICRO_PER_CREDIT.unsigned_abs();
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let digits = format!("{fraction:06}");
        write!(f, "{sign}{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// The text is not an amount of credits with at most six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseCreditsError;

impl fmt::Display for ParseCreditsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an amount of credits: write digits, with at most six after the point")
    }
}

impl std::error::Error for ParseCreditsError {}

impl FromStr for Credits {
    type Err = ParseCreditsError;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || fraction.len() > 6 || !plain(whole) || !plain(fraction) {
            return Err(ParseCreditsError);
        }
        let whole: i64 = whole.parse().map_err(|_| ParseCreditsError)?;
        let fraction: i64 = format!("{fraction:0<6}").parse().map_err(|_| ParseCreditsError)?;
        let micro = whole.checked_mul(MICRO_PER_CREDIT).and_then(|micro| micro.checked_add(fraction));
        let micro = micro.ok_or(ParseCreditsError)?;
        Ok(Credits(if negative { -micro } else { micro }))
    }
}

impl Read for Credits {
    fn read(json: &Json) -> Option<Self> {
        i64::read(json).map(Credits)
    }
}

impl Write for Credits {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_amount_is_written_without_needless_zeros() {
        for (micro, text) in [
            (0, "0"),
            (2_000_000, "2"),
            (2_500_000, "2.5"),
            (750, "0.00075"),
            (-1_000_001, "-1.000001"),
            (i64::MAX, "9223372036854.775807"),
        ] {
            assert_eq!(Credits::from_micro(micro).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-", ".5", "1.0000001", "1e3", "+1", "1,5", " 1", "99999999999999"] {
            assert_eq!(text.parse::<Credits>(), Err(ParseCreditsError), "{text}");
        }
    }

    #[test]
    fn rounding_for_people_never_shows_less_than_the_price() {
        assert_eq!(Credits::from_micro(1_234_567).rounded_up().to_string(), "1.24");
        assert_eq!(Credits::from_micro(12_301).rounded_up().to_string(), "0.0124");
        assert_eq!(Credits::from_micro(2_000_000).rounded_up().to_string(), "2");
    }

    proptest! {
        #[test]
        fn every_amount_is_read_back_as_it_was_written(micro in (i64::MIN + 1)..i64::MAX) {
            prop_assert_eq!(Credits::from_micro(micro).to_string().parse::<Credits>().unwrap(), Credits::from_micro(micro));
        }

        #[test]
        fn rounding_up_is_never_below(micro in -1_000_000_000_000i64..1_000_000_000_000) {
            prop_assert!(Credits::from_micro(micro).rounded_up().micro() >= micro);
        }
    }
}
