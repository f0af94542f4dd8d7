#![allow(clippy::unwrap_used)]

use triptych_protocol::{Credits, Modality, video_cost};

use super::*;

const ONE: &str = r#"
price_version = 3
[[models]]
id = "old"
owned_by = "me"
name = "Old"
modality = "chat"
price = { unit = "tokens", input = 1, output = "2.5" }
"#;

#[test]
fn the_built_in_catalogue_has_every_model_of_the_product() {
    let catalogue = Catalogue::load(None).unwrap();
    let ids: Vec<&str> = catalogue.list().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio", "gpt-image-1.5", "sora-2", "sora-2-pro"]);
    let sora = catalogue.model("sora-2").unwrap();
    assert_eq!(video_cost(&sora.triptych.price, "1080p", 10).unwrap(), Credits::from_whole(75));
    assert_eq!(catalogue.model("gpt-4o-audio").unwrap().triptych.modality, Modality::Audio);
}

#[test]
fn a_retired_model_is_not_listed_and_names_its_replacement() {
    let text = format!("{ONE}shutdown_date = \"2020-01-01\"\nreplacement = \"new\"\n");
    let catalogue = Catalogue::parse("test", &text).unwrap();
    assert_eq!(catalogue.list().count(), 0);
    let error = catalogue.model("old").unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelRetired);
    assert!(error.to_string().contains("`new`"), "{error}");
    assert_eq!(catalogue.model("never").unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn a_model_whose_day_has_not_come_is_still_offered() {
    let text = format!("{ONE}shutdown_date = \"9999-12-31\"\n");
    assert_eq!(Catalogue::parse("test", &text).unwrap().list().count(), 1);
}

#[test]
fn a_wrong_catalogue_is_told_where() {
    for (from, to, expected) in [
        ("owned_by", "owner", "test: models[0].owner"),
        ("input = 1", "input = 1.5", "test: models[0].price"),
        ("modality = \"chat\"", "modality = \"image\"", "test: models[0].price.unit"),
        ("id = \"old\"", "id = \"\"", "test: models[0].id"),
        (
            "name = \"Old\"",
            "name = \"Old\"\nshutdown_date = \"soon\"",
            "test: models[0].shutdown_date: `soon`",
        ),
    ] {
        let message = Catalogue::parse("test", &ONE.replace(from, to)).unwrap_err();
        assert!(message.starts_with(expected), "{message}");
    }
}

#[test]
fn days_follow_the_calendar() {
    for (days, text) in
        [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22"), (-1, "1969-12-31")]
    {
        assert_eq!(date::today(days * 86_400_000), text);
    }
}
