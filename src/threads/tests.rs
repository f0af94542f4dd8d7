#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

fn row(id: &str, updated: f64) -> Row {
    Row { id: id.into(), title: format!("Thread {id}"), updated, ..Row::default() }
}

fn list(rows: &[(&str, f64)]) -> Threads {
    let mut threads = Threads::default();
    let rows = rows.iter().map(|(id, updated)| row(id, *updated)).collect();
    threads.handle(Input::Listed { rows, now: 100.0 });
    threads
}

fn ids(threads: &Threads) -> Vec<String> {
    threads.shown().into_iter().map(|row| row.id).collect()
}

#[test]
fn the_newest_is_first_and_moves_there_when_something_is_said_in_it() {
    let mut threads = list(&[("a", 1.0), ("b", 3.0), ("c", 2.0)]);
    assert_eq!(ids(&threads), ["b", "c", "a"]);
    assert_eq!(threads.handle(Input::Changed(row("a", 9.0))), [Effect::List]);
    assert_eq!(ids(&threads), ["a", "b", "c"]);
    assert_eq!(threads.handle(Input::Changed(row("a", 9.0))), [], "the same once more draws nothing");
}

#[test]
fn a_search_shows_titles_at_once_and_texts_as_they_are_found() {
    let mut threads = list(&[("a", 1.0), ("b", 3.0), ("c", 2.0)]);
    let effects = threads.handle(Input::Search("THREAD B".into()));
    assert_eq!(effects, [Effect::List, Effect::Search("THREAD B".into())]);
    assert_eq!(ids(&threads), ["b"]);
    threads.handle(Input::Found { query: "THREAD B".into(), ids: vec!["a".into()] });
    assert_eq!(ids(&threads), ["b", "a"]);
    threads.handle(Input::Search(String::new()));
    threads.handle(Input::Found { query: "THREAD B".into(), ids: vec!["a".into()] });
    assert_eq!(ids(&threads).len(), 3, "what an older search still finds is not listened to");
}

#[test]
fn a_deleted_thread_can_be_had_back_until_its_time_is_over() {
    let mut threads = list(&[("a", 1.0), ("b", 3.0)]);
    threads.handle(Input::Shown(Some("b".into())));
    let effects = threads.handle(Input::Delete { id: "b".into(), now: 5.0 });
    let hide = Effect::Hide { id: "b".into(), at: 5.0 };
    assert_eq!(effects, [Effect::List, Effect::New, hide, Effect::Wait]);
    assert_eq!(ids(&threads), ["a"]);
    assert_eq!(threads.handle(Input::Undo), [Effect::List, Effect::Restore("b".into())]);
    assert_eq!(ids(&threads), ["b", "a"]);
    assert!(threads.row("b").is_some_and(|row| row.deleted.is_none()));
    threads.handle(Input::Delete { id: "a".into(), now: 6.0 });
    let next = threads.handle(Input::Delete { id: "b".into(), now: 7.0 });
    assert!(next.contains(&Effect::Erase("a".into())), "only the last one can be had back");
    assert_eq!(threads.handle(Input::Forget), [Effect::List, Effect::Erase("b".into())]);
    assert_eq!(threads.handle(Input::Undo), []);
}

#[test]
fn what_a_tab_that_is_gone_deleted_is_cleared_away_and_what_another_still_holds_is_not() {
    let deleted = |id: &str, at| Row { deleted: Some(at), ..row(id, 1.0) };
    let rows = vec![deleted("old", 0.0), deleted("fresh", 99_000.0), deleted("ahead", 1e9), row("a", 1.0)];
    let mut threads = Threads::default();
    let effects = threads.handle(Input::Listed { rows, now: 100_000.0 });
    assert_eq!(effects, [Effect::Erase("old".into()), Effect::Erase("ahead".into()), Effect::List]);
    assert_eq!(ids(&threads), ["a"]);
}

#[test]
fn a_thread_that_another_tab_deleted_is_not_shown_any_longer() {
    let mut threads = list(&[("a", 1.0), ("b", 2.0)]);
    threads.handle(Input::Shown(Some("a".into())));
    let gone = Row { deleted: Some(50.0), ..row("a", 1.0) };
    assert_eq!(threads.handle(Input::Changed(gone)), [Effect::List, Effect::New]);
    assert_eq!(threads.handle(Input::Gone("b".into())), [Effect::List]);
    assert!(ids(&threads).is_empty());
}

#[test]
fn a_name_that_a_user_gave_is_one_line_and_an_empty_one_changes_nothing() {
    let mut threads = list(&[("a", 1.0)]);
    let effects = threads.handle(Input::Rename { id: "a".into(), title: "  My\n\u{202e}trip ".into() });
    assert_eq!(effects[1], Effect::Rename { id: "a".into(), title: "My trip".into() });
    assert_eq!(threads.handle(Input::Rename { id: "a".into(), title: " ".into() }), [Effect::List]);
    assert_eq!(threads.row("a").map(|row| row.title.as_str()), Some("My trip"));
}

#[test]
fn days_are_those_of_the_local_calendar() {
    let hour = 3_600_000.0;
    let noon = 20_000.0 * 24.0 * hour + 12.0 * hour;
    assert_eq!(Day::of(noon - 11.0 * hour, noon, 0.0), Day::Today);
    assert_eq!(Day::of(noon - 13.0 * hour, noon, 0.0), Day::Yesterday);
    assert_eq!(Day::of(noon - 13.0 * hour, noon, -120.0), Day::Today, "two hours east the day began earlier");
    assert_eq!(Day::of(noon - 6.0 * 24.0 * hour, noon, 0.0), Day::Week);
    assert_eq!(Day::of(noon - 29.0 * 24.0 * hour, noon, 0.0), Day::Month);
    assert_eq!(Day::of(0.0, noon, 0.0), Day::Older);
    assert_eq!(Day::of(noon + 48.0 * hour, noon, 0.0), Day::Today);
}

#[test]
fn a_markdown_file_closes_code_that_an_answer_left_open() {
    let messages = [
        Said { by_user: true, text: "Show code" },
        Said { by_user: false, text: "````rust\nfn main() {}\n```" },
        Said { by_user: true, text: "Thanks" },
    ];
    let file = markdown("Code\nand more", "You", "Assistent", messages);
    let expected = "# Code and more\n\n## You\n\nShow code\n\n## Assistent\n\n````rust\nfn main() {}\n```\n````\n\n## You\n\nThanks\n";
    assert_eq!(file, expected);
}

#[test]
fn a_files_name_has_nothing_of_a_path() {
    assert_eq!(file_name("../../etc/passwd: what?", "md"), "etc-passwd-what.md");
    assert_eq!(file_name("خبز وماء", "json"), "خبز-وماء.json");
    assert_eq!(file_name("?!", "md"), "chat.md");
}
