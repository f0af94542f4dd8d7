use super::*;
use crate::thread::{CallState, Decision};
use crate::tools::{MOST_CALLS, MOST_ROUNDS, Tool};

pub(super) fn offering(key: &str) -> Ask {
    Ask { offer: Offer { tools: "[{}]".into(), ..Offer::default() }, ..ask(key) }
}

pub(super) fn calling(name: &str) -> Piece {
    let call = CallPiece {
        name: name.into(),
        id: format!("id_{name}"),
        arguments: "{}".into(),
        ..CallPiece::default()
    };
    Piece { calls: vec![call], ..Piece::default() }
}

pub(super) fn tools() -> Vec<Tool> {
    [("pay", true), ("look", false)]
        .map(|(name, asks)| Tool { name: name.into(), asks, ..Tool::default() })
        .to_vec()
}

/// An answer that calls these with these arguments, and what follows from its end.
pub(super) fn called(session: &mut Session, calls: &[(&str, &str)]) -> Vec<Effect> {
    session.handle(Input::Opened { stream: Some("s".into()) });
    let calls = (0..).zip(calls).map(|(index, (name, arguments))| CallPiece {
        index,
        id: format!("call_{index}"),
        name: (*name).into(),
        arguments: (*arguments).into(),
    });
    let piece = Piece { calls: calls.collect(), finish: Some("tool_calls".into()), ..Piece::default() };
    session.handle(Input::Delta { piece, event: "1.1".into(), now: 1.0 });
    session.handle(Input::Ended)
}

pub(super) fn asked(calls: &[(&str, &str)]) -> (Session, Vec<Effect>) {
    let mut session = Session::default();
    session.handle(Input::Offered(tools()));
    session.handle(Input::Draft("hello".into()));
    session.handle(Input::Send(offering("k1")));
    let effects = called(&mut session, calls);
    (session, effects)
}

pub(super) fn decide(session: &mut Session, place: usize, decision: Decision) -> Vec<Effect> {
    let message = last(session).id;
    session.handle(Input::Decide { message, place, decision })
}

pub(super) fn ended(session: &mut Session, place: usize, result: Result<&str, &str>) -> Vec<Effect> {
    let message = last(session).id;
    let result = result.map(String::from).map_err(String::from);
    session.handle(Input::ToolEnded { message, place, result })
}

pub(super) fn go_on(session: &mut Session, key: &str) -> Vec<Effect> {
    let message = last(session).id;
    session.handle(Input::Continue { message, ask: offering(key) })
}

pub(super) fn states(session: &Session) -> Vec<CallState> {
    last(session).calls.iter().map(|call| call.state).collect()
}

pub(super) fn runs(effects: &[Effect]) -> Vec<(usize, &str, &str)> {
    let run = |effect| match effect {
        &Effect::RunTool { place, ref name, ref arguments, .. } => {
            Some((place, name.as_str(), arguments.as_str()))
        }
        _ => None,
    };
    effects.iter().filter_map(run).collect()
}

pub(super) fn continues(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Continue(_)))
}

fn started(effects: &[Effect]) -> Option<(&ChatRequest, &Offer, &str)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Start { request, offer, key } => Some((request, offer, key.as_str())),
        _ => None,
    })
}

