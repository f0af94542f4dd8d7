//! Random operations, repeated and out of order, against a model that knows nothing of tables.

use std::collections::HashMap;

use proptest::prelude::*;

use super::lots::pass;
use super::*;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// What may be asked of a ledger, with repeats and in any order. Numbers pick an earlier hold.
#[derive(Clone, Debug)]
enum Step {
    Grant { key: u8, amount: i64, days: Option<i64> },
    Adjust { key: u8, amount: i64 },
    Hold { amount: i64 },
    Extend { pick: usize, number: u32, amount: i64 },
    Settle { pick: usize, charged: i64 },
    Release { pick: usize },
    Refund { pick: usize, number: u32, amount: i64 },
    Pass { days: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0u8..4, 1i64..300, prop::option::of(1i64..30))
            .prop_map(|(key, amount, days)| Step::Grant { key, amount, days }),
        1 => (0u8..3, -60i64..60).prop_map(|(key, amount)| Step::Adjust { key, amount }),
        4 => (0i64..150).prop_map(|amount| Step::Hold { amount }),
        1 => (0usize..6, 1u32..3, 1i64..60)
            .prop_map(|(pick, number, amount)| Step::Extend { pick, number, amount }),
        4 => (0usize..6, 0i64..160).prop_map(|(pick, charged)| Step::Settle { pick, charged }),
        3 => (0usize..6).prop_map(|pick| Step::Release { pick }),
        1 => (0usize..6, 1u32..3, 1i64..90)
            .prop_map(|(pick, number, amount)| Step::Refund { pick, number, amount }),
        2 => (1i64..12).prop_map(|days| Step::Pass { days }),
    ];
    prop::collection::vec(step, 1..50)
}

/// What became of a hold in the model.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Open,
    Charged(i64),
    Released,
}

struct Call {
    id: ReservationId,
    amount: i64,
    fate: Fate,
    extended: Vec<i64>,
    refunded: Vec<i64>,
}

/// The simplest thing that could be right: every charge comes out of a lot at once, everything expires at once.
#[derive(Default)]
struct Model {
    day: i64,
    /// Rest and last day, in the order of arrival.
    lots: Vec<(i64, Option<i64>)>,
    held: i64,
    calls: Vec<Call>,
    grants: HashMap<String, (i64, Option<i64>)>,
    adjusted: HashMap<u8, i64>,
}

impl Model {
    fn available(&self) -> i64 {
        self.lots.iter().map(|(rest, _)| rest).sum::<i64>() - self.held
    }

    fn spend(&mut self, mut amount: i64) {
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|index| (self.lots[*index].1.unwrap_or(i64::MAX), *index));
        for index in order {
            let taken = amount.min(self.lots[index].0);
            self.lots[index].0 -= taken;
            amount -= taken;
        }
        assert_eq!(amount, 0);
    }

    fn expire(&mut self) {
        let mut spared = self.held;
        let mut order: Vec<usize> = (0..self.lots.len()).collect();
        order.sort_by_key(|index| (self.lots[*index].1.unwrap_or(i64::MAX), *index));
        for index in order {
            let (rest, last) = self.lots[index];
            if last.is_some_and(|last| last <= self.day) {
                let kept = spared.min(rest);
                spared -= kept;
                self.lots[index].0 = kept;
            }
        }
    }
}

