use proptest::prelude::*;

use super::tools::{calling, offering};
use super::*;
use crate::thread::Decision;
use crate::tools::Tool;

fn any_id() -> impl Strategy<Value = MessageId> {
    (0u32..8).prop_map(MessageId)
}

fn any_decision() -> impl Strategy<Value = Decision> {
    prop::sample::select(vec![Decision::Allowed, Decision::Always, Decision::Declined])
}

/// An answer is told what came of every call in it, and of nothing else.
fn check_calls(request: &ChatRequest) -> Result<(), TestCaseError> {
    let mut due: Vec<&str> = Vec::new();
    for message in &request.messages {
        match message.role {
            Role::Tool => {
                let id = message.tool_call_id.as_deref();
                prop_assert_eq!(due.first().copied(), id);
                due.remove(0);
            }
            _ => {
                prop_assert!(due.is_empty());
                due = message.tool_calls.iter().flatten().map(|call| call.id.as_str()).collect();
            }
        }
    }
    prop_assert!(due.is_empty());
    Ok(())
}

fn any_input() -> impl Strategy<Value = Input> {
    let text = "[a-z]{0,4}";
    prop_oneof![
        text.prop_map(Input::Draft),
        "[a-z]{4}".prop_map(|key| Input::Send(offering(&key))),
        any_id().prop_map(|message| Input::Retry { message, ask: ask("r") }),
        any_id().prop_map(|message| Input::Regenerate { message, ask: ask("g") }),
        (any_id(), text).prop_map(|(message, text)| Input::Edit { message, text, ask: ask("e") }),
        any_id().prop_map(Input::Choose),
        (any_id(), any::<Option<bool>>()).prop_map(|(message, good)| Input::Feedback { message, good }),
        Just(Input::Offered(vec![
            Tool { name: "a".into(), asks: true, ..Tool::default() },
            Tool { name: "b".into(), asks: false, ..Tool::default() },
        ])),
        "[abc]".prop_map(|name| Input::Delta { piece: calling(&name), event: String::new(), now: 0.0 }),
        Just(Input::Delta {
            piece: Piece { finish: Some("tool_calls".into()), ..Piece::default() },
            event: String::new(),
            now: 0.0,
        }),
        (any_id(), 0usize..3, any_decision()).prop_map(|(message, place, decision)| Input::Decide {
            message,
            place,
            decision
        }),
        (any_id(), 0usize..3, prop::result::maybe_ok(text, text))
            .prop_map(|(message, place, result)| { Input::ToolEnded { message, place, result } }),
        any_id().prop_map(|message| Input::Continue { message, ask: offering("c") }),
        Just(Input::Stop),
        Just(Input::Leave),
        Just(Input::Watch),
        prop::option::of(text).prop_map(|stream| Input::Opened { stream }),
        (text, text, prop::option::of(text), 0.0..1e6).prop_map(|(text, event, finish, now)| {
            Input::Delta { piece: Piece { finish, ..words(&text) }, event, now }
        }),
        Just(Input::Paid { usage: None, extra: Some(extra(1)) }),
        Just(Input::Ended),
        Just(Input::Failed(Failure::network())),
        Just(Input::Failed(Failure::new(FailureKind::Server, "x"))),
        Just(Input::Failed(Failure::new(FailureKind::Gone, "x"))),
    ]
}

fn calls(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Start { .. } | Effect::Resume { .. })).count()
}

fn check_path(session: &Session) -> Result<(), TestCaseError> {
    let thread = session.thread();
    let path = thread.path();
    prop_assert_eq!(path.last().map(|message| message.id), thread.head());
    prop_assert!(path.first().is_none_or(|first| first.parent.is_none()));
    prop_assert!(path.windows(2).all(|pair| pair[1].parent == Some(pair[0].id)));
    prop_assert!(thread.messages().is_sorted_by_key(|message| message.id));
    for (id, place, of) in thread.forks() {
        let siblings = thread.siblings(id);
        prop_assert_eq!(siblings.get(place as usize - 1), Some(&id));
        prop_assert_eq!(siblings.len(), of as usize);
    }
    Ok(())
}

proptest! {
    #[test]
    fn whatever_happens_at_most_one_call_is_under_way_and_nothing_is_overwritten(
        inputs in prop::collection::vec(any_input(), 0..60),
        reload in 0usize..60,
    ) {
        let mut session = Session::default();
        for (index, input) in inputs.into_iter().enumerate() {
            if index == reload {
                let (thread, live) = (session.thread().clone(), session.live().cloned());
                session = Session::default();
                let effects = session.handle(Input::Load(Box::new(thread), live));
                prop_assert!(calls(&effects) <= 1);
            }
            let before = session.clone();
            let (listens, read) = (before.call.is_some(), matches!(input, Input::Failed(_) | Input::Ended));
            let effects = session.handle(input);

            let calls = calls(&effects);
            prop_assert!(calls == 0 || (calls == 1 && (!listens || read)), "one call at a time");
            let live: Vec<_> = session.thread().messages().iter().filter(|message| message.status.is_live()).collect();
            prop_assert_eq!(live.len(), usize::from(session.call.is_some()));
            prop_assert!(live.first().is_none_or(|message| session.live().is_some_and(|live| live.message == message.id)));
            prop_assert!(!(session.call.is_some() && session.is_left()));

            check_path(&session)?;
            for old in before.thread().messages().iter().filter(|old| !old.is_empty()) {
                let new = session.message(old.id);
                prop_assert!(new.is_some_and(|new| new.text.starts_with(&old.text) && new.parent == old.parent));
            }
            if let Some(Effect::Start { request, .. }) = effects.iter().find(|effect| matches!(effect, Effect::Start { .. })) {
                check_calls(request)?;
            }
            let told = effects.iter().find_map(|effect| match effect {
                Effect::Start { request, .. } => Some(request.messages.len()),
                _ => None,
            });
            prop_assert!(told.is_none_or(|told| told > 0), "a model is asked something");

            // What is kept when it is said that something is to be kept is all there is.
            let mut kept = before.thread().messages().to_vec();
            for effect in &effects {
                match effect {
                    Effect::Persist(Change::Message(id)) => {
                        kept.retain(|message| message.id != *id);
                        kept.extend(session.message(*id).cloned());
                    }
                    Effect::Persist(Change::Removed(id)) => kept.retain(|message| message.id != *id),
                    _ => {}
                }
            }
            kept.sort_by_key(|message| message.id);
            prop_assert!(kept.len() == session.thread().messages().len());
            for (kept, now) in kept.iter().zip(session.thread().messages()) {
                prop_assert!(kept.status.is_live() || now.status.is_live() || kept == now, "{:?} {:?}", kept, now);
            }
            let aside = |session: &Session| (session.thread().head(), session.draft().to_owned(), session.thread().model.clone());
            let same = aside(&before) == aside(&session);
            prop_assert!(same || effects.contains(&Effect::Persist(Change::Thread)));
        }
    }
}