#[test]
fn a_call_waits_for_the_user_runs_and_its_result_goes_to_the_model_as_a_call_of_its_own() {
    let (mut session, effects) = asked(&[("pay", r#"{"sum":1.50}"#)]);
    let answer = last(&session).id;
    assert!(effects.contains(&Effect::Wanted(answer)) && runs(&effects).is_empty());
    assert!(session.is_busy() && session.live().is_none());
    let effects = decide(&mut session, 0, Decision::Allowed);
    assert_eq!(runs(&effects), [(0, "pay", r#"{"sum":1.50}"#)]);
    assert_eq!(decide(&mut session, 0, Decision::Allowed), [], "once is enough");
    let effects = ended(&mut session, 0, Ok("paid"));
    assert!(continues(&effects) && effects.contains(&Effect::Called { message: answer, place: 0 }));
    let effects = go_on(&mut session, "k2");
    let (request, offer, key) = started(&effects).unwrap();
    let [user, assistant, tool] = request.messages.as_slice() else { panic!("{request:?}") };
    assert_eq!((user.role, assistant.role, tool.role), (Role::User, Role::Assistant, Role::Tool));
    let call = &assistant.tool_calls.as_ref().unwrap()[0];
    assert_eq!((call.id.as_str(), call.function.arguments.as_str()), ("call_0", r#"{"sum":1.50}"#));
    assert_eq!((tool.tool_call_id.as_deref(), tool.content.as_text()), (Some("call_0"), Some("paid")));
    assert_eq!((offer.tools.as_str(), key), ("[{}]", "k2"));
    assert_eq!(go_on(&mut session, "k3"), [], "one call at a time");
    complete(&mut session, "Done.");
    session.handle(Input::Draft("and?".into()));
    let effects = session.handle(Input::Send(ask("k4")));
    let roles: Vec<Role> = started(&effects).unwrap().0.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Assistant, Role::User]);
}

pub(super) fn complete(session: &mut Session, text: &str) {
    delta(session, text, "2.1", 2.0);
    finish(session, "stop");
    session.handle(Input::Ended);
}

#[test]
fn a_declined_call_is_told_and_a_harmless_one_is_not_asked_about() {
    let (mut session, effects) = asked(&[("pay", "{}"), ("look", "")]);
    assert_eq!(runs(&effects), [(1, "look", "{}")]);
    assert!(!continues(&decide(&mut session, 0, Decision::Declined)), "the other one still runs");
    assert!(continues(&ended(&mut session, 1, Ok("seen"))));
    assert_eq!(states(&session), [CallState::Declined, CallState::Done]);
    let effects = go_on(&mut session, "k2");
    let told = &started(&effects).unwrap().0.messages[2];
    assert_eq!(told.content.as_text(), Some("The user declined this call."));
    let decisions: Vec<_> = last_call(&session).iter().map(|call| call.decision).collect();
    assert_eq!(decisions, [Some(Decision::Declined), Some(Decision::Unasked)]);
}

fn last_call(session: &Session) -> &[crate::thread::ToolCall] {
    session
        .thread()
        .path()
        .iter()
        .rev()
        .find(|message| message.has_calls())
        .map_or(&[], |message| &message.calls)
}

#[test]
fn what_was_allowed_for_the_whole_chat_is_not_asked_about_again_until_another_chat() {
    let (mut session, _) = asked(&[("pay", "{}"), ("pay", "{}")]);
    let effects = decide(&mut session, 1, Decision::Always);
    assert_eq!(runs(&effects), [(1, "pay", "{}"), (0, "pay", "{}")], "the other one of the same name too");
    ended(&mut session, 0, Ok(""));
    ended(&mut session, 1, Ok(""));
    go_on(&mut session, "k2");
    assert_eq!(runs(&called(&mut session, &[("pay", "{}")])).len(), 1);
    let thread = session.thread().clone();
    session.handle(Input::Load(Box::new(thread), None));
    assert_eq!(states(&session), [CallState::Lost], "nobody knows how far it got");
    let effects = decide(&mut session, 0, Decision::Allowed);
    assert_eq!(runs(&effects).len(), 1);
}

#[test]
fn what_cannot_be_run_is_told_and_never_a_crash() {
    let (mut session, effects) = asked(&[("steal", "{}"), ("look", "{\"a\""), ("look", "[1]"), ("", "{}")]);
    assert!(runs(&effects).is_empty() && continues(&effects));
    assert_eq!(states(&session), [CallState::Failed; 4]);
    let effects = go_on(&mut session, "k2");
    let (request, ..) = started(&effects).unwrap();
    let calls = request.messages[1].tool_calls.as_ref().unwrap();
    let sent: Vec<_> = calls.iter().map(|call| (&*call.function.name, &*call.function.arguments)).collect();
    assert_eq!(sent, [("steal", "{}"), ("look", "{}"), ("look", "{}"), ("unnamed", "{}")]);
    assert!(request.messages[2..].iter().all(|told| told.content.as_text().unwrap().starts_with("Error: ")));
    let (_, effects) = asked(&[("look", "{}"); MOST_CALLS + 3]);
    assert_eq!(runs(&effects).len(), MOST_CALLS);
}

#[test]
fn calls_without_names_or_with_the_same_ones_get_names_of_their_own() {
    let mut session = Session::default();
    session.handle(Input::Offered(tools()));
    session.handle(Input::Draft("hello".into()));
    session.handle(Input::Send(offering("k1")));
    let calls = ["", "same", "same"].into_iter().zip(0..).map(|(id, index)| CallPiece {
        index,
        id: id.into(),
        name: "look".into(),
        arguments: String::new(),
    });
    let piece = Piece { calls: calls.collect(), finish: Some("stop".into()), ..Piece::default() };
    session.handle(Input::Delta { piece, event: String::new(), now: 1.0 });
    session.handle(Input::Ended);
    let ids: Vec<_> = last(&session).calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["call_1_0", "same", "call_1_2"]);
}

#[test]
fn a_function_that_throws_is_told_as_an_error_and_a_late_result_is_nobodys() {
    let (mut session, _) = asked(&[("look", "{}")]);
    assert!(continues(&ended(&mut session, 0, Err("no network"))));
    assert_eq!(last(&session).calls[0].result.as_deref(), Some("Error: no network"));
    assert_eq!(ended(&mut session, 0, Ok("late")), []);
}

#[test]
fn a_stop_ends_the_calls_and_asks_no_model() {
    let (mut session, _) = asked(&[("pay", "{}"), ("look", "{}")]);
    let effects = session.handle(Input::Stop);
    assert!(effects.contains(&Effect::CancelTools) && !continues(&effects));
    assert_eq!(states(&session), [CallState::Stopped; 2]);
    assert!(!session.is_busy());
    assert_eq!(ended(&mut session, 1, Ok("late")), []);
    session.handle(Input::Draft("next".into()));
    let effects = session.handle(Input::Send(ask("k2")));
    assert_eq!(started(&effects).unwrap().0.messages.len(), 5, "what was stopped is told later");
}

#[test]
fn a_reload_loses_no_call_and_runs_and_asks_nothing_by_itself() {
    let reload = |before: &Session| {
        let mut session = Session::default();
        session.handle(Input::Offered(tools()));
        let load = Input::Load(Box::new(before.thread().clone()), before.live().cloned());
        let effects = session.handle(load);
        assert!(runs(&effects).is_empty() && !continues(&effects) && started(&effects).is_none());
        session
    };
    let (before, _) = asked(&[("pay", "{}"), ("look", "{}")]);
    let mut session = reload(&before);
    assert_eq!(states(&session), [CallState::Asked, CallState::Lost]);
    assert!(!session.is_busy(), "something else can be said instead");
    decide(&mut session, 1, Decision::Declined);
    decide(&mut session, 0, Decision::Allowed);
    ended(&mut session, 0, Ok("paid"));
    let mut session = reload(&session);
    let answer = last(&session).id;
    assert!(session.can_go_on(answer), "the model was not told");
    assert!(started(&go_on(&mut session, "k2")).is_some());
    assert!(!session.can_go_on(answer));

    let mut aside = reload(&before);
    aside.handle(Input::Draft("never mind".into()));
    let effects = aside.handle(Input::Send(ask("k2")));
    let told = &started(&effects).unwrap().0.messages;
    assert_eq!((told.len(), told[2].role), (5, Role::Tool), "an open call is told as not run");
}

#[test]
fn a_call_is_repeated_with_what_the_page_offered_when_it_was_made() {
    let mut session = Session::default();
    session.handle(Input::Draft("hello".into()));
    let offer = Offer { tools: "[{}]".into(), context: "\"here\"".into(), ..Offer::default() };
    let effects = session.handle(Input::Send(Ask { offer, ..ask("k1") }));
    let first =
        started(&effects).map(|(request, offer, key)| (request.clone(), offer.clone(), key.to_owned()));
    assert_eq!(first.as_ref().unwrap().0.messages[0].role, Role::System);
    let mut again = Session::default();
    let effects = again.handle(Input::Load(Box::new(session.thread().clone()), session.live().cloned()));
    let second =
        started(&effects).map(|(request, offer, key)| (request.clone(), offer.clone(), key.to_owned()));
    assert_eq!(first, second);
}

#[test]
fn a_model_that_calls_for_ever_is_told_to_use_words() {
    let (mut session, _) = asked(&[("look", "{}")]);
    let mut rounds = 1;
    loop {
        ended(&mut session, 0, Ok(""));
        let effects = go_on(&mut session, &format!("r{rounds}"));
        let (_, offer, _) = started(&effects).unwrap();
        if offer.words_only {
            break;
        }
        rounds += 1;
        called(&mut session, &[("look", "{}")]);
    }
    assert_eq!(rounds, MOST_ROUNDS);
    let effects = called(&mut session, &[("look", "{}")]);
    assert!(runs(&effects).is_empty() && !continues(&effects) && !session.is_busy());
}

#[test]
fn without_an_offer_calls_are_only_shown() {
    let mut session = Session::default();
    send(&mut session, "hello", "k1");
    called(&mut session, &[("look", "{}")]);
    assert_eq!((states(&session), session.is_busy()), (vec![CallState::Foreign], false));
    session.handle(Input::Draft("next".into()));
    let effects = session.handle(Input::Send(ask("k2")));
    assert_eq!(
        started(&effects).unwrap().0.messages.len(),
        2,
        "nobody answered them, so they are not repeated"
    );
}

#[test]
fn opening_another_chat_gives_up_what_runs() {
    let (mut session, _) = asked(&[("look", "{}")]);
    let effects = session.handle(Input::Leave);
    assert!(effects.contains(&Effect::CancelTools) && !session.is_busy());
    assert_eq!(states(&session), [CallState::Lost]);
}
