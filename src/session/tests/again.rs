use super::*;

fn refused(kind: FailureKind, wait: Option<u64>) -> Failure {
    Failure { retry_after_ms: wait, ..Failure::new(kind, "no") }
}

fn asked(kind: FailureKind, wait: Option<u64>) -> (Session, Vec<Effect>) {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    let effects = session.handle(Input::Failed(refused(kind, wait)));
    (session, effects)
}

fn again(effects: &[Effect]) -> Vec<Option<When>> {
    let again = effects.iter().filter_map(|effect| match effect {
        Effect::Again(again) => Some(again.map(|again| again.when)),
        _ => None,
    });
    again.collect()
}

fn retry(session: &mut Session) -> Vec<Effect> {
    let message = last(session).id;
    session.handle(Input::Retry { message, ask: ask("k2") })
}

#[test]
fn an_answer_for_which_there_was_no_room_is_asked_for_again_when_the_server_says() {
    let (mut session, effects) = asked(FailureKind::Busy, Some(7_000));
    assert_eq!(again(&effects), [Some(When::After(7_000))]);
    assert_eq!(session.again().map(|again| again.message), Some(last(&session).id));
    assert!(!session.is_busy(), "something else can be said meanwhile");
    let effects = retry(&mut session);
    assert_eq!(again(&effects), [None]);
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Start { .. })));
    assert_eq!(session.again(), None);
}

#[test]
fn nobody_is_asked_for_ever() {
    let (mut session, _) = asked(FailureKind::Busy, None);
    let mut tries = 0;
    while session.again().is_some() {
        retry(&mut session);
        session.handle(Input::Failed(refused(FailureKind::Busy, None)));
        tries += 1;
        assert!(tries < 20);
    }
    assert_eq!(tries, 4);
    session.handle(Input::GiveUp);
    retry(&mut session);
    session.handle(Input::Failed(refused(FailureKind::Busy, None)));
    assert!(session.again().is_some(), "who asks by hand has its tries again");
}

#[test]
fn a_long_wait_is_for_the_user_to_decide_on() {
    let (_, effects) = asked(FailureKind::Busy, Some(3_600_000));
    assert_eq!(again(&effects), []);
    for kind in [FailureKind::Network, FailureKind::Server, FailureKind::Credits] {
        assert_eq!(again(&asked(kind, Some(1_000)).1), [], "{kind:?}");
    }
}

#[test]
fn what_is_said_without_a_network_is_sent_with_its_own_key_once_there_is_one() {
    let mut session = Session::default();
    session.handle(Input::Online(false));
    send(&mut session, "hello", "k1");
    let effects = session.handle(Input::Failed(Failure::network()));
    assert_eq!(again(&effects), [Some(When::Online)]);
    assert_eq!(session.handle(Input::Online(false)), []);
    assert_eq!(again(&session.handle(Input::Online(true))), [Some(When::After(0))]);
    let effects = retry(&mut session);
    let key = effects.iter().find_map(|effect| match effect {
        Effect::Start { key, .. } => Some(key.as_str()),
        _ => None,
    });
    assert_eq!(key, Some("k1"), "it may have arrived after all");
}

#[test]
fn whoever_gives_up_or_says_something_else_is_not_surprised_later() {
    let (mut session, _) = asked(FailureKind::Busy, Some(7_000));
    assert_eq!(again(&session.handle(Input::GiveUp)), [None]);
    assert_eq!(session.handle(Input::GiveUp), []);
    let (mut session, _) = asked(FailureKind::Busy, Some(7_000));
    assert_eq!(again(&send(&mut session, "something else", "k2")), [None]);
}

#[test]
fn an_answer_that_was_to_stop_is_not_asked_for_again() {
    let mut session = streaming();
    session.handle(Input::Stop);
    session.handle(Input::Failed(refused(FailureKind::Busy, Some(1_000))));
    assert_eq!(session.again(), None);
}
