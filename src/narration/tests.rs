#![allow(clippy::unwrap_used)]

use triptych_protocol::{Bound, Credits, Model, ModelList, Price};

use super::*;

const ONE: MessageId = MessageId(1);
const TWO: MessageId = MessageId(2);

fn press(message: MessageId, parts: &[&str], key: &str) -> Input {
    let parts = parts.iter().map(|&part| part.to_owned()).collect();
    Input::Press { message, parts, voice: "m/alloy".to_owned(), key: key.to_owned() }
}

fn ask(sound: usize, words: &str) -> Effect {
    ask_anew(sound, words, &lasting_key("m/alloy", words))
}

fn ask_anew(sound: usize, words: &str, key: &str) -> Effect {
    Effect::Ask { sound: SoundId(sound), words: words.to_owned(), key: key.to_owned() }
}

fn play(sound: usize) -> Effect {
    Effect::Play(SoundId(sound))
}

fn came(sound: usize) -> Input {
    Input::Came(SoundId(sound))
}

fn failed(sound: usize, kind: FailureKind) -> (Input, Failure) {
    let failure = Failure::new(kind, "no");
    (Input::Failed(SoundId(sound), failure.clone()), failure)
}

#[test]
fn the_next_part_is_asked_for_while_one_is_played_and_each_has_a_key_of_its_own() {
    let mut narration = Narration::default();
    let begun = narration.handle(press(ONE, &["a", "b", "c"], "k"));
    assert_eq!(begun, [Effect::Show(Some(ONE)), ask(0, "a")]);
    assert_eq!(narration.handle(came(0)), [play(0), ask(1, "b")]);
    assert_eq!(narration.handle(came(1)), [], "one at a time");
    assert_eq!(narration.handle(Input::Over), [play(1), ask(2, "c")]);
    assert_eq!(narration.handle(Input::Over), [], "the last one is still under way");
    assert_eq!(narration.handle(came(2)), [play(2)]);
    assert_eq!(narration.handle(Input::Over), [Effect::Hush, Effect::Show(None)]);
}

#[test]
fn a_page_that_was_loaded_anew_asks_for_the_same_words_in_the_same_voice_under_the_same_key() {
    let key = |voice: &str, words: &str| {
        let press = Input::Press {
            message: ONE,
            parts: vec![words.to_owned()],
            voice: voice.to_owned(),
            key: "k".to_owned(),
        };
        match Narration::default().handle(press).pop() {
            Some(Effect::Ask { key, .. }) => key,
            _ => unreachable!("nothing was asked for"),
        }
    };
    assert_eq!(key("m/alloy", "Tides"), key("m/alloy", "Tides"));
    assert_ne!(key("m/alloy", "Tides"), key("m/alloy", "tides"));
    assert_ne!(key("m/alloy", "Tides"), key("m/ash", "Tides"));
    assert_ne!(key("m/a", "bc"), key("m/ab", "c"));
}

#[test]
fn what_was_read_once_is_heard_again_and_not_paid_again() {
    let mut narration = Narration::default();
    narration.handle(press(ONE, &["a", "b"], "k"));
    narration.handle(came(0));
    let stopped = narration.handle(press(ONE, &["a", "b"], "l"));
    assert_eq!(stopped, [Effect::Hush, Effect::Show(None)]);
    assert_eq!(narration.handle(came(1)), [], "what was paid is kept, though nobody listens");
    assert!(narration.has("a") && narration.has("b") && !narration.has("c"));
    let again = narration.handle(press(ONE, &["a", "b"], "m"));
    assert_eq!(again, [Effect::Show(Some(ONE)), play(0)]);
    assert_eq!(narration.handle(Input::Over), [play(1)]);
}

#[test]
fn another_answer_takes_the_place_of_the_one_that_is_read() {
    let mut narration = Narration::default();
    narration.handle(press(ONE, &["a"], "k"));
    let taken = narration.handle(press(TWO, &["b"], "l"));
    assert_eq!(taken, [Effect::Hush, Effect::Show(None), Effect::Show(Some(TWO)), ask(1, "b")]);
    assert_eq!(narration.handle(came(0)), [], "the first one is nobody's any more");
    assert_eq!(narration.handle(press(TWO, &[], "m")), [Effect::Hush, Effect::Show(None)]);
    assert_eq!(narration.handle(Input::Stop), [], "there is nothing to stop");
}

