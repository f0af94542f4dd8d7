#![allow(clippy::unwrap_used)]

use triptych_protocol::{ModelList, Price};

use super::*;

const SPOKEN: Take = Take { length: 2_000, loudest: 0.4 };

fn key(name: &str) -> String {
    name.to_owned()
}

/// A recording that the gateway is asked to write down.
fn writing() -> Recording {
    let mut recording = Recording::default();
    recording.handle(Input::Press);
    recording.handle(Input::Began);
    recording.handle(Input::Press);
    recording.handle(Input::Taken(SPOKEN, key("one")));
    recording
}

#[test]
fn what_is_said_is_recorded_and_written_down_once() {
    let mut recording = Recording::default();
    let begun = recording.handle(Input::Press);
    assert_eq!(begun, [Effect::Show(Stage::Asking), Effect::Forget, Effect::Record]);
    assert_eq!(recording.handle(Input::Began), [Effect::Show(Stage::On)]);
    assert_eq!(recording.handle(Input::Press), [Effect::Finish, Effect::Show(Stage::Ending)]);
    assert_eq!(recording.handle(Input::Press), [], "it is ending already");
    let asked = recording.handle(Input::Taken(SPOKEN, key("one")));
    assert_eq!(asked, [Effect::Show(Stage::Writing), Effect::Ask(key("one"))]);
    let written = recording.handle(Input::Written(" Explain tides.\n".to_owned()));
    let words = Effect::Write("Explain tides.".to_owned());
    assert_eq!(written, [Effect::Forget, Effect::Show(Stage::Idle), words]);
}

#[test]
fn nothing_is_paid_for_silence_or_a_slip() {
    for take in [Take { length: 100, ..SPOKEN }, Take { loudest: 0.001, ..SPOKEN }] {
        let mut recording = Recording::default();
        recording.handle(Input::Press);
        recording.handle(Input::Began);
        recording.handle(Input::Press);
        let ended = recording.handle(Input::Taken(take, key("one")));
        assert_eq!(ended, [Effect::Forget, Effect::Show(Stage::Idle), Effect::Tell(Problem::Silence)]);
    }
}

#[test]
fn a_refused_microphone_and_a_broken_recording_are_told_and_forgotten() {
    let mut recording = Recording::default();
    recording.handle(Input::Press);
    let refused = recording.handle(Input::Refused(Problem::Denied));
    assert_eq!(refused, [Effect::Forget, Effect::Show(Stage::Idle), Effect::Tell(Problem::Denied)]);
    recording.handle(Input::Press);
    recording.handle(Input::Began);
    recording.handle(Input::Press);
    let broken = recording.handle(Input::Broken);
    assert_eq!(broken, [Effect::Forget, Effect::Show(Stage::Idle), Effect::TellBroken]);
}

#[test]
fn the_longest_recording_is_written_down_and_told() {
    let mut recording = Recording::default();
    recording.handle(Input::Press);
    recording.handle(Input::Began);
    let full = recording.handle(Input::Full);
    assert_eq!(full, [Effect::Finish, Effect::Show(Stage::Ending), Effect::TellFull]);
    assert_eq!(recording.handle(Input::Full), []);
}

#[test]
fn what_is_discarded_is_not_written_down_and_what_is_paid_is_not_discarded() {
    for stage in [Stage::Asking, Stage::On, Stage::Ending] {
        let mut recording = Recording::default();
        recording.handle(Input::Press);
        if stage != Stage::Asking {
            recording.handle(Input::Began);
        }
        if stage == Stage::Ending {
            recording.handle(Input::Press);
        }
        assert_eq!(recording.stage(), stage);
        assert_eq!(recording.handle(Input::Discard), [Effect::Forget, Effect::Show(Stage::Idle)]);
        assert_eq!(recording.handle(Input::Began), [], "a permission that comes late changes nothing");
        assert_eq!(recording.handle(Input::Taken(SPOKEN, key("one"))), []);
    }
    assert_eq!(writing().handle(Input::Discard), []);
}

#[test]
fn a_recording_that_was_not_written_down_can_be_sent_again_and_is_paid_once() {
    let mut recording = writing();
    let failure = Failure::network();
    let failed = recording.handle(Input::Failed(failure.clone()));
    assert_eq!(failed, [Effect::Show(Stage::Kept), Effect::TellFailed(failure)]);
    let again = recording.handle(Input::Retry(key("two")));
    assert_eq!(again, [Effect::Show(Stage::Writing), Effect::Ask(key("one"))], "the same key");
    recording.handle(Input::Failed(Failure::new(FailureKind::Credits, "no")));
    let again = recording.handle(Input::Retry(key("three")));
    assert_eq!(again, [Effect::Show(Stage::Writing), Effect::Ask(key("three"))]);
    recording.handle(Input::Failed(Failure::network()));
    let anew = recording.handle(Input::Press);
    assert_eq!(anew, [Effect::Show(Stage::Asking), Effect::Forget, Effect::Record]);
}

#[test]
fn words_come_where_the_cursor_is_and_nothing_that_is_typed_is_lost() {
    let put = |draft: &str, cursor, words: &str| put_in(draft, cursor, words);
    assert_eq!(put("", 0, "Tides."), ("Tides.".into(), 6));
    assert_eq!(put("Explain please", 7, "tides"), ("Explain tides please".into(), 13));
    assert_eq!(put("Explain ", 8, "tides"), ("Explain tides".into(), 13));
    assert_eq!(put("👋 now", 2, "you"), ("👋 you now".into(), 6));
    assert_eq!(put("a", 99, "b"), ("a b".into(), 3));
    assert_eq!(put("海", 1, "潮"), ("海潮".into(), 2));
}

#[test]
fn the_price_is_that_of_the_longest_recording() {
    let list = include_str!("../../crates/protocol/tests/golden/models.json");
    let mut model: Model = serde_json::from_str::<ModelList>(list).unwrap().data[0].clone();
    model.triptych.price = Price::Minute { credits: Credits::from_micro(300_000) };
    assert_eq!(estimate(&model).unwrap().amount, Credits::from_micro(600_000));
    model.triptych.limits.max_seconds = Some(30);
    assert_eq!(estimate(&model).unwrap().amount, Credits::from_micro(150_000));
    model.triptych.price = Price::Other;
    assert_eq!(estimate(&model), None);
}

#[test]
fn a_wav_file_says_how_long_it_is() {
    let head = wav_head(16_000, 8_000);
    assert_eq!(head.len(), 44);
    assert_eq!((&head[..4], &head[8..16], &head[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
    assert_eq!(head[40..], 16_000_u32.to_le_bytes());
    assert_eq!(head[4..8], 16_036_u32.to_le_bytes());
    assert_eq!(head[24..28], 16_000_u32.to_le_bytes());
}
