#![allow(clippy::unwrap_used)]

use super::*;

fn streams(change: impl FnOnce(&mut StreamsConfig)) -> Streams {
    let mut config = StreamsConfig::default();
    change(&mut config);
    Streams::new(&config).unwrap()
}

fn left(streams: &Streams) -> Vec<String> {
    let mut left: Vec<String> = streams.table().logs.keys().cloned().collect();
    left.sort();
    left
}

#[test]
fn a_call_that_came_to_nothing_leaves_no_stream_behind() {
    let (streams, account) = (streams(|_| {}), AccountId("a".into()));
    drop(streams.open_here(&account, 8).unwrap());
    let spoken = streams.open_here(&account, 8).unwrap();
    spoken.push(&["1"]);
    let id = spoken.id.clone();
    drop(spoken);
    let running = streams.open_here(&account, 8).unwrap();
    streams.forget_old();
    assert_eq!(left(&streams), [id, running.id.clone()]);
    assert_eq!(streams.open_count(), 1);
}

#[test]
fn what_has_ended_is_forgotten_after_its_time() {
    let (streams, account) = (streams(|config| config.keep = Duration::ZERO), AccountId("a".into()));
    streams.open_here(&account, 8).unwrap().push(&["1"]);
    streams.forget_old();
    assert!(left(&streams).is_empty());
}

#[test]
fn streams_are_limited_by_user_and_in_all() {
    let streams = streams(|config| config.most = 3);
    let (a, b) = (AccountId("a".into()), AccountId("b".into()));
    let code = |account| streams.open_here(account, 2).map_err(|error| error.code()).err();
    let first = streams.open_here(&a, 2).unwrap();
    let _second = streams.open_here(&a, 2).unwrap();
    assert_eq!(code(&a), Some(ErrorCode::RateLimited));
    let third = streams.open_here(&b, 2).unwrap();
    assert_eq!(code(&b), Some(ErrorCode::Unavailable));
    drop(first);
    assert_eq!(code(&a), None);
    drop(third);
    assert_eq!(streams.open_count(), 1);
    assert_eq!(streams.table().open.len(), 1);
}

#[test]
fn answers_that_have_ended_make_room_for_others() {
    let streams = streams(|config| config.bytes_in_all = 100_000);
    let account = AccountId("a".into());
    let text = "x".repeat(60_000);
    for _ in 0..3 {
        streams.open_here(&account, 8).unwrap().push(&[&text]);
    }
    assert_eq!(left(&streams).len(), 1);
}
