#![allow(clippy::unwrap_used)]

use super::*;
use triptych_protocol::VideoStatus;

fn request() -> VideoRequest {
    VideoRequest { model: "m".into(), prompt: "a fox".into(), duration: Some(5), ..VideoRequest::default() }
}

fn video(id: &str, status: VideoStatus) -> Video {
    let text = include_str!("../../crates/protocol/tests/golden/video.json");
    Video { id: id.into(), status, created_at: 0, ..serde_json::from_str(text).unwrap() }
}

fn told(jobs: &mut Jobs, id: JobId, status: VideoStatus, now: f64) -> Vec<Effect> {
    jobs.handle(Input::Told { id, video: Box::new(video("v1", status)), retry_after: None }, now)
}

fn created() -> (Jobs, JobId) {
    let mut jobs = Jobs::default();
    jobs.handle(Input::Create { request: request(), estimate: None, key: "k1".into() }, 0.0);
    let id = jobs.jobs()[0].id;
    told(&mut jobs, id, VideoStatus::Queued, 0.0);
    (jobs, id)
}

fn wake(effects: &[Effect]) -> Option<Option<f64>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Wake(at) => Some(*at),
        _ => None,
    })
}

fn polls(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Poll { .. })).count()
}

fn kept(effects: &[Effect]) -> Option<usize> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Keep(pending) => Some(pending.len()),
        _ => None,
    })
}

#[test]
fn a_click_is_kept_before_it_is_sent_and_forgotten_once_it_is_answered() {
    let mut jobs = Jobs::default();
    let effects = jobs.handle(Input::Create { request: request(), estimate: None, key: "k1".into() }, 0.0);
    let keep = effects.iter().position(|effect| matches!(effect, Effect::Keep(_)));
    let create = effects.iter().position(|effect| matches!(effect, Effect::Create { .. }));
    assert!(keep < create && kept(&effects) == Some(1));
    let id = jobs.jobs()[0].id;
    assert_eq!(kept(&told(&mut jobs, id, VideoStatus::Queued, 0.0)), Some(0));
}

#[test]
fn a_click_that_was_not_answered_is_sent_again_after_a_reload_with_its_own_key() {
    let pending = vec![
        Pending { request: request(), key: "fresh".into(), at: 1_000_000 },
        Pending { request: request(), key: "stale".into(), at: 1_000_000 - PENDING_LIFE as i64 },
    ];
    let effects = Jobs::default().handle(Input::Restore(pending), 1e6 + 10.0);
    let keys: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Create { key, .. } => Some(key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["fresh"]);
    assert!(effects.contains(&Effect::List));
}

#[test]
fn questions_become_rarer_and_start_anew_when_the_job_moves() {
    let (mut jobs, id) = created();
    let mut now = 0.0;
    let mut waits = Vec::new();
    for _ in 0..8 {
        now = jobs.earliest().unwrap();
        assert_eq!(polls(&jobs.handle(Input::Tick, now)), 1);
        assert_eq!(polls(&jobs.handle(Input::Tick, now + 60_000.0)), 0, "one question at a time");
        told(&mut jobs, id, VideoStatus::Queued, now);
        waits.push(jobs.earliest().unwrap() - now);
    }
    assert!(waits.is_sorted() && waits[0] == 1_500.0 && waits[7] == LONGEST_WAIT, "{waits:?}");
    told(&mut jobs, id, VideoStatus::InProgress, now);
    assert_eq!(jobs.earliest().unwrap() - now, FIRST_WAIT);
}

#[test]
fn the_servers_wish_to_be_left_alone_is_obeyed() {
    let (mut jobs, id) = created();
    let video = Box::new(video("v1", VideoStatus::InProgress));
    jobs.handle(Input::Told { id, video, retry_after: Some(30_000.0) }, 0.0);
    assert_eq!(jobs.earliest(), Some(30_000.0));
    let mut failure = Failure::new(FailureKind::Busy, "slow down");
    failure.retry_after_ms = Some(60_000);
    jobs.handle(Input::PollFailed { id, failure }, 0.0);
    assert_eq!(jobs.earliest(), Some(60_000.0));
}

