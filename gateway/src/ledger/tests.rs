#![allow(clippy::unwrap_used)]

mod lots;
mod model;

use triptych_protocol::ErrorCode;

use super::*;
use crate::audit::audit;
use crate::error::Error;
use crate::store::testing::{Place, places};

/// A ledger on each kind of database.
async fn ledgers() -> Vec<(Place, Ledger)> {
    let mut ledgers = Vec::new();
    for place in places().await {
        let ledger = open(&place).await;
        ledgers.push((place, ledger));
    }
    ledgers
}

async fn open(place: &Place) -> Ledger {
    let credits = CreditsConfig {
        low_at: None,
        top_up_url: Some("https://example.com/buy".to_owned()),
        currency: "credits".to_owned(),
    };
    Ledger::new(&place.open().await, &credits)
}

const DEADLINE: i64 = 1_000_000;
const PRICE: Price = Price::tokens(Credits::from_micro(1), Credits::from_micro(2));

fn micro(amount: i64) -> Credits {
    Credits::from_micro(amount)
}

fn gift<'a>(account: &'a AccountId, amount: i64, op_key: &'a str) -> NewGrant<'a> {
    NewGrant { account, amount: micro(amount), expires_at: None, op_key, actor: "test", reason: "test" }
}

async fn account(ledger: &Ledger, granted: i64) -> AccountId {
    let mut tx = ledger.store.write().await.unwrap();
    let account = ledger.open_account(&mut tx, "acme", "ann").await.unwrap();
    if granted > 0 {
        ledger.grant(&mut tx, gift(&account, granted, "first")).await.unwrap();
    }
    tx.commit().await.unwrap();
    account
}

/// Holds in one of the three ways that there are, which must come to the same.
async fn hold(
    ledger: &Ledger,
    account: &AccountId,
    amount: i64,
    kind: Modality,
) -> Result<ReservationId, Error> {
    let hold = NewHold {
        account,
        amount: micro(amount),
        kind,
        model: "gpt-5.4",
        price_version: 1,
        price: &PRICE,
        deadline_ms: DEADLINE,
    };
    let (tx, id) = match amount % 3 {
        0 => return ledger.hold_alone(hold).await,
        1 => ledger.hold_first(hold).await?,
        _ => {
            let mut tx = ledger.store.write().await?;
            let id = ledger.hold(&mut tx, hold).await?;
            (tx, id)
        }
    };
    tx.commit().await?;
    Ok(id)
}

/// Ends a hold in one of the three ways that there are.
async fn conclude(
    ledger: &Ledger,
    id: &ReservationId,
    outcome: Outcome<'_>,
    way: i64,
) -> Result<triptych_protocol::Receipt, Error> {
    let (tx, receipt) = match way % 3 {
        0 => return Ok(ledger.conclude_alone(id, outcome).await?.receipt),
        1 => {
            let (tx, ended) = ledger.conclude_first(id, outcome).await?;
            (tx, ended.receipt)
        }
        _ => {
            let mut tx = ledger.store.write().await?;
            let receipt = match outcome {
                Outcome::Charge(charged, usage) => ledger.settle(&mut tx, id, charged, usage).await?,
                Outcome::GiveBack(reason) => ledger.release(&mut tx, id, reason).await?,
            };
            (tx, receipt)
        }
    };
    tx.commit().await?;
    Ok(receipt)
}

async fn settle(
    ledger: &Ledger,
    id: &ReservationId,
    charged: i64,
) -> Result<triptych_protocol::Receipt, Error> {
    let usage = UsageRecord { prompt_tokens: Some(7), ..UsageRecord::default() };
    conclude(ledger, id, Outcome::Charge(micro(charged), &usage), charged).await
}

async fn release(ledger: &Ledger, id: &ReservationId) -> Result<triptych_protocol::Receipt, Error> {
    let way = id.0.bytes().map(i64::from).sum();
    conclude(ledger, id, Outcome::GiveBack("test"), way).await
}

async fn assert_sound(ledger: &Ledger) {
    let audit = audit(&ledger.store).await.unwrap();
    assert!(audit.ok, "{:?}", audit.problems);
}

