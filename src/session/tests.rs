#![allow(clippy::unwrap_used)]

use super::call::MOST_RESUMES;
use super::*;
use triptych_protocol::{Balance, Credits, Receipt, TriptychExtra, Usage};

#[path = "tests/again.rs"]
mod again;
#[path = "tests/branches.rs"]
mod branches;
#[path = "tests/consent.rs"]
mod consent;
#[path = "tests/properties.rs"]
mod properties;
#[path = "tests/resumes.rs"]
mod resumes;
#[path = "tests/tools.rs"]
mod tools;

fn send(session: &mut Session, text: &str, key: &str) -> Vec<Effect> {
    session.handle(Input::Draft(text.into()));
    session.handle(Input::Send(ask(key)))
}

fn ask(key: &str) -> Ask {
    Ask { model: "m".into(), key: key.into(), now: 0.0, at: 1.0, offer: Offer::default() }
}

fn words(text: &str) -> Piece {
    Piece { text: text.into(), ..Piece::default() }
}

fn finish(session: &mut Session, reason: &str) {
    let piece = Piece { finish: Some(reason.into()), ..Piece::default() };
    session.handle(Input::Delta { piece, event: String::new(), now: 0.0 });
}

fn delta(session: &mut Session, text: &str, event: &str, now: f64) -> Vec<Effect> {
    session.handle(Input::Delta { piece: words(text), event: event.into(), now })
}

fn streaming() -> Session {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    session.handle(Input::Opened { stream: Some("s1".into()) });
    delta(&mut session, "Hi ", "1.1", 400.0);
    session
}

fn last(session: &Session) -> &Message {
    session.thread().path().into_iter().last().unwrap()
}

fn extra(charged: i64) -> TriptychExtra {
    let cost = Receipt::new(Credits::from_micro(10), Credits::from_micro(charged));
    TriptychExtra { cost, credits: Balance::default(), cut: None }
}

#[test]
fn an_answer_streams_in_and_ends_with_its_receipt_and_pace() {
    let mut session = streaming();
    delta(&mut session, "there", "1.2", 1_400.0);
    finish(&mut session, "stop");
    let usage = Usage { prompt_tokens: 5, completion_tokens: 51, total_tokens: 56, ..Usage::default() };
    let effects = session.handle(Input::Paid { usage: Some(usage), extra: Some(extra(7)) });
    assert!(effects.contains(&Effect::Balance(Some(extra(7)))));
    let effects = session.handle(Input::Ended);
    let message = last(&session);
    assert!(effects.contains(&Effect::Answered(message.id)) && !effects.contains(&Effect::Balance(None)));
    assert_eq!((message.text.as_str(), &message.status), ("Hi there", &Status::Done));
    assert_eq!(message.receipt.map(|receipt| receipt.returned), Some(Credits::from_micro(3)));
    assert_eq!(message.pace.first_token_seconds(), Some(0.4));
    assert_eq!(message.pace.tokens_per_second(), Some(50.0));
}

#[test]
fn a_send_takes_the_draft_and_nothing_is_sent_twice() {
    let mut session = Session::default();
    let effects = send(&mut session, "  hello \n", "k1");
    let started: Vec<_> = effects.iter().filter(|effect| matches!(effect, Effect::Start { .. })).collect();
    let [Effect::Start { request, key, .. }] = started.as_slice() else { panic!("{effects:?}") };
    assert_eq!((request.messages[0].content.as_text(), key.as_str()), (Some("hello"), "k1"));
    assert_eq!(session.draft(), "");
    assert_eq!(session.handle(Input::Send(ask("k2"))), []);
    session.handle(Input::Draft("next".into()));
    assert_eq!(session.handle(Input::Send(ask("k3"))), []);
    assert_eq!(session.draft(), "next", "what is typed while an answer streams stays");
}

#[test]
fn a_stop_is_asked_of_the_server_and_the_answer_keeps_what_it_has() {
    let mut session = streaming();
    let effects = session.handle(Input::Stop);
    assert!(effects.contains(&Effect::Stop { stream: "s1".into() }));
    assert_eq!(session.handle(Input::Stop), [], "once is enough");
    delta(&mut session, "you", "1.2", 500.0);
    assert_eq!(last(&session).status, Status::Stopping);
    finish(&mut session, "stop");
    session.handle(Input::Ended);
    assert_eq!((last(&session).text.as_str(), &last(&session).status), ("Hi you", &Status::Stopped));
}

