#![allow(clippy::unwrap_used)]

use axum::body::Body;

use super::super::reading::body;
use super::*;

fn bounds(each: usize, all: usize) -> Arc<Bounds> {
    Arc::new(Bounds::new(each, all))
}

fn log_with(bounds: &Arc<Bounds>) -> Arc<StreamLog> {
    Arc::new(StreamLog::new("stream_1".into(), AccountId("a".into()), "e".into(), bounds.clone()))
}

fn log() -> Arc<StreamLog> {
    log_with(&bounds(1 << 20, 1 << 30))
}

async fn text(body: Body) -> String {
    String::from_utf8(axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_reader_gets_what_was_and_what_comes() {
    let log = log();
    log.push(&["1"]);
    let body = body(&log, log.start());
    log.push(&["2", "3"]);
    log.end();
    assert_eq!(text(body).await, "id: e.1\ndata: 1\n\nid: e.2\ndata: 23\n\n");
}

#[tokio::test]
async fn a_reader_that_comes_back_goes_on_where_it_was() {
    let log = log();
    log.push(&["1"]);
    log.push(&["2"]);
    log.end();
    let place = log.place("e.1").unwrap();
    assert_eq!(text(body(&log, place)).await, "id: e.2\ndata: 2\n\n");
    assert_eq!(text(body(&log, log.place("e.2").unwrap())).await, "");
    for foreign in ["e.3", "other.1", "nonsense", "e.", "e.-1", ""] {
        assert_eq!(log.place(foreign), Err(NoPlace::Foreign), "{foreign}");
    }
}

#[tokio::test]
async fn a_reader_that_falls_behind_is_told_and_can_read_what_is_kept() {
    let log = log_with(&bounds(40, 1 << 30));
    let slow = body(&log, log.start());
    for number in 1..=9 {
        log.push(&[&number.to_string()]);
    }
    log.end();
    let slow = text(slow).await;
    assert!(slow.contains("\"events_gone\"") && slow.ends_with("data: [DONE]\n\n"), "{slow}");
    assert!(!slow.contains("id:"), "{slow}");
    assert_eq!(log.place("e.3"), Err(NoPlace::Gone));
    assert_eq!(text(body(&log, log.start())).await, "id: e.8\ndata: 8\n\nid: e.9\ndata: 9\n\n");
    assert_eq!(text(body(&log, log.place("e.8").unwrap())).await, "id: e.9\ndata: 9\n\n");
}

#[tokio::test]
async fn all_streams_together_keep_no_more_than_they_may() {
    let bounds = bounds(1 << 20, 200 * 1024);
    let logs = [log_with(&bounds), log_with(&bounds), log_with(&bounds)];
    let kilobyte = "x".repeat(1024);
    for _ in 0..200 {
        for log in &logs {
            log.push(&[&kilobyte]);
        }
    }
    let used = bounds.used.load(Ordering::Relaxed);
    assert!(used <= 3 * (FLOOR + 2048), "{used}");
    drop(logs);
    assert_eq!(bounds.used.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn events_written_elsewhere_are_read_under_their_own_numbers() {
    let (origin, copy) = (log(), log());
    for number in 1..=4 {
        origin.push(&[&number.to_string()]);
    }
    let mut place = origin.start();
    let Part::Events(all) = origin.read(&mut place, usize::MAX) else { panic!("nothing") };
    copy.adopt(1, &all[..]);
    copy.adopt(8, b"id: e.8\ndata: 8\n\n");
    copy.end();
    assert_eq!(copy.place("e.4"), Err(NoPlace::Gone));
    assert_eq!(text(body(&copy, copy.place("e.7").unwrap())).await, "id: e.8\ndata: 8\n\n");
}

#[tokio::test]
async fn a_stream_that_is_read_is_not_abandoned() {
    let log = log();
    let body = body(&log, log.start());
    let (grace, wait) = (Duration::from_millis(1), Duration::from_millis(100));
    assert!(tokio::time::timeout(wait, log.abandoned(grace)).await.is_err());
    drop(body);
    log.abandoned(grace).await;
}

#[tokio::test]
async fn a_stop_is_heard_whenever_it_came() {
    let log = log();
    log.ask_to_stop();
    log.ask_to_stop();
    log.stopped().await;
}
