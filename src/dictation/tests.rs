use super::*;

fn heard(all: &[(&str, bool)]) -> Input {
    Input::Heard(all.iter().map(|&(words, sure)| Heard { words: words.to_owned(), sure }).collect())
}

fn speaking(draft: &str) -> Dictation {
    let mut dictation = Dictation::default();
    assert_eq!(dictation.handle(Input::Press(draft.to_owned())), [Effect::Listen, Effect::Show(true)]);
    dictation
}

fn written(effects: Vec<Effect>) -> String {
    match effects.as_slice() {
        [Effect::Write(draft)] => draft.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_come_as_they_are_spoken_and_are_corrected_until_they_are_sure() {
    let mut dictation = speaking("Tell me");
    assert_eq!(written(dictation.handle(heard(&[("a boat", false)]))), "Tell me a boat");
    assert_eq!(
        written(dictation.handle(heard(&[("about", false), (" tights", false)]))),
        "Tell me about tights"
    );
    assert_eq!(
        written(dictation.handle(heard(&[("about", true), (" tides", false)]))),
        "Tell me about tides"
    );
    assert_eq!(dictation.handle(heard(&[("about", true), (" tides", true)])), [], "it is there already");
    let all = [("about", true), (" tides", true), (" and ebb.", true)];
    assert_eq!(written(dictation.handle(heard(&all))), "Tell me about tides and ebb.");
}

#[test]
fn a_result_that_comes_twice_is_written_once() {
    let mut dictation = speaking("");
    dictation.handle(heard(&[("one", true)]));
    assert_eq!(dictation.handle(heard(&[("one", true)])), []);
}

#[test]
fn what_is_typed_meanwhile_stays() {
    let mut dictation = speaking("");
    dictation.handle(heard(&[("see the", false)]));
    dictation.handle(Input::Typed("Please see the, thanks".into()));
    assert_eq!(written(dictation.handle(heard(&[("sea", false)]))), "Please sea, thanks");
    assert_eq!(dictation.handle(heard(&[("sea", true)])), []);
    let next = written(dictation.handle(heard(&[("sea", true), ("now", false)])));
    assert_eq!(next, "Please sea, thanks now");
}

#[test]
fn words_that_the_user_types_over_are_the_users() {
    let mut dictation = speaking("");
    dictation.handle(heard(&[("pair", false)]));
    dictation.handle(Input::Typed("pear".into()));
    assert_eq!(dictation.handle(heard(&[("pair", true)])), []);
    assert_eq!(written(dictation.handle(heard(&[("pair", true), ("tree", true)]))), "pear tree");
    dictation.handle(Input::Typed(String::new()));
    let all = [("pair", true), ("tree", true), ("new", false)];
    assert_eq!(written(dictation.handle(heard(&all))), "new");
}

#[test]
fn the_last_words_come_after_the_stop() {
    let mut dictation = speaking("");
    dictation.handle(heard(&[("wait", false)]));
    assert_eq!(dictation.handle(Input::Stop), [Effect::Finish, Effect::Show(false)]);
    assert!(!dictation.listens());
    assert_eq!(written(dictation.handle(heard(&[("wait.", true)]))), "wait.");
    assert_eq!(dictation.handle(Input::Ended(None)), [Effect::Forget, Effect::Show(false)]);
    assert_eq!(dictation.handle(heard(&[("late", true)])), [], "that one is over");
}

#[test]
fn a_draft_that_is_sent_takes_nothing_more() {
    let mut dictation = speaking("");
    dictation.handle(heard(&[("go", false)]));
    assert_eq!(dictation.handle(Input::Replaced), [Effect::Forget, Effect::Show(false)]);
    assert_eq!(dictation.handle(heard(&[("go", true)])), []);
    assert_eq!(dictation.handle(Input::Replaced), []);
}

#[test]
fn an_error_is_told_and_an_end_by_itself_is_said() {
    let ended = |before: &[(&str, bool)], error: Option<&str>| {
        let mut dictation = speaking("");
        dictation.handle(heard(before));
        dictation.handle(Input::Ended(error.map(str::to_owned))).pop()
    };
    for (error, told) in [
        ("not-allowed", Problem::Denied),
        ("audio-capture", Problem::NoMicrophone),
        ("network", Problem::Network),
        ("no-speech", Problem::Silence),
        ("language-not-supported", Problem::Unable),
    ] {
        assert_eq!(ended(&[], Some(error)), Some(Effect::Tell(told)), "{error}");
    }
    assert_eq!(ended(&[], Some("aborted")), Some(Effect::Over));
    assert_eq!(ended(&[("yes", true)], Some("no-speech")), Some(Effect::Over));
    assert_eq!(ended(&[("yes", true)], None), Some(Effect::Over));
}

#[test]
fn scripts_without_blanks_get_none() {
    let mut dictation = speaking("今日は");
    assert_eq!(written(dictation.handle(heard(&[("晴れ", true)]))), "今日は晴れ");
    let mut dictation = speaking("One\n");
    assert_eq!(written(dictation.handle(heard(&[(" two", true)]))), "One\ntwo");
}
