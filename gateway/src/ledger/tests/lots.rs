use super::*;

const DAY: i64 = 24 * 60 * 60 * 1000;

async fn grant(ledger: &Ledger, account: &AccountId, amount: i64, key: &str, days: Option<i64>) {
    let expires_at = days.map(|days| ledger.now() + days * DAY);
    let mut tx = ledger.store.write().await.unwrap();
    ledger.grant(&mut tx, NewGrant { expires_at, ..gift(account, amount, key) }).await.unwrap();
    tx.commit().await.unwrap();
}

pub(super) fn pass(ledger: &Ledger, ms: i64) {
    ledger.ahead.fetch_add(ms, std::sync::atomic::Ordering::Relaxed);
}

async fn available(ledger: &Ledger, account: &AccountId) -> i64 {
    ledger.balance(account).await.unwrap().available.micro()
}

#[tokio::test]
async fn what_expires_first_is_spent_first_and_the_rest_of_it_goes_in_time() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        grant(&ledger, &account, 50, "late", Some(20)).await;
        grant(&ledger, &account, 50, "soon", Some(10)).await;
        let call = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
        settle(&ledger, &call, 30).await.unwrap();
        assert_eq!(available(&ledger, &account).await, 170);
        pass(&ledger, 11 * DAY);
        assert_eq!(available(&ledger, &account).await, 150, "20 of the grant that ended were left");
        pass(&ledger, 10 * DAY);
        assert_eq!(available(&ledger, &account).await, 100, "the other one was not touched");
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn an_expired_grant_cannot_be_spent_even_before_anybody_has_looked() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 10).await;
        grant(&ledger, &account, 50, "soon", Some(1)).await;
        pass(&ledger, 2 * DAY);
        let error = hold(&ledger, &account, 11, Modality::Chat).await.unwrap_err();
        assert_eq!(error.body().error.available, Some(micro(10)));
        hold(&ledger, &account, 10, Modality::Chat).await.unwrap();
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn what_a_call_holds_outlives_its_grant_and_goes_when_it_comes_back() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 0).await;
        grant(&ledger, &account, 50, "soon", Some(1)).await;
        let call = hold(&ledger, &account, 40, Modality::Chat).await.unwrap();
        pass(&ledger, 2 * DAY);
        assert_eq!(available(&ledger, &account).await, 0, "what was not held is gone");
        settle(&ledger, &call, 15).await.unwrap();
        let balance = ledger.balance(&account).await.unwrap();
        assert_eq!((balance.available, balance.held), (micro(0), micro(0)));
        assert_sound(&ledger).await;
        let page = ledger.entries(&account, 10, None).await.unwrap();
        let kinds: Vec<_> = page.data.iter().map(|entry| entry.kind).collect();
        use triptych_protocol::EntryKind::{Expire, Grant, Hold, Settle};
        assert_eq!(kinds, [Expire, Settle, Expire, Hold, Grant]);
    }
}

#[tokio::test]
async fn a_monthly_bundle_comes_again_and_does_not_add_up() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 7).await;
        let start =
            || NewBundle { id: "b1", account: &account, amount: micro(1000), starts_at: ledger.now() };
        let first = start();
        for expected in [Applied::New, Applied::Before] {
            let mut tx = ledger.store.write().await.unwrap();
            let again = NewBundle { starts_at: first.starts_at, ..start() };
            assert_eq!(ledger.start_bundle(&mut tx, again).await.unwrap(), expected);
            tx.commit().await.unwrap();
        }
        assert_eq!(available(&ledger, &account).await, 1007);
        let call = hold(&ledger, &account, 300, Modality::Chat).await.unwrap();
        settle(&ledger, &call, 300).await.unwrap();
        pass(&ledger, 32 * DAY);
        assert_eq!(available(&ledger, &account).await, 1007, "a new month, and nothing of the old one");
        pass(&ledger, 200 * DAY);
        assert_eq!(available(&ledger, &account).await, 1007, "months that nobody saw do not pile up");
        let mut tx = ledger.store.write().await.unwrap();
        ledger.end_bundle(&mut tx, "b1").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            available(&ledger, &account).await,
            1007,
            "what was paid for stays until the month is over"
        );
        pass(&ledger, 32 * DAY);
        assert_eq!(available(&ledger, &account).await, 7);
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn a_refund_gives_back_no_more_than_was_charged_and_each_one_once() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        let call = hold(&ledger, &account, 60, Modality::Video).await.unwrap();
        let refund = async |number: u32, amount: i64| {
            let mut tx = ledger.store.write().await?;
            let applied = ledger.refund(&mut tx, &call, number, micro(amount), "admin", "sorry").await?;
            tx.commit().await?;
            Ok::<_, Error>(applied)
        };
        assert_eq!(refund(1, 5).await.unwrap_err().code(), ErrorCode::Conflict, "nothing was charged yet");
        settle(&ledger, &call, 60).await.unwrap();
        assert_eq!(refund(1, 20).await.unwrap(), Applied::New);
        assert_eq!(refund(1, 20).await.unwrap(), Applied::Before);
        assert_eq!(refund(1, 21).await.unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(refund(3, 10).await.unwrap_err().code(), ErrorCode::Conflict, "out of turn");
        assert_eq!(refund(2, 41).await.unwrap_err().code(), ErrorCode::Conflict, "more than is left");
        assert_eq!(refund(2, 40).await.unwrap(), Applied::New);
        assert_eq!(available(&ledger, &account).await, 100);
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn a_hold_grows_while_its_call_runs_and_not_after() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        let call = hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
        let extend = async |number: u32, amount: i64| {
            let mut tx = ledger.store.write().await?;
            let applied = ledger.extend(&mut tx, &call, number, micro(amount)).await?;
            tx.commit().await?;
            Ok::<_, Error>(applied)
        };
        assert_eq!(extend(1, 30).await.unwrap(), Applied::New);
        assert_eq!(extend(1, 30).await.unwrap(), Applied::Before);
        assert_eq!(extend(2, 11).await.unwrap_err().code(), ErrorCode::InsufficientCredits);
        assert_eq!(settle(&ledger, &call, 90).await.unwrap().held, micro(90));
        assert_eq!(extend(2, 1).await.unwrap_err().code(), ErrorCode::Conflict);
        assert_eq!(available(&ledger, &account).await, 10);
        assert_sound(&ledger).await;
    }
}

#[tokio::test]
async fn an_adjustment_takes_only_what_can_be_spent() {
    for (_place, ledger) in ledgers().await {
        let account = account(&ledger, 100).await;
        hold(&ledger, &account, 60, Modality::Chat).await.unwrap();
        let adjust = async |key: &str, amount: i64| {
            let mut tx = ledger.store.write().await?;
            let applied = ledger.adjust(&mut tx, &account, micro(amount), key, "admin", "test").await?;
            tx.commit().await?;
            Ok::<_, Error>(applied)
        };
        assert_eq!(adjust("a", -41).await.unwrap_err().code(), ErrorCode::InsufficientCredits);
        assert_eq!(adjust("a", -40).await.unwrap(), Applied::New);
        assert_eq!(adjust("a", -40).await.unwrap(), Applied::Before);
        assert_eq!(adjust("b", 5).await.unwrap(), Applied::New);
        assert_eq!(available(&ledger, &account).await, 5);
        assert_sound(&ledger).await;
    }
}
