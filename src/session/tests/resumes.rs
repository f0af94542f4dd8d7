use super::*;

fn resumes(effects: &[Effect]) -> Option<(&str, &str, u32)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Resume { stream, after, attempt } => Some((stream.as_str(), after.as_str(), *attempt)),
        _ => None,
    })
}

fn started(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start { key, .. } => Some(key.as_str()),
        _ => None,
    })
}

/// The same conversation on the next visit.
fn reloaded(before: &Session) -> (Session, Vec<Effect>) {
    let mut session = Session::default();
    let input = Input::Load(Box::new(before.thread().clone()), before.live().cloned());
    let effects = session.handle(input);
    (session, effects)
}

#[test]
fn a_left_answer_goes_on_at_the_server_and_is_taken_up_where_it_was_left() {
    let mut session = streaming();
    assert!(session.can_leave());
    let effects = session.handle(Input::Leave);
    assert!(effects.contains(&Effect::Abandon));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Stop { .. })), "leaving is no stop");
    assert_eq!((session.is_left(), session.is_busy(), &last(&session).status), (true, true, &Status::Left));
    assert_eq!(delta(&mut session, "lost", "1.2", 1.0), [], "nobody listens");
    let effects = session.handle(Input::Watch);
    assert_eq!(resumes(&effects), Some(("s1", "1.1", 0)));
    delta(&mut session, "there", "1.2", 900.0);
    assert_eq!((last(&session).text.as_str(), last(&session).pace.first_token_seconds()), ("Hi there", None));
}

#[test]
fn a_stop_of_a_left_answer_stops_it_at_the_server_and_fetches_its_receipt() {
    let mut session = streaming();
    session.handle(Input::Leave);
    let effects = session.handle(Input::Stop);
    assert!(effects.contains(&Effect::Stop { stream: "s1".into() }));
    assert_eq!(resumes(&effects), Some(("s1", "1.1", 0)));
    assert_eq!(last(&session).status, Status::Stopping);
}

#[test]
fn nothing_else_is_asked_while_a_left_answer_is_written() {
    let mut session = streaming();
    session.handle(Input::Leave);
    assert_eq!(started(&send(&mut session, "more", "k2")), None);
    let regenerate = Input::Regenerate { message: MessageId(1), ask: ask("k2") };
    assert_eq!(session.handle(regenerate), []);
}

#[test]
fn an_answer_without_a_name_ends_when_it_is_left() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    session.handle(Input::Opened { stream: None });
    delta(&mut session, "Hi", "", 1.0);
    assert!(!session.can_leave());
    session.handle(Input::Leave);
    assert_eq!((&last(&session).status, session.live()), (&Status::Stopped, None));
}

#[test]
fn a_reload_takes_up_the_stream_after_the_last_word_that_was_kept() {
    let (session, effects) = reloaded(&streaming());
    assert_eq!(resumes(&effects), Some(("s1", "1.1", 0)));
    assert_eq!((last(&session).text.as_str(), &last(&session).status), ("Hi ", &Status::Resuming));
}

#[test]
fn a_reload_before_the_stream_had_a_name_repeats_the_call_under_its_key() {
    let mut before = Session::default();
    let sent = send(&mut before, "hello", "k1");
    let (_, effects) = reloaded(&before);
    assert_eq!(started(&effects), Some("k1"));
    let start =
        |effects: &[Effect]| effects.iter().find(|effect| matches!(effect, Effect::Start { .. })).cloned();
    assert_eq!(start(&effects), start(&sent), "the same call, to the letter");
}

#[test]
fn a_reload_between_the_reason_to_end_and_the_receipt_is_no_failure() {
    let mut before = streaming();
    let piece = Piece { text: "you".into(), finish: Some("stop".into()), ..Piece::default() };
    before.handle(Input::Delta { piece, event: "1.2".into(), now: 500.0 });
    let (mut session, effects) = reloaded(&before);
    assert_eq!(resumes(&effects), Some(("s1", "1.2", 0)));
    session.handle(Input::Ended);
    assert_eq!(last(&session).status, Status::Done);
}

#[test]
fn a_reload_of_an_answer_that_cannot_be_taken_up_says_so_and_keeps_the_words() {
    let mut before = Session::default();
    send(&mut before, "hello", "k1");
    before.handle(Input::Opened { stream: None });
    delta(&mut before, "Hi", "", 1.0);
    let (mut session, effects) = reloaded(&before);
    assert_eq!((started(&effects), resumes(&effects)), (None, None));
    assert_eq!(last(&session).status, Status::Failed(Failure::network()));
    let retry = Input::Retry { message: MessageId(1), ask: ask("k2") };
    assert_eq!(started(&session.handle(retry)), Some("k2"));
    assert_eq!(session.thread().messages().len(), 3);
}

#[test]
fn an_answer_whose_connection_stayed_away_is_looked_for_before_another_is_paid() {
    let mut session = streaming();
    for _ in 0..=MOST_RESUMES {
        session.handle(Input::Failed(Failure::network()));
    }
    assert!(matches!(last(&session).status, Status::Failed(_)) && !session.is_busy());
    let retry = Input::Retry { message: MessageId(1), ask: ask("k2") };
    assert_eq!(resumes(&session.handle(retry)), Some(("s1", "1.1", 0)));
    assert_eq!(resumes(&reloaded(&session).1), Some(("s1", "1.1", 0)));
}

#[test]
fn an_answer_that_the_server_has_forgotten_is_asked_for_anew() {
    let (mut session, _) = reloaded(&streaming());
    session.handle(Input::Failed(Failure::new(FailureKind::Gone, "no such stream")));
    assert!(matches!(&last(&session).status, Status::Failed(failure) if failure.can_retry()));
    let retry = Input::Retry { message: MessageId(1), ask: ask("k2") };
    assert_eq!(started(&session.handle(retry)), Some("k2"));
}

#[test]
fn another_conversation_is_loaded_without_a_word_of_the_one_before() {
    let mut session = streaming();
    let effects = session.handle(Input::Load(Box::default(), None));
    assert_eq!(effects.first(), Some(&Effect::Abandon));
    assert_eq!(delta(&mut session, "late", "1.2", 1.0), []);
    assert!(session.thread().messages().is_empty() && session.live().is_none());
}
