#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;
use triptych_protocol::ErrorCode;

use super::*;
use crate::audit::audit;
use crate::error::Error;

/// A folder that goes when the test ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Folder {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("triptych-ledger-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    async fn ledger(&self) -> Ledger {
        let store = Store::open(&format!("sqlite:{}", self.0.join("ledger.db").display())).await.unwrap();
        let credits = CreditsConfig {
            low_at: None,
            top_up_url: Some("https://example.com/buy".to_owned()),
            currency: "credits".to_owned(),
        };
        Ledger::new(&store, &credits)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

const DEADLINE: i64 = 1_000_000;
const PRICE: Price = Price::Tokens { input: Credits::from_micro(1), output: Credits::from_micro(2) };

fn micro(amount: i64) -> Credits {
    Credits::from_micro(amount)
}

async fn account(ledger: &Ledger, granted: i64) -> AccountId {
    let mut tx = ledger.store.write().await.unwrap();
    let account = ledger.open_account(&mut tx, "acme", "ann").await.unwrap();
    if granted > 0 {
        ledger.grant(&mut tx, &account, micro(granted), "first", "test", "test").await.unwrap();
    }
    tx.commit().await.unwrap();
    account
}

async fn hold(
    ledger: &Ledger,
    account: &AccountId,
    amount: i64,
    kind: Modality,
) -> Result<ReservationId, Error> {
    let mut tx = ledger.store.write().await?;
    let hold = NewHold {
        account,
        amount: micro(amount),
        kind,
        model: "gpt-5.4",
        price_version: 1,
        price: &PRICE,
        deadline_ms: DEADLINE,
    };
    let id = ledger.hold(&mut tx, hold).await?;
    tx.commit().await?;
    Ok(id)
}

async fn settle(
    ledger: &Ledger,
    id: &ReservationId,
    charged: i64,
) -> Result<triptych_protocol::Receipt, Error> {
    let mut tx = ledger.store.write().await?;
    let usage = UsageRecord { prompt_tokens: Some(7), ..UsageRecord::default() };
    let receipt = ledger.settle(&mut tx, id, micro(charged), &usage).await?;
    tx.commit().await?;
    Ok(receipt)
}

async fn release(ledger: &Ledger, id: &ReservationId) -> Result<triptych_protocol::Receipt, Error> {
    let mut tx = ledger.store.write().await?;
    let receipt = ledger.release(&mut tx, id, "test").await?;
    tx.commit().await?;
    Ok(receipt)
}

async fn assert_sound(ledger: &Ledger) {
    let audit = audit(&ledger.store).await.unwrap();
    assert!(audit.ok, "{:?}", audit.problems);
}

#[tokio::test]
async fn of_twenty_holds_of_75_at_once_a_balance_of_500_covers_exactly_six() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 500).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let (ledger, account) = (ledger.clone(), account.clone());
            tokio::spawn(async move { hold(&ledger, &account, 75, Modality::Chat).await })
        })
        .collect();
    let mut covered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => covered += 1,
            Err(error) => assert_eq!(error.code(), ErrorCode::InsufficientCredits),
        }
    }
    assert_eq!(covered, 6);
    let balance = ledger.balance(&account).await.unwrap();
    assert_eq!((balance.available.micro(), balance.held.micro()), (50, 450));
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn a_refused_hold_says_what_it_needed_and_what_there_was() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 10).await;
    let body = hold(&ledger, &account, 11, Modality::Image).await.unwrap_err().body().error;
    assert_eq!(body.code.as_deref(), Some("insufficient_credits"));
    assert_eq!((body.needed, body.available), (Some(micro(11)), Some(micro(10))));
    assert_eq!(body.top_up_url.as_deref(), Some("https://example.com/buy"));
}

