//! Bounds of speech and recordings.

use serde_json::{Value, json};
use triptych_protocol::{Bound, Credits, Limits, Modality, Model, Price, TokenPrice};

use super::super::audio::longest_seconds;
use super::super::{Quote, quote_body};
use super::catalogue;

fn model(modality: Modality, price: Price) -> Model {
    let mut model = catalogue().model("gpt-5.4").unwrap().clone();
    model.triptych.modality = modality;
    model.triptych.price = price;
    model.triptych.limits = Limits::default();
    model
}

fn quote(model: &Model, body: Value) -> Quote {
    quote_body(model, &body).unwrap()
}

fn param(model: &Model, body: Value) -> String {
    quote_body(model, &body).unwrap_err().body().error.param.unwrap_or_default()
}

#[test]
fn speech_by_characters_has_an_exact_price() {
    let speech = model(Modality::Speech, Price::Characters { credits: Credits::from_whole(750) });
    let quoted = quote(&speech, json!({"model": "m", "input": "Grüße", "voice": "alloy"}));
    assert_eq!((quoted.estimate.amount, quoted.estimate.bound), (Credits::from_micro(3_750), Bound::Exact));
    assert_eq!(param(&speech, json!({"model": "m", "input": "  "})), "input");
    assert_eq!(param(&speech, json!({"model": "m"})), "input");
    let mut brief = speech;
    brief.triptych.limits.max_prompt_chars = Some(4);
    assert_eq!(param(&brief, json!({"model": "m", "input": "Grüße"})), "input");
}

#[test]
fn speech_by_minutes_or_tokens_holds_for_the_slowest_speaker() {
    let minutes = model(Modality::Speech, Price::Minute { credits: Credits::from_whole(1) });
    // 240 characters at four a second and a quarter of the speed are four minutes.
    let quoted = quote(&minutes, json!({"model": "m", "input": "x".repeat(240)}));
    assert_eq!((quoted.estimate.amount, quoted.estimate.bound), (Credits::from_whole(4), Bound::AtMost));
    let price = TokenPrice {
        audio_output: Some(Credits::from_whole(600)),
        ..TokenPrice::new(Credits::from_whole(30), Credits::from_whole(30))
    };
    let mut tokens = model(Modality::Speech, Price::Tokens(price));
    let full = quote(&tokens, json!({"model": "m", "input": "x".repeat(240)})).estimate.amount;
    // Twenty tokens a second.
    assert!(full >= Credits::from_micro(240 * 20 * 600), "{full}");
    tokens.triptych.limits.max_completion_tokens = Some(1_000);
    assert!(quote(&tokens, json!({"model": "m", "input": "x".repeat(240)})).estimate.amount < full);
}

#[test]
fn a_recording_holds_its_length_or_the_longest_that_its_file_can_be() {
    let minutes = model(Modality::Transcription, Price::Minute { credits: Credits::from_micro(300_000) });
    let amount = |body: Value| quote(&minutes, body).estimate.amount;
    assert_eq!(amount(json!({"model": "m", "seconds": 90})), Credits::from_micro(450_000));
    assert_eq!(
        amount(json!({"model": "m", "bytes": 480_000, "format": "wav"})),
        Credits::from_micro(300_000)
    );
    assert_eq!(amount(json!({"model": "m", "bytes": 60_000, "format": "mp3"})), Credits::from_micro(300_000));
    assert!(amount(json!({"model": "m", "bytes": 60_000})) > Credits::from_micro(300_000));
    assert_eq!(param(&minutes, json!({"model": "m"})), "seconds");
    let mut brief = minutes.clone();
    brief.triptych.limits.max_seconds = Some(60);
    assert_eq!(param(&brief, json!({"model": "m", "seconds": 61})), "file");
    let huge = quote(&brief, json!({"model": "m", "bytes": u64::MAX, "format": "ogg"}));
    assert_eq!(huge.estimate.amount, Credits::from_micro(300_000));
}

#[test]
fn a_recording_by_tokens_holds_what_is_heard_and_what_is_written() {
    let price = TokenPrice {
        audio_input: Some(Credits::from_whole(300)),
        ..TokenPrice::new(Credits::from_whole(125), Credits::from_whole(500))
    };
    let tokens = model(Modality::Transcription, Price::Tokens(price));
    let quoted = quote(&tokens, json!({"model": "m", "seconds": 60}));
    // 72 tokens of frame, twenty heard and ten written a second.
    assert_eq!(quoted.estimate.amount.micro(), 72 * 125 + 60 * 20 * 300 + 60 * 10 * 500);
    let prompted = quote(&tokens, json!({"model": "m", "seconds": 60, "prompt": "Names: Ada, Grace."}));
    assert!(prompted.estimate.amount > quoted.estimate.amount);
}

#[test]
fn a_longer_file_is_never_shorter_sound() {
    for format in ["wav", "mp3", "flac", "webm", "", "MP3", "nonsense"] {
        assert_eq!(longest_seconds(format, 0), 0);
        assert!(longest_seconds(format, 1_000_000) >= longest_seconds(format, 999_999), "{format}");
        assert!(longest_seconds(format, u64::MAX) > 0);
    }
    assert_eq!(longest_seconds("MP3", 8_000), longest_seconds("mp3", 8_000));
}

#[test]
fn a_spoken_chat_holds_for_sound_in_and_out() {
    let price = TokenPrice {
        audio_input: Some(Credits::from_whole(2_000)),
        audio_output: Some(Credits::from_whole(4_000)),
        ..TokenPrice::new(Credits::from_whole(500), Credits::from_whole(750))
    };
    let model = model(Modality::Audio, Price::Tokens(price));
    // A second of 8 kHz, three bytes in four characters.
    let part = json!({"type": "input_audio", "input_audio": {"data": "A".repeat(10_664), "format": "wav"}});
    let mut body = json!({"max_tokens": 100, "messages": [{"role": "user", "content": [part]}]});
    let text = quote(&model, body.clone()).estimate;
    assert_eq!(text.prompt_tokens, Some(72 + 20));
    assert_eq!(text.amount.micro(), 72 * 500 + 20 * 2_000 + 100 * 750);
    body["modalities"] = json!(["text", "audio"]);
    assert_eq!(quote(&model, body).estimate.amount.micro(), 72 * 500 + 20 * 2_000 + 100 * 4_000);
}
