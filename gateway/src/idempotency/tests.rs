#![allow(clippy::unwrap_used)]

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::IntoResponse;

use super::*;
use crate::ledger::ReservationId;
use crate::store::testing::places;

async fn call(store: &Store, tx: &mut Tx, scope: &str, body: &str) -> Result<Begin, Error> {
    begin(
        tx,
        store,
        Key {
            scope,
            route: "/v1/x",
            name: KeyName::Chosen("k".to_owned()),
            body_hash: body_hash(body.as_bytes()),
        },
    )
    .await
}

async fn fresh(store: &Store, body: &str) -> Guard {
    let mut tx = store.write().await.unwrap();
    let Begin::Fresh(guard) = call(store, &mut tx, "ann", body).await.unwrap() else {
        unreachable!("a replay")
    };
    tx.commit().await.unwrap();
    guard
}

async fn refusal(store: &Store, body: &str) -> Error {
    let mut tx = store.write().await.unwrap();
    call(store, &mut tx, "ann", body).await.err().unwrap()
}

#[tokio::test]
async fn a_finished_call_is_answered_again_with_the_same_bytes() {
    for place in places().await {
        let store = place.open().await;
        let guard = fresh(&store, "one").await;
        let mut tx = store.write().await.unwrap();
        guard.finish(&mut tx, 201, &[("content-type", "application/json")], b"{\"a\":1}").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.write().await.unwrap();
        let Begin::Replay(replay) = call(&store, &mut tx, "ann", "one").await.unwrap() else {
            unreachable!("fresh")
        };
        let response = replay.into_response();
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()["idempotent-replayed"], "true");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(axum::body::to_bytes(response.into_body(), 100).await.unwrap(), "{\"a\":1}");
        drop(tx);
        assert_eq!(refusal(&store, "two").await.code(), ErrorCode::IdempotencyMismatch);
    }
}

#[tokio::test]
async fn a_repeat_of_a_running_call_is_asked_to_wait() {
    for place in places().await {
        let store = place.open().await;
        let guard = fresh(&store, "one").await;
        let mut tx = store.write().await.unwrap();
        guard.attach(&mut tx, &ReservationId("resv_none".to_owned()), Some("stream str_1")).await.unwrap();
        tx.commit().await.unwrap();
        let error = refusal(&store, "one").await;
        assert_eq!(error.code(), ErrorCode::InFlight);
        assert!(error.to_string().contains("str_1"), "{error}");
        let mut tx = store.write().await.unwrap();
        guard.close(&mut tx, "stream str_1").await.unwrap();
        tx.commit().await.unwrap();
        let error = refusal(&store, "one").await;
        assert_eq!(error.code(), ErrorCode::AlreadyCharged);
        assert!(error.to_string().contains("str_1"), "{error}");
    }
}

#[tokio::test]
async fn a_key_is_free_again_after_a_call_without_effect_and_for_everybody_else() {
    for place in places().await {
        let store = place.open().await;
        let guard = fresh(&store, "one").await;
        let mut tx = store.write().await.unwrap();
        assert!(matches!(call(&store, &mut tx, "bob", "other").await.unwrap(), Begin::Fresh(_)));
        guard.abandon(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        fresh(&store, "two").await;
    }
}

#[tokio::test]
async fn a_call_that_is_rolled_back_leaves_its_key_free() {
    for place in places().await {
        let store = place.open().await;
        let mut tx = store.write().await.unwrap();
        assert!(matches!(call(&store, &mut tx, "ann", "one").await.unwrap(), Begin::Fresh(_)));
        drop(tx);
        fresh(&store, "two").await;
    }
}

#[tokio::test]
async fn a_call_that_a_restart_cut_off_does_not_block_its_key_in_silence() {
    for place in places().await {
        let store = place.open().await;
        fresh(&store, "one").await;
        store.close().await;
        let store = place.open().await;
        let error = refusal(&store, "one").await;
        assert_eq!(error.code(), ErrorCode::Conflict);
        assert!(error.to_string().contains("unknown"), "{error}");
    }
}

#[test]
fn a_key_must_be_plain_and_short() {
    let with = |value: &[u8]| {
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", HeaderValue::from_bytes(value).unwrap());
        key_of(&headers)
    };
    assert_eq!(with(b"abc").unwrap(), Some(KeyName::Chosen("abc".to_owned())));
    assert_eq!(key_of(&HeaderMap::new()).unwrap(), None);
    for wrong in [&b""[..], "ü".as_bytes(), &[b'a'; 256]] {
        assert!(with(wrong).is_err());
    }
}