#[test]
fn a_lost_answer_is_asked_for_under_its_key_and_a_refused_one_under_a_new_one() {
    let mut narration = Narration::default();
    narration.handle(press(ONE, &["a"], "k"));
    let (lost, failure) = failed(0, FailureKind::Network);
    assert_eq!(narration.handle(lost), [Effect::Hush, Effect::Show(None), Effect::Tell(failure)]);
    let again = narration.handle(press(ONE, &["a"], "l"));
    assert_eq!(again, [Effect::Show(Some(ONE)), ask(0, "a")]);
    let (refused, failure) = failed(0, FailureKind::Credits);
    assert_eq!(narration.handle(refused), [Effect::Hush, Effect::Show(None), Effect::Tell(failure)]);
    let again = narration.handle(press(ONE, &["a"], "m"));
    assert_eq!(again, [Effect::Show(Some(ONE)), ask_anew(0, "a", "m-0")]);
}

#[test]
fn what_failed_ahead_of_its_time_is_asked_for_once_more_when_it_is_due() {
    let mut narration = Narration::default();
    narration.handle(press(ONE, &["a", "b"], "k"));
    narration.handle(came(0));
    let (lost, failure) = failed(1, FailureKind::Network);
    assert_eq!(narration.handle(lost.clone()), [], "the one before it is still heard");
    assert_eq!(narration.handle(Input::Over), [ask(1, "b")]);
    assert_eq!(narration.handle(lost), [Effect::Hush, Effect::Show(None), Effect::Tell(failure)]);
}

#[test]
fn a_sound_that_cannot_be_played_ends_it_and_is_not_paid_a_second_time() {
    let mut narration = Narration::default();
    narration.handle(press(ONE, &["a"], "k"));
    narration.handle(came(0));
    let ended = narration.handle(Input::Unplayable);
    assert_eq!(ended, [Effect::Hush, Effect::Show(None), Effect::TellUnplayable]);
    assert_eq!(narration.handle(press(ONE, &["a"], "l")), [Effect::Show(Some(ONE)), play(0)]);
}

#[test]
fn the_first_part_is_short_and_none_is_longer_than_the_model_takes() {
    let sentences: Vec<String> =
        (0..40).map(|_| "A sentence with forty characters in all.".to_owned()).collect();
    let found = parts(&sentences, Some(4096));
    let lengths: Vec<usize> = found.iter().map(|part| part.chars().count()).collect();
    assert_eq!(lengths, [122, 286, 614, 614]);
    assert_eq!(found.join(" "), sentences.join(" "));
    let short = parts(&sentences, Some(100));
    assert!(short.iter().all(|part| part.chars().count() <= 100));
    let chinese = parts(&["潮汐。".to_owned(), "海水。".to_owned()], None);
    assert_eq!(chinese, ["潮汐。海水。"]);
    assert_eq!(parts(&[], None), [""; 0]);
}

#[test]
fn the_price_is_that_of_the_calls() {
    let list = include_str!("../../crates/protocol/tests/golden/models.json");
    let mut model: Model = serde_json::from_str::<ModelList>(list).unwrap().data[0].clone();
    model.triptych.price = Price::Characters { credits: Credits::from_whole(750) };
    let parts = ["Grüße".to_owned(), "an alle".to_owned()];
    let price = estimate(&model, parts.iter()).unwrap();
    assert_eq!((price.amount, price.bound), (Credits::from_micro(12 * 750), Bound::Exact));
    model.triptych.price = Price::Minute { credits: Credits::from_whole(1) };
    assert_eq!(estimate(&model, parts.iter()).unwrap().bound, Bound::AtMost);
    model.triptych.price = Price::Other;
    assert_eq!(estimate(&model, parts.iter()), None);
}