#[tokio::test]
async fn a_settled_call_cannot_be_released_nor_settled_otherwise() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 100).await;
    let id = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
    let first = settle(&ledger, &id, 25).await.unwrap();
    assert_eq!((first.held, first.charged, first.returned), (micro(60), micro(25), micro(35)));
    assert_eq!(settle(&ledger, &id, 25).await.unwrap(), first);
    assert_eq!(settle(&ledger, &id, 26).await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(release(&ledger, &id).await.unwrap_err().code(), ErrorCode::Conflict);
    assert_eq!(ledger.balance(&account).await.unwrap().available, micro(75));
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn a_call_that_cost_more_than_its_hold_is_charged_the_hold() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 100).await;
    let id = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
    assert_eq!(settle(&ledger, &id, 61).await.unwrap().charged, micro(60));
    assert_eq!(ledger.balance(&account).await.unwrap().available, micro(40));
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn a_restart_gives_back_what_chats_held_and_leaves_videos_to_their_jobs() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 100).await;
    hold(&ledger, &account, 30, Modality::Chat).await.unwrap();
    hold(&ledger, &account, 20, Modality::Video).await.unwrap();
    assert_eq!(ledger.release_interrupted().await.unwrap(), 0, "its own calls are still running");
    ledger.store.close().await;
    let ledger = folder.ledger().await;
    assert_eq!(ledger.release_interrupted().await.unwrap(), 1);
    let balance = ledger.balance(&account).await.unwrap();
    assert_eq!((balance.available, balance.held), (micro(80), micro(20)));
    assert_eq!(ledger.open_reservations(Modality::Video).await.unwrap().len(), 1);
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn a_hold_whose_outcome_was_lost_is_given_back_once_its_time_is_up() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 100).await;
    let chat = hold(&ledger, &account, 30, Modality::Chat).await.unwrap();
    hold(&ledger, &account, 20, Modality::Video).await.unwrap();
    assert_eq!(ledger.release_overdue(DEADLINE - 1).await.unwrap(), 0);
    assert_eq!(ledger.release_overdue(DEADLINE).await.unwrap(), 1);
    assert_eq!(ledger.balance(&account).await.unwrap().held, micro(20));
    assert!(settle(&ledger, &chat, 5).await.is_err(), "what comes later is the platform's loss");
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn an_operation_that_happens_once_does_so_whatever_it_would_be_now() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 0).await;
    for amount in [100, 50] {
        let mut tx = ledger.store.write().await.unwrap();
        ledger.grant_once(&mut tx, &account, micro(amount), "gift", "gateway", "gift").await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(ledger.balance(&account).await.unwrap().available, micro(100));
    assert_sound(&ledger).await;
}

#[tokio::test]
async fn the_ledger_refuses_to_be_rewritten() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    account(&ledger, 100).await;
    for statement in [
        "UPDATE ledger_entry SET amount = 1",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_tx SET actor = 'me'",
        "DELETE FROM ledger_tx",
        "UPDATE accounts SET available = -1",
    ] {
        let mut tx = ledger.store.write().await.unwrap();
        assert!(sqlx::query(statement).execute(&mut *tx).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn the_audit_finds_a_balance_that_its_entries_do_not_explain() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    account(&ledger, 100).await;
    let mut tx = ledger.store.write().await.unwrap();
    sqlx::query("UPDATE accounts SET available = 101, held = 5").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let audit = audit(&ledger.store).await.unwrap();
    assert!(!audit.ok);
    assert_eq!(audit.problems.len(), 3, "{:?}", audit.problems);
}

#[tokio::test]
async fn entries_are_listed_newest_first_in_pages() {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 100).await;
    let id = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
    settle(&ledger, &id, 25).await.unwrap();
    let page = ledger.entries(&account, 2, None).await.unwrap();
    let changes: Vec<_> =
        page.data.iter().map(|entry| (entry.available.micro(), entry.held.micro())).collect();
    assert_eq!(changes, [(35, -60), (-60, 60)]);
    assert_eq!(page.data[0].model.as_deref(), Some("gpt-5.4"));
    assert!(page.has_more);
    let rest = ledger.entries(&account, 2, Some(&page.data[1].id)).await.unwrap();
    assert_eq!((rest.data.len(), rest.has_more), (1, false));
    assert_eq!(
        ledger.entries(&account, 2, Some("tx_nobodys")).await.unwrap_err().code(),
        ErrorCode::NotFound
    );
}

