use super::*;
use crate::thread::Citation;

fn answered(session: &mut Session, question: &str, answer: &str) {
    send(session, question, question);
    complete(session, answer);
}

fn complete(session: &mut Session, answer: &str) {
    session.handle(Input::Opened { stream: Some("s".into()) });
    delta(session, answer, "1.1", 1.0);
    finish(session, "stop");
    session.handle(Input::Ended);
}

fn shown(session: &Session) -> Vec<&str> {
    session.thread().path().into_iter().map(|message| message.text.as_str()).collect()
}

fn told(effects: &[Effect]) -> Vec<&str> {
    let request = effects.iter().find_map(|effect| match effect {
        Effect::Start { request, .. } => Some(request),
        _ => None,
    });
    request.unwrap().messages.iter().map(|message| message.content.as_text().unwrap()).collect()
}

#[test]
fn another_answer_to_the_same_is_a_branch_beside_the_first() {
    let mut session = Session::default();
    answered(&mut session, "q1", "a1");
    answered(&mut session, "q2", "a2");
    let effects = session.handle(Input::Regenerate { message: MessageId(1), ask: ask("k") });
    assert_eq!(told(&effects), ["q1"], "what came later is not told");
    complete(&mut session, "b1");
    assert_eq!(shown(&session), ["q1", "b1"]);
    assert_eq!(session.thread().forks(), [(MessageId(4), 2, 2)]);
    session.handle(Input::Choose(MessageId(1)));
    assert_eq!(shown(&session), ["q1", "a1", "q2", "a2"], "down to where it had come");
}

#[test]
fn a_message_said_differently_is_a_branch_and_there_is_a_way_back() {
    let mut session = Session::default();
    answered(&mut session, "q1", "a1");
    let edit = |text: &str| Input::Edit { message: MessageId(0), text: text.into(), ask: ask("k") };
    assert_eq!(session.handle(edit("  ")), [], "nothing to say");
    let effects = session.handle(edit(" Q1\n"));
    assert_eq!(told(&effects), ["Q1"]);
    complete(&mut session, "A1");
    assert_eq!(shown(&session), ["Q1", "A1"]);
    assert_eq!(session.thread().siblings(MessageId(2)), [MessageId(0), MessageId(2)]);
    session.handle(Input::Choose(MessageId(0)));
    assert_eq!(shown(&session), ["q1", "a1"]);
}

#[test]
fn the_draft_outlives_all_but_a_send() {
    let mut session = Session::default();
    answered(&mut session, "q1", "a1");
    session.handle(Input::Draft("half".into()));
    session.handle(Input::Edit { message: MessageId(0), text: "Q".into(), ask: ask("k") });
    complete(&mut session, "A");
    session.handle(Input::Regenerate { message: MessageId(3), ask: ask("k") });
    session.handle(Input::Choose(MessageId(0)));
    assert_eq!(session.draft(), "half");
}

#[test]
fn only_an_answer_is_rated_and_the_page_is_told_of_changes() {
    let mut session = Session::default();
    answered(&mut session, "q1", "a1");
    let rate = |id, good| Input::Feedback { message: MessageId(id), good };
    let effects = session.handle(rate(1, Some(true)));
    assert!(effects.contains(&Effect::Rated { message: MessageId(1), good: Some(true) }));
    assert_eq!(session.handle(rate(1, Some(true))), []);
    assert_eq!(session.handle(rate(0, Some(true))), []);
    session.handle(rate(1, None));
    assert_eq!(last(&session).feedback, None);
}

#[test]
fn an_answer_that_broke_with_words_in_it_stays_beside_the_next_try() {
    let mut session = streaming();
    session.handle(Input::Failed(Failure::new(FailureKind::Server, "x")));
    session.handle(Input::Retry { message: MessageId(1), ask: ask("k2") });
    complete(&mut session, "whole");
    assert_eq!(shown(&session), ["hello", "whole"]);
    assert_eq!(session.message(MessageId(1)).map(|message| message.text.as_str()), Some("Hi "));
}

#[test]
fn thoughts_tools_sources_and_refusals_are_kept_apart_from_the_words() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    session.handle(Input::Opened { stream: Some("s1".into()) });
    let mut add = |piece, now| session.handle(Input::Delta { piece, event: format!("1.{now}"), now });
    add(Piece { reasoning: "Let me ".into(), ..Piece::default() }, 1_000.0);
    add(Piece { reasoning: "see.".into(), ..Piece::default() }, 4_500.0);
    let call = |index, name: &str, arguments: &str| CallPiece {
        index,
        name: name.into(),
        arguments: arguments.into(),
        ..CallPiece::default()
    };
    let calls = vec![call(0, "find", "{\"a\""), call(1, "go", "")];
    add(Piece { calls, ..Piece::default() }, 5_000.0);
    add(Piece { calls: vec![call(0, "", ":1}")], ..Piece::default() }, 5_100.0);
    let citation = Citation { url: "https://a.example".into(), title: "A".into() };
    let citations = vec![citation.clone(), citation];
    add(Piece { text: "See [1].".into(), citations, ..Piece::default() }, 5_200.0);
    add(Piece { refusal: "No.".into(), ..Piece::default() }, 5_300.0);
    let message = last(&session);
    assert_eq!((message.reasoning.as_str(), message.text.as_str()), ("Let me see.", "See [1]."));
    assert_eq!((message.pace.thought_seconds(), message.refusal.as_str()), (Some(4), "No."));
    let calls: Vec<_> = message.calls.iter().map(|call| (&*call.name, &*call.arguments)).collect();
    assert_eq!(calls, [("find", "{\"a\":1}"), ("go", "")]);
    assert_eq!(message.citations.len(), 1, "once is enough");
}

#[test]
fn an_answer_has_no_more_parts_than_a_page_can_bear() {
    let mut session = streaming();
    let calls = (0..1_000).map(|index| CallPiece { index, ..CallPiece::default() }).collect();
    session.handle(Input::Delta {
        piece: Piece { calls, ..Piece::default() },
        event: String::new(),
        now: 1.0,
    });
    assert_eq!(last(&session).calls.len(), 64);
}