async fn take(ledger: &Ledger, account: &AccountId, model: &mut Model, step: Step, start: i64) {
    let mut tx = ledger.store.write().await.unwrap();
    match step {
        Step::Grant { key, amount, days } => {
            let expires_at = days.map(|days| start + (model.day + days) * DAY);
            let name = format!("g{key}");
            let grant = NewGrant { expires_at, ..gift(account, amount, &name) };
            let result = ledger.grant(&mut tx, grant).await;
            match model.grants.get(&name) {
                None => {
                    assert_eq!(result.unwrap(), Applied::New);
                    model.grants.insert(name, (amount, expires_at));
                    model.lots.push((amount, days.map(|days| model.day + days)));
                }
                Some(before) if *before == (amount, expires_at) => {
                    assert_eq!(result.unwrap(), Applied::Before)
                }
                Some(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
            }
        }
        Step::Adjust { key, amount } => {
            let result = ledger.adjust(&mut tx, account, micro(amount), &format!("a{key}"), "t", "t").await;
            match model.adjusted.get(&key) {
                _ if amount == 0 => assert_eq!(result.unwrap_err().code(), ErrorCode::InvalidRequest),
                Some(before) if *before == amount => assert_eq!(result.unwrap(), Applied::Before),
                Some(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
                None if -amount > model.available() => {
                    assert_eq!(result.unwrap_err().code(), ErrorCode::InsufficientCredits);
                    return;
                }
                None => {
                    assert_eq!(result.unwrap(), Applied::New);
                    model.adjusted.insert(key, amount);
                    if amount > 0 {
                        model.lots.push((amount, None));
                    } else {
                        model.spend(-amount);
                    }
                }
            }
        }
        Step::Hold { amount } => {
            drop(tx);
            match hold(ledger, account, amount, Modality::Chat).await {
                Ok(id) => {
                    assert!(amount <= model.available());
                    model.held += amount;
                    let (extended, refunded) = (Vec::new(), Vec::new());
                    model.calls.push(Call { id, amount, fate: Fate::Open, extended, refunded });
                }
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::InsufficientCredits);
                    assert!(amount > model.available());
                }
            }
            return;
        }
        Step::Extend { pick, number, amount } => {
            let free = model.available();
            let Some(call) = model.calls.get_mut(pick) else { return };
            let result = ledger.extend(&mut tx, &call.id, number, micro(amount)).await;
            let done = call.extended.get(number as usize - 1).copied();
            match done {
                Some(before) if before == amount => assert_eq!(result.unwrap(), Applied::Before),
                Some(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
                None if call.fate != Fate::Open || call.extended.len() + 1 != number as usize => {
                    assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict);
                }
                None if amount > free => {
                    assert_eq!(result.unwrap_err().code(), ErrorCode::InsufficientCredits);
                    return;
                }
                None => {
                    assert_eq!(result.unwrap(), Applied::New);
                    call.extended.push(amount);
                    call.amount += amount;
                    model.held += amount;
                }
            }
        }
        Step::Settle { pick, charged } => {
            drop(tx);
            let Some(call) = model.calls.get_mut(pick) else { return };
            let result = settle(ledger, &call.id, charged).await;
            let charged = charged.min(call.amount);
            match call.fate {
                Fate::Open => {
                    assert_eq!(result.unwrap().charged, micro(charged));
                    call.fate = Fate::Charged(charged);
                    model.held -= call.amount;
                    model.spend(charged);
                    model.expire();
                }
                Fate::Charged(before) if before == charged => {
                    assert_eq!(result.unwrap().charged, micro(charged));
                }
                _ => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
            }
            return;
        }
        Step::Release { pick } => {
            drop(tx);
            let Some(call) = model.calls.get_mut(pick) else { return };
            let result = release(ledger, &call.id).await;
            match call.fate {
                Fate::Open => {
                    assert_eq!(result.unwrap().returned, micro(call.amount));
                    call.fate = Fate::Released;
                    model.held -= call.amount;
                    model.expire();
                }
                Fate::Released => assert_eq!(result.unwrap().charged, Credits::ZERO),
                Fate::Charged(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
            }
            return;
        }
        Step::Refund { pick, number, amount } => {
            let Some(call) = model.calls.get_mut(pick) else { return };
            let result = ledger.refund(&mut tx, &call.id, number, micro(amount), "t", "t").await;
            let done = call.refunded.get(number as usize - 1).copied();
            let left = match call.fate {
                Fate::Charged(charged) => charged - call.refunded.iter().sum::<i64>(),
                _ => -1,
            };
            match done {
                Some(before) if before == amount => assert_eq!(result.unwrap(), Applied::Before),
                None if amount <= left && call.refunded.len() + 1 == number as usize => {
                    assert_eq!(result.unwrap(), Applied::New);
                    call.refunded.push(amount);
                    model.lots.push((amount, None));
                }
                _ => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
            }
        }
        Step::Pass { days } => {
            pass(ledger, days * DAY);
            model.day += days;
            model.expire();
            return;
        }
    }
    tx.commit().await.unwrap();
}

async fn run(steps: Vec<Step>) {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 0).await;
        let start = ledger.now();
        let mut model = Model::default();
        for step in steps.clone() {
            let look =
                matches!(step, Step::Pass { days } if days % 2 == 0) || !matches!(step, Step::Pass { .. });
            take(&ledger, &account, &mut model, step, start).await;
            if look {
                // Not after every step: what has expired must also be found by the next operation itself.
                let balance = ledger.balance(&account).await.unwrap();
                assert_eq!(
                    (balance.available.micro(), balance.held.micro()),
                    (model.available(), model.held)
                );
            }
        }
        assert_sound(&ledger).await;
        ledger.store.close().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_operations_and_repeats_leaves_what_a_simple_model_says(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps));
    }
}
