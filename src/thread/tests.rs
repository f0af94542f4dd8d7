#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

fn message(id: u32, parent: Option<u32>) -> Message {
    Message { parent: parent.map(MessageId), ..Message::new(MessageId(id), Role::User) }
}

fn ids(messages: &[&Message]) -> Vec<u32> {
    messages.iter().map(|message| message.id.0).collect()
}

#[test]
fn a_branch_is_shown_down_to_its_newest_leaf() {
    // 0 ─ 1 ─ 2 ─ 4
    //   └ 3 ─ 5
    let parents = [None, Some(0), Some(1), Some(0), Some(2), Some(3)];
    let messages = parents.into_iter().zip(0..).map(|(parent, id)| message(id, parent)).collect();
    let mut thread = Thread::default().with_messages(messages, Some(MessageId(5)));
    assert_eq!(ids(&thread.path()), [0, 3, 5]);
    assert!(thread.choose(MessageId(1)));
    assert_eq!(ids(&thread.path()), [0, 1, 2, 4]);
    assert_eq!(thread.forks(), [(MessageId(1), 1, 2)]);
    assert!(!thread.choose(MessageId(9)));
    assert_eq!(thread.head(), Some(MessageId(4)));
}

#[test]
fn the_first_message_gives_the_title_and_a_name_that_people_gave_stays() {
    let mut thread = Thread::new(ThreadId("t".into()), 1.0);
    thread.add(None, Role::User, "\n  What is rain?\nAnd why?".into(), 2.0);
    assert_eq!((thread.title.as_str(), thread.created, thread.updated), ("What is rain?", 1.0, 2.0));
    thread.title = "Rain".into();
    thread.add(thread.head(), Role::User, "More".into(), 3.0);
    assert_eq!(thread.title, "Rain");
    let long = title(&"wörter ".repeat(40));
    assert!(long.ends_with("wörter…") && long.chars().count() <= TITLE + 1, "{long}");
    assert_eq!(title(&"ö".repeat(200)).chars().count(), TITLE + 1);
}

proptest! {
    #[test]
    fn what_was_kept_becomes_a_tree_whatever_became_of_it(
        kept in prop::collection::vec((0u32..12, prop::option::of(0u32..14)), 0..20),
        head in prop::option::of(0u32..14),
    ) {
        let messages = kept.into_iter().map(|(id, parent)| message(id, parent)).collect();
        let mut thread = Thread::default().with_messages(messages, head.map(MessageId));
        prop_assert_eq!(thread.head().is_none(), thread.messages().is_empty());
        for id in 0..14 {
            let known = thread.message(MessageId(id)).is_some();
            prop_assert_eq!(thread.choose(MessageId(id)), known);
            let path = ids(&thread.path());
            prop_assert!(!known || path.contains(&id));
            prop_assert!(path.is_sorted());
        }
        let new = thread.add(thread.head(), Role::User, "x".into(), 0.0);
        prop_assert!(thread.messages().iter().all(|message| message.id <= new));
    }
}
