#![allow(clippy::unwrap_used)]

use super::*;
use triptych_protocol::Credits;

fn model() -> Model {
    serde_json::from_str(include_str!("../../../crates/protocol/tests/golden/model_chat.json")).unwrap()
}

#[test]
fn a_file_is_told_by_its_type_and_where_that_is_missing_by_its_ending() {
    let kind = |name, mime| kind_of(name, mime).map(|(kind, _)| kind);
    assert_eq!(kind("a.png", "image/png"), Some(Kind::Picture));
    assert_eq!(kind("a.heic", "image/heic"), Some(Kind::Picture));
    assert_eq!(kind("a.svg", "image/svg+xml"), Some(Kind::Text));
    assert_eq!(kind("a.PDF", ""), Some(Kind::Document));
    assert_eq!(kind_of("a", "audio/x-wav"), Some((Kind::Sound, "audio/wav")));
    assert_eq!(kind("a.rs", ""), Some(Kind::Text));
    assert_eq!(kind("a.ts", "video/mp2t"), Some(Kind::Text));
    assert_eq!(kind("a.mp4", "video/mp4"), None);
    assert_eq!(kind("a.ogg", "audio/ogg"), None);
}

#[test]
fn the_catalogue_says_what_a_model_takes_and_a_bare_server_is_left_to_decide() {
    let mut model = model();
    assert_eq!(Takes::of(&model), Takes { pictures: true, sounds: false, documents: false });
    model.triptych.limits.image_tokens = None;
    model.triptych.modality = Modality::Audio;
    assert_eq!(Takes::of(&model), Takes { pictures: false, sounds: true, documents: false });
    model.triptych.price = Price::Other;
    assert_eq!(Takes::of(&model), Takes { pictures: true, sounds: true, documents: true });
}

#[test]
fn what_fits_follows_from_what_the_gateway_says_and_what_is_sent_along_already() {
    let mut model = model();
    model.triptych.limits.body_bytes = Some(1_000_000);
    let first = room(&model, &Cargo::default());
    assert_eq!(first, 1_000_000 - 32_768);
    let later = room(&model, &Cargo { encoded: 500_000, text: 4_000, ..Cargo::default() });
    assert_eq!(later, first - 505_000);
    assert!(biggest(Kind::Picture, later).unwrap() < biggest(Kind::Picture, first).unwrap());
    assert_eq!(biggest(Kind::Picture, 40_000), None);
    assert_eq!(biggest(Kind::Document, 0), None);
    model.triptych.price = Price::tokens(Credits::ZERO, Credits::ZERO);
    model.triptych.limits.body_bytes = None;
    assert!(room(&model, &Cargo::default()) < 1 << 20);
}

#[test]
fn pictures_are_sent_in_their_proportion_and_never_enlarged() {
    assert_eq!(within(2_048, 4_096, 2_048), (2_048, 1_024));
    assert_eq!(within(2_048, 100, 50), (100, 50));
    assert_eq!(within(2_048, 100_000, 3), (2_048, 1));
}

#[test]
fn a_name_cannot_pretend_to_be_another() {
    assert_eq!(clean_name("photo\u{202e}gpj.exe\n"), "photogpj.exe");
    let long = format!("{}.pdf", "a".repeat(300));
    let clean = clean_name(&long);
    assert!(clean.chars().count() <= LONGEST_NAME && clean.ends_with("aa.pdf") && clean.contains('…'));
}