#[test]
fn an_answer_without_a_name_is_stopped_by_hanging_up() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    session.handle(Input::Opened { stream: None });
    delta(&mut session, "Hi ", "", 400.0);
    assert!(session.handle(Input::Stop).contains(&Effect::Abandon));
    assert_eq!((last(&session).text.as_str(), &last(&session).status), ("Hi ", &Status::Stopped));
    assert!(!session.is_busy());

    let mut early = Session::default();
    send(&mut early, "hello", "k1");
    assert!(!early.handle(Input::Stop).contains(&Effect::Abandon), "it may still get a name");
    assert!(early.handle(Input::Opened { stream: None }).contains(&Effect::Abandon));
    assert_eq!(last(&early).status, Status::Stopped);
}

#[test]
fn a_stop_before_the_stream_has_a_name_is_asked_once_it_has() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    assert!(!session.handle(Input::Stop).iter().any(|effect| matches!(effect, Effect::Stop { .. })));
    assert_eq!(
        session.handle(Input::Opened { stream: Some("s1".into()) }),
        [Effect::Stop { stream: "s1".into() }, Effect::Persist(Change::Thread)]
    );
}

#[test]
fn a_broken_stream_is_taken_up_where_it_broke() {
    let mut session = streaming();
    let effects = session.handle(Input::Failed(Failure::network()));
    assert!(effects.contains(&Effect::Resume { stream: "s1".into(), after: "1.1".into(), attempt: 1 }));
    assert_eq!(last(&session).status, Status::Resuming);
    delta(&mut session, "again", "1.2", 900.0);
    assert_eq!((last(&session).text.as_str(), &last(&session).status), ("Hi again", &Status::Streaming));
}

#[test]
fn a_stream_that_cannot_be_taken_up_fails_in_the_end_and_keeps_its_words() {
    let mut session = streaming();
    for _ in 0..MOST_RESUMES {
        session.handle(Input::Failed(Failure::network()));
    }
    let effects = session.handle(Input::Failed(Failure::network()));
    assert!(
        effects.contains(&Effect::Reported(Failure::network())) && effects.contains(&Effect::Balance(None))
    );
    assert_eq!(
        (last(&session).text.as_str(), &last(&session).status),
        ("Hi ", &Status::Failed(Failure::network()))
    );
    assert!(!session.is_busy());
}

#[test]
fn a_clean_end_without_a_reason_is_not_a_success() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    session.handle(Input::Ended);
    assert!(matches!(last(&session).status, Status::Failed(_)));
}

#[test]
fn trying_again_uses_the_old_key_only_where_nobody_knows_what_became_of_the_call() {
    let key_after = |failure: Failure| {
        let mut session = Session::default();
        send(&mut session, "hello", "old");
        session.handle(Input::Failed(failure));
        let message = last(&session).id;
        let effects = session.handle(Input::Retry { message, ask: ask("new") });
        assert_eq!(session.thread().messages().len(), 2, "the failed answer makes room");
        effects.into_iter().find_map(|effect| match effect {
            Effect::Start { key, request, .. } => {
                assert_eq!(request.messages.len(), 1);
                Some(key)
            }
            _ => None,
        })
    };
    assert_eq!(key_after(Failure::network()).as_deref(), Some("old"));
    assert_eq!(key_after(Failure::new(FailureKind::Server, "x")).as_deref(), Some("new"));
}

#[test]
fn an_answer_that_hit_its_cap_says_so() {
    let mut session = streaming();
    finish(&mut session, "length");
    session.handle(Input::Ended);
    assert_eq!(last(&session).status, Status::Cut);
}

#[test]
fn the_price_of_the_next_send_counts_the_whole_conversation() {
    let mut session = streaming();
    session.handle(Input::Draft(" abc ".into()));
    let cargo = session.cargo();
    assert_eq!((cargo.text, cargo.frames), ("helloHi ".len() as u64 + 3, 3));
}