#[tokio::test]
async fn of_twenty_holds_of_75_at_once_a_balance_of_500_covers_exactly_six() {
    for (_place, ledger) in ledgers().await {
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
}

#[tokio::test]
async fn the_end_of_a_call_says_what_the_account_has_then() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        let first = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
        let second = hold(&ledger, &account, 30, Modality::Chat).await.unwrap();
        let usage = UsageRecord::default();
        for (id, charged, left) in [(&first, 25, (45, 30)), (&second, 30, (45, 0)), (&first, 25, (45, 0))] {
            let ended = ledger.conclude_alone(id, Outcome::Charge(micro(charged), &usage)).await.unwrap();
            assert_eq!((ended.balance.available.micro(), ended.balance.held.micro()), left);
        }
    }
}

#[tokio::test]
async fn a_refused_hold_says_what_it_needed_and_what_there_was() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 10).await;
        let body = hold(&ledger, &account, 11, Modality::Image).await.unwrap_err().body().error;
        assert_eq!(body.code.as_deref(), Some("insufficient_credits"));
        assert_eq!((body.needed, body.available), (Some(micro(11)), Some(micro(10))));
        assert_eq!(body.top_up_url.as_deref(), Some("https://example.com/buy"));
    }
}

#[tokio::test]
async fn a_settled_call_cannot_be_released_nor_settled_otherwise() {
    for (_place, ledger) in ledgers().await {
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
}

#[tokio::test]
async fn a_call_that_cost_more_than_its_hold_is_charged_the_hold() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        let id = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
        assert_eq!(settle(&ledger, &id, 61).await.unwrap().charged, micro(60));
        assert_eq!(ledger.balance(&account).await.unwrap().available, micro(40));
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn a_restart_gives_back_what_chats_held_and_leaves_videos_to_their_jobs() {
    for (place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        hold(&ledger, &account, 30, Modality::Chat).await.unwrap();
        hold(&ledger, &account, 20, Modality::Video).await.unwrap();
        assert_eq!(ledger.release_interrupted().await.unwrap(), 0, "its own calls are still running");
        ledger.store.close().await;
        let ledger = open(&place).await;
        assert_eq!(ledger.release_interrupted().await.unwrap(), 1);
        let balance = ledger.balance(&account).await.unwrap();
        assert_eq!((balance.available, balance.held), (micro(80), micro(20)));
        assert_eq!(ledger.open_reservations(Modality::Video).await.unwrap().len(), 1);
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn a_hold_whose_outcome_was_lost_is_given_back_once_its_time_is_up() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        let chat = hold(&ledger, &account, 30, Modality::Chat).await.unwrap();
        hold(&ledger, &account, 20, Modality::Video).await.unwrap();
        assert_eq!(ledger.release_overdue(DEADLINE - 1).await.unwrap(), 0);
        assert_eq!(ledger.release_overdue(DEADLINE).await.unwrap(), 1);
        assert_eq!(ledger.balance(&account).await.unwrap().held, micro(20));
        assert!(settle(&ledger, &chat, 5).await.is_err(), "what comes later is the platform's loss");
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn an_operation_that_happens_once_does_so_whatever_it_would_be_now() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 0).await;
        for amount in [100, 50] {
            let mut tx = ledger.store.write().await.unwrap();
            ledger.grant_once(&mut tx, gift(&account, amount, "gift")).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(ledger.balance(&account).await.unwrap().available, micro(100));
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn the_ledger_refuses_to_be_rewritten() {
    for (_place, ledger) in ledgers().await {
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
}

#[tokio::test]
async fn the_audit_finds_a_balance_that_its_entries_do_not_explain() {
    for (_place, ledger) in ledgers().await {
        account(&ledger, 100).await;
        let mut tx = ledger.store.write().await.unwrap();
        sqlx::query("UPDATE accounts SET available = 101, held = 5").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let audit = audit(&ledger.store).await.unwrap();
        assert!(!audit.ok);
        assert_eq!(audit.problems.len(), 4, "{:?}", audit.problems);
    }
}

#[tokio::test]
async fn entries_are_listed_newest_first_in_pages() {
    for (_place, ledger) in ledgers().await {
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
}
