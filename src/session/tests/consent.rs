//! Whose word lets a call through, for how long, and in which tab it runs.

use super::tools::{asked, called, complete, continues, decide, ended, go_on, offering, runs, states, tools};
use super::*;
use crate::thread::{CallState, Decision};
use crate::tools::Tool;

fn follow(session: &mut Session, other: &Session) -> Vec<Effect> {
    session.handle(Input::Follow(Box::new(other.thread().clone()), other.live().cloned()))
}

fn opened(other: &Session) -> Session {
    let mut session = Session::default();
    session.handle(Input::Offered(tools()));
    follow(&mut session, other);
    session
}

#[test]
fn what_was_allowed_for_a_chat_holds_after_a_reload_and_nowhere_else() {
    let (mut session, _) = asked(&[("pay", "{}")]);
    let effects = decide(&mut session, 0, Decision::Always);
    assert!(effects.contains(&Effect::TrustChanged) && effects.contains(&Effect::Persist(Change::Thread)));
    ended(&mut session, 0, Ok(""));
    go_on(&mut session, "k2");
    complete(&mut session, "Done.");
    let mut again = Session::default();
    again.handle(Input::Load(Box::new(session.thread().clone()), None));
    assert!(!again.trusts("pay"), "the page does not offer it yet");
    again.handle(Input::Offered(tools()));
    assert!(again.trusts("pay") && !again.trusts("look"));
    again.handle(Input::Draft("once more".into()));
    again.handle(Input::Send(offering("k3")));
    assert_eq!(runs(&called(&mut again, &[("pay", "{}")])).len(), 1);
    again.handle(Input::Load(Box::default(), None));
    assert!(!again.trusts("pay"));
}

#[test]
fn a_function_of_which_the_page_says_something_else_is_asked_about_again() {
    let (mut session, _) = asked(&[("pay", "{}"), ("pay", "{}")]);
    decide(&mut session, 0, Decision::Always);
    assert_eq!(states(&session), [CallState::Running; 2]);
    ended(&mut session, 0, Ok(""));
    ended(&mut session, 1, Ok(""));
    let other = Tool { name: "pay".into(), asks: true, print: "other".into(), ..Tool::default() };
    session.handle(Input::Offered(vec![other]));
    go_on(&mut session, "k2");
    assert!(runs(&called(&mut session, &[("pay", "{}")])).is_empty());
    decide(&mut session, 0, Decision::Always);
    assert!(session.trusts("pay"));
    assert_eq!(session.thread().trusts.len(), 1, "the last word is the one that holds");
}

#[test]
fn the_user_can_take_the_word_back() {
    let (mut session, _) = asked(&[("pay", "{}")]);
    decide(&mut session, 0, Decision::Always);
    ended(&mut session, 0, Ok(""));
    let effects = session.handle(Input::AskAgain("pay".into()));
    assert_eq!(effects, [Effect::TrustChanged, Effect::Persist(Change::Thread)]);
    go_on(&mut session, "k2");
    assert!(runs(&called(&mut session, &[("pay", "{}")])).is_empty());
}

#[test]
fn of_two_tabs_the_one_that_decides_runs_it_and_the_other_shows_it() {
    let (mut first, _) = asked(&[("pay", "{}")]);
    let mut second = opened(&first);
    assert_eq!(states(&second), [CallState::Asked]);
    assert!(!second.is_busy() && first.is_busy());
    assert_eq!(runs(&decide(&mut second, 0, Decision::Allowed)).len(), 1);
    assert!(second.is_at_work() && !first.is_at_work());
    follow(&mut first, &second);
    assert_eq!(states(&first), [CallState::Running]);
    assert!(first.is_busy() && first.is_elsewhere());
    assert_eq!(decide(&mut first, 0, Decision::Allowed), []);
    assert_eq!(ended(&mut first, 0, Ok("not mine")), []);
    assert_eq!(first.handle(Input::Stop), [Effect::StopElsewhere { stream: None }]);
    assert!(continues(&ended(&mut second, 0, Ok("paid"))));
    go_on(&mut second, "k2");
    follow(&mut first, &second);
    assert!(first.is_followed() && !first.is_calling());
    complete(&mut second, "Done.");
    follow(&mut first, &second);
    assert!(!first.is_busy());
    assert_eq!(first.thread().path(), second.thread().path());
}

#[test]
fn of_two_calls_each_tab_may_decide_on_one() {
    let (mut first, _) = asked(&[("pay", "{}"), ("pay", "{}")]);
    let mut second = opened(&first);
    decide(&mut second, 1, Decision::Declined);
    follow(&mut first, &second);
    assert!(first.is_calling(), "the page that asked still waits");
    assert_eq!(states(&first), [CallState::Asked, CallState::Declined]);
    decide(&mut first, 0, Decision::Allowed);
    assert_eq!(follow(&mut first, &second), [], "what runs here is newer");
    assert!(continues(&ended(&mut first, 0, Ok("paid"))));
}

#[test]
fn what_a_tab_ran_that_is_gone_is_asked_about_in_the_other() {
    let (mut first, _) = asked(&[("pay", "{}")]);
    decide(&mut first, 0, Decision::Allowed);
    let mut second = opened(&first);
    let answer = last(&second).id;
    let effects = second.handle(Input::Watch);
    assert_eq!(effects, [Effect::MessageChanged(answer), Effect::Persist(Change::Message(answer))]);
    assert_eq!(states(&second), [CallState::Lost]);
    assert!(!second.is_busy());
    assert_eq!(runs(&decide(&mut second, 0, Decision::Allowed)).len(), 1);
}

#[test]
fn a_tab_that_was_too_slow_runs_nothing_and_follows() {
    let (mut first, _) = asked(&[("look", "{}")]);
    let (mut second, _) = asked(&[("look", "{}")]);
    assert_eq!(second.handle(Input::Taken), [Effect::CancelTools]);
    ended(&mut first, 0, Ok("seen"));
    follow(&mut second, &first);
    assert_eq!(states(&second), [CallState::Done]);
    assert_eq!(ended(&mut second, 0, Ok("late")), []);
}

#[test]
fn an_answer_is_asked_for_again_in_the_form_that_the_page_wanted() {
    let format = r#"{"type":"json_schema"}"#;
    let forms = |effects: &[Effect]| -> Vec<String> {
        effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Start { offer, .. } => Some(offer.format.clone()),
                _ => None,
            })
            .collect()
    };
    let mut session = Session::default();
    session.handle(Input::Draft("Plan".into()));
    let offer = Offer { format: format.into(), ..Offer::default() };
    let effects = session.handle(Input::Send(Ask { offer, ..ask("k1") }));
    assert_eq!(forms(&effects), [format]);
    session.handle(Input::Failed(Failure::new(FailureKind::Server, "no")));
    let mut again = Session::default();
    again.handle(Input::Load(Box::new(session.thread().clone()), None));
    let retry = Input::Retry { message: last(&again).id, ask: ask("k2") };
    assert_eq!(forms(&again.handle(retry)), [format]);
    complete(&mut again, "{}");
    let (question, answer) = (again.thread().path()[0].id, last(&again).id);
    assert!(last(&again).is_json);
    assert_eq!(forms(&again.handle(Input::Regenerate { message: answer, ask: ask("k3") })), [format]);
    complete(&mut again, "{}");
    let edit = Input::Edit { message: question, text: "Plan more".into(), ask: ask("k4") };
    assert_eq!(forms(&again.handle(edit)), [format]);
    complete(&mut again, "{}");
    assert_eq!(forms(&send(&mut again, "Thanks", "k5")), [""], "what the user says next has no form");
}