#[test]
fn nothing_is_asked_while_nobody_looks_and_everything_at_once_afterwards() {
    let (mut jobs, _) = created();
    assert_eq!(wake(&jobs.handle(Input::Awake(false), 10.0)), Some(None));
    assert_eq!(polls(&jobs.handle(Input::Tick, 500_000.0)), 0);
    assert_eq!(polls(&jobs.handle(Input::Awake(true), 600_000.0)), 1);
}

#[test]
fn a_lost_question_does_not_end_a_job() {
    let (mut jobs, id) = created();
    jobs.handle(Input::PollFailed { id, failure: Failure::network() }, 0.0);
    assert!(matches!(jobs.jobs()[0].phase, Phase::Unreachable(_)) && jobs.earliest().is_some());
    told(&mut jobs, id, VideoStatus::Completed, 0.0);
    assert_eq!((jobs.jobs()[0].phase.clone(), jobs.earliest()), (Phase::Tracked, None));
}

#[test]
fn an_end_is_told_once_and_stays_the_end() {
    let (mut jobs, id) = created();
    let effects = told(&mut jobs, id, VideoStatus::Completed, 0.0);
    assert!(effects.contains(&Effect::Ended(id)) && effects.contains(&Effect::Balance));
    assert!(!told(&mut jobs, id, VideoStatus::Completed, 0.0).contains(&Effect::Ended(id)));
    told(&mut jobs, id, VideoStatus::InProgress, 0.0);
    assert!(jobs.jobs()[0].is_final() && !jobs.is_busy());
}

#[test]
fn a_job_that_the_list_brought_first_is_not_shown_twice() {
    let mut jobs = Jobs::default();
    jobs.handle(Input::Create { request: request(), estimate: None, key: "k1".into() }, 0.0);
    let id = jobs.jobs()[0].id;
    jobs.handle(Input::Listed(vec![video("v1", VideoStatus::Queued)]), 0.0);
    assert_eq!(jobs.jobs().len(), 2);
    told(&mut jobs, id, VideoStatus::Queued, 0.0);
    assert_eq!(jobs.jobs().len(), 1);
}

#[test]
fn a_queued_job_can_be_taken_back_and_a_running_one_cannot() {
    let (mut jobs, id) = created();
    let effects = jobs.handle(Input::Cancel(id), 0.0);
    assert!(effects.contains(&Effect::Cancel { id, video: "v1".into() }));
    assert_eq!(jobs.handle(Input::Cancel(id), 0.0), []);
    assert!(told(&mut jobs, id, VideoStatus::Cancelled, 0.0).contains(&Effect::Balance));
    assert!(jobs.jobs()[0].is_final(), "it stays until it is taken off");
    let (mut jobs, id) = created();
    told(&mut jobs, id, VideoStatus::InProgress, 0.0);
    assert_eq!(jobs.handle(Input::Cancel(id), 0.0), []);
}

#[test]
fn a_refused_click_is_tried_again_under_the_key_that_keeps_it_single() {
    let key_after = |kind| {
        let mut jobs = Jobs::default();
        jobs.handle(Input::Create { request: request(), estimate: None, key: "old".into() }, 0.0);
        let id = jobs.jobs()[0].id;
        jobs.handle(Input::CreateFailed { id, failure: Failure::new(kind, "no") }, 0.0);
        let effects = jobs.handle(Input::Retry { id, key: "new".into() }, 0.0);
        effects.into_iter().find_map(|effect| match effect {
            Effect::Create { key, .. } => Some(key),
            _ => None,
        })
    };
    assert_eq!(key_after(FailureKind::Network).as_deref(), Some("old"));
    assert_eq!(key_after(FailureKind::Busy).as_deref(), Some("new"));
}