/// What may be asked of a ledger, with repeats and in any order. Numbers pick an earlier hold.
#[derive(Clone, Debug)]
enum Step {
    Grant { key: u8, amount: i64 },
    Hold { amount: i64 },
    Settle { pick: usize, charged: i64 },
    Release { pick: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0u8..4, 1i64..300).prop_map(|(key, amount)| Step::Grant { key, amount }),
        (0i64..150).prop_map(|amount| Step::Hold { amount }),
        (0usize..6, 0i64..160).prop_map(|(pick, charged)| Step::Settle { pick, charged }),
        (0usize..6).prop_map(|pick| Step::Release { pick }),
    ];
    prop::collection::vec(step, 1..40)
}

/// What became of a hold in the model.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Open,
    Charged(i64),
    Released,
}

async fn run(steps: Vec<Step>) {
    let folder = Folder::new();
    let ledger = folder.ledger().await;
    let account = account(&ledger, 0).await;
    let (mut available, mut held) = (0i64, 0i64);
    let mut grants: HashMap<u8, i64> = HashMap::new();
    let mut holds: Vec<(ReservationId, i64, Fate)> = Vec::new();
    for step in steps {
        match step {
            Step::Grant { key, amount } => {
                let mut tx = ledger.store.write().await.unwrap();
                let result =
                    ledger.grant(&mut tx, &account, micro(amount), &format!("g{key}"), "t", "t").await;
                tx.commit().await.unwrap();
                match grants.get(&key) {
                    None => {
                        assert_eq!(result.unwrap(), Applied::New);
                        grants.insert(key, amount);
                        available += amount;
                    }
                    Some(before) if *before == amount => assert_eq!(result.unwrap(), Applied::Before),
                    Some(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
                }
            }
            Step::Hold { amount } => match hold(&ledger, &account, amount, Modality::Chat).await {
                Ok(id) => {
                    assert!(amount <= available);
                    available -= amount;
                    held += amount;
                    holds.push((id, amount, Fate::Open));
                }
                Err(error) => {
                    assert_eq!(error.code(), ErrorCode::InsufficientCredits);
                    assert!(amount > available);
                }
            },
            Step::Settle { pick, charged } => {
                let Some((id, amount, fate)) = holds.get_mut(pick) else { continue };
                let result = settle(&ledger, id, charged).await;
                let charged = charged.min(*amount);
                match *fate {
                    Fate::Open => {
                        assert_eq!(result.unwrap().charged, micro(charged));
                        held -= *amount;
                        available += *amount - charged;
                        *fate = Fate::Charged(charged);
                    }
                    Fate::Charged(before) if before == charged => {
                        assert_eq!(result.unwrap().charged, micro(charged))
                    }
                    _ => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
                }
            }
            Step::Release { pick } => {
                let Some((id, amount, fate)) = holds.get_mut(pick) else { continue };
                let result = release(&ledger, id).await;
                match *fate {
                    Fate::Open => {
                        assert_eq!(result.unwrap().returned, micro(*amount));
                        held -= *amount;
                        available += *amount;
                        *fate = Fate::Released;
                    }
                    Fate::Released => assert_eq!(result.unwrap().charged, Credits::ZERO),
                    Fate::Charged(_) => assert_eq!(result.unwrap_err().code(), ErrorCode::Conflict),
                }
            }
        }
        let balance = ledger.balance(&account).await.unwrap();
        assert_eq!((balance.available.micro(), balance.held.micro()), (available, held));
    }
    assert_sound(&ledger).await;
    ledger.store.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_operations_and_repeats_leaves_what_a_simple_model_says(steps in steps()) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run(steps));
    }
}
