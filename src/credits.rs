//! What the widget knows of the user's money. The display is a courtesy; the gateway's ledger is the law.

use triptych_protocol::{Balance, Bound, Credits, Estimate};

use crate::error::Failure;
use crate::locale::{Text, Words};

/// The balance as the server last told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wallet {
    balance: Option<Balance>,
    /// The server knows of no credits.
    free: bool,
}

/// Whether the balance covers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cover {
    /// The server has not told the balance or the price: let it decide.
    Unknown,
    /// It does.
    Covered,
    /// It does not.
    Short {
        /// What the call would hold.
        needed: Credits,
        /// What is free.
        available: Credits,
    },
}

impl Wallet {
    /// The balance, once it is known.
    pub fn balance(&self) -> Option<&Balance> {
        self.balance.as_ref()
    }

    /// The server knows of no credits, so none are shown.
    pub fn free(&mut self) {
        self.free = true;
    }

    /// True where the server knows of no credits.
    pub fn is_free(&self) -> bool {
        self.free
    }

    /// Takes the server's word. Says whether anything changed.
    pub fn set(&mut self, balance: Balance) -> bool {
        let changed = self.balance.as_ref() != Some(&balance);
        self.balance = Some(balance);
        changed
    }

    /// Takes the server's word out of a refusal: it knows better what is free. Says whether anything changed.
    pub fn correct(&mut self, failure: &Failure) -> bool {
        let (Some((_, available)), Some(balance)) = (failure.shortfall, self.balance.as_mut()) else {
            return false;
        };
        let changed = balance.available != available;
        balance.available = available;
        if failure.top_up_url.is_some() {
            balance.top_up_url.clone_from(&failure.top_up_url);
        }
        changed
    }

    /// Whether the balance covers an estimate.
    pub fn covers(&self, estimate: Option<Estimate>) -> Cover {
        match (&self.balance, estimate) {
            (Some(balance), Some(estimate)) if estimate.amount > balance.available => {
                Cover::Short { needed: estimate.amount, available: balance.available }
            }
            (Some(_), Some(_)) => Cover::Covered,
            _ => Cover::Unknown,
        }
    }

    /// True where the balance is at or below what the gateway calls low.
    pub fn is_low(&self) -> bool {
        self.balance
            .as_ref()
            .is_some_and(|balance| balance.low_at.is_some_and(|low| balance.available <= low))
    }
}

/// A price as the button shows it: never lower than it is.
pub fn price_text(words: Words, estimate: Estimate) -> String {
    let text = match estimate.bound {
        Bound::Exact => Text::PriceExact,
        Bound::AtMost => Text::PriceAtMost,
    };
    words.plural(text, &estimate.amount.rounded_up().to_string())
}

/// A balance as it is shown: cut to hundredths, so that it never looks higher than it is.
pub fn balance_text(words: Words, amount: Credits) -> String {
    grouped(words, Credits::from_micro(amount.micro().div_euclid(10_000).saturating_mul(10_000)))
}

/// An amount with every digit, thousands apart.
pub fn grouped(words: Words, amount: Credits) -> String {
    words.number(&amount.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FailureKind;

    fn estimate(micro: i64, bound: Bound) -> Estimate {
        Estimate::new(Credits::from_micro(micro), bound, 1)
    }

    fn wallet(whole: i64) -> Wallet {
        let mut wallet = Wallet::default();
        wallet.set(Balance { available: Credits::from_whole(whole), ..Balance::default() });
        wallet
    }

    #[test]
    fn amounts_are_shown_so_that_nobody_is_surprised() {
        assert_eq!(balance_text(Words::english(), Credits::from_micro(1_234_567_899_999)), "1,234,567.89");
        assert_eq!(balance_text(Words::english(), Credits::from_whole(-1_000)), "-1,000");
        assert_eq!(price_text(Words::english(), estimate(1_534_001, Bound::AtMost)), "up to 1.54 credits");
        assert_eq!(price_text(Words::english(), estimate(1_000_000, Bound::Exact)), "1 credit");
    }

    #[test]
    fn a_call_is_covered_up_to_the_last_credit_and_not_beyond() {
        let wallet = wallet(2);
        assert_eq!(wallet.covers(Some(estimate(2_000_000, Bound::Exact))), Cover::Covered);
        let short =
            Cover::Short { needed: Credits::from_micro(2_000_001), available: Credits::from_whole(2) };
        assert_eq!(wallet.covers(Some(estimate(2_000_001, Bound::Exact))), short);
        assert_eq!(Wallet::default().covers(Some(estimate(1, Bound::Exact))), Cover::Unknown);
    }

    #[test]
    fn the_servers_refusal_corrects_what_the_widget_believed() {
        let mut wallet = wallet(50);
        let mut failure = Failure::new(FailureKind::Credits, "short");
        failure.shortfall = Some((Credits::from_whole(40), Credits::from_whole(12)));
        assert!(wallet.correct(&failure));
        assert!(matches!(wallet.covers(Some(estimate(13_000_000, Bound::Exact))), Cover::Short { .. }));
    }
}
