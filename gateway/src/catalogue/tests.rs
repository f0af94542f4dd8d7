#![allow(clippy::unwrap_used)]

use triptych_protocol::{Credits, Modality, Price, video_cost};

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
    let list = catalogue.list();
    let ids: Vec<&str> = list.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(
        ids[..6],
        ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio", "gpt-image-1.5", "sora-2", "sora-2-pro"]
    );
    assert_eq!(ids[6..], ["gpt-4o-mini-tts", "gpt-transcribe"]);
    let sora = catalogue.model("sora-2").unwrap();
    assert_eq!(video_cost(&sora.triptych.price, "1080p", 10).unwrap(), Credits::from_whole(75));
    assert_eq!(catalogue.model("gpt-4o-audio").unwrap().triptych.modality, Modality::Audio);
}

#[test]
fn the_example_of_a_reseller_is_a_catalogue() {
    let text = include_str!("../../catalogue.atlas.toml");
    let catalogue = Catalogue::parse("atlas", text).unwrap();
    for word in ["gpt-5.4", "claude", "flux", "seedance", "kling"] {
        assert!(catalogue.list().iter().any(|model| model.id.contains(word)), "{word}");
    }
}

#[test]
fn a_model_can_be_said_not_to_call_functions() {
    let tools = |more: &str| {
        Catalogue::parse("test", &format!("{ONE}{more}")).map(|catalogue| catalogue.list()[0].triptych.tools)
    };
    assert_eq!((tools("").unwrap(), tools("tools = false\n").unwrap()), (None, Some(false)));
    let picture = ONE.replace("\"chat\"", "\"image\"");
    let error = Catalogue::parse("test", &format!("{picture}tools = true\n")).unwrap_err();
    assert!(error.to_string().contains("models[0].tools"), "{error}");
}

#[test]
fn a_retired_model_is_not_listed_and_names_its_replacement() {
    let text = format!("{ONE}shutdown_date = \"2020-01-01\"\nreplacement = \"new\"\n");
    let catalogue = Catalogue::parse("test", &text).unwrap();
    assert_eq!(catalogue.list().len(), 0);
    let error = catalogue.model("old").unwrap_err();
    assert_eq!(error.code(), ErrorCode::ModelRetired);
    assert!(error.to_string().contains("`new`"), "{error}");
    assert_eq!(catalogue.model("never").unwrap_err().code(), ErrorCode::NotFound);
}

#[test]
fn a_model_whose_day_has_not_come_is_still_offered() {
    let text = format!("{ONE}shutdown_date = \"9999-12-31\"\n");
    assert_eq!(Catalogue::parse("test", &text).unwrap().list().len(), 1);
}

#[test]
fn a_model_that_goes_soon_warns_for_a_month_and_is_then_refused() {
    let text = format!("{ONE}shutdown_date = \"2027-01-15\"\nreplacement = \"new\"\n");
    let catalogue = Catalogue::parse("test", &text).unwrap();
    let warning = |today: &str| catalogue.list_on(today).first().map(|model| model.triptych.warning.clone());
    assert_eq!(warning("2026-12-15"), Some(None));
    let expected = "Old is offered until 2027-01-15. Use `new` from then on.";
    for day in ["2026-12-16", "2026-12-31", "2027-01-14"] {
        assert_eq!(warning(day), Some(Some(expected.to_owned())), "{day}");
        assert!(catalogue.model_on("old", day).is_ok());
        assert_eq!(retirement::notices(&catalogue.models, day).len(), 1);
    }
    assert!(retirement::notices(&catalogue.models, "2026-12-15").is_empty());
    for day in ["2027-01-15", "2027-02-01"] {
        assert_eq!(warning(day), None, "{day}");
        let error = catalogue.model_on("old", day).unwrap_err();
        assert_eq!((error.code(), error.code().status()), (ErrorCode::ModelRetired, 410));
        assert!(error.to_string().contains("`new`"), "{error}");
        assert!(retirement::notices(&catalogue.models, day)[0].contains("refused since 2027-01-15"));
    }
}

#[test]
fn prices_of_every_kind_are_read_in_credits() {
    let price = |modality: &str, price: &str| {
        let text = ONE.replace("\"chat\"", &format!("\"{modality}\""));
        let text = text.replace("{ unit = \"tokens\", input = 1, output = \"2.5\" }", price);
        Catalogue::parse("test", &text).map(|catalogue| catalogue.models[0].triptych.price.clone())
    };
    let tokens = price(
        "chat",
        "{ unit = \"tokens\", input = 125, output = 750, cached_input = \"12.5\", service_tiers = \
         [{ value = \"flex\", percent = 50 }], long_context = { above_tokens = 272000, input = 250, output = 1125 } }",
    );
    let Price::Tokens(tokens) = tokens.unwrap() else { panic!("no price by tokens") };
    assert_eq!(tokens.cached_input, Some(Credits::from_micro(12_500_000)));
    assert_eq!(tokens.long_context.unwrap().output, Credits::from_whole(1_125));
    let credits = Credits::from_micro(300_000);
    assert_eq!(
        price("transcription", "{ unit = \"minute\", credits = \"0.3\" }"),
        Ok(Price::Minute { credits })
    );
    assert_eq!(
        price("speech", "{ unit = \"characters\", credits = \"0.3\" }"),
        Ok(Price::Characters { credits })
    );
    for (modality, unit) in [("transcription", "characters"), ("video", "minute"), ("smell", "minute")] {
        let written = format!("{{ unit = \"{unit}\", credits = 1 }}");
        assert!(price(modality, &written).is_err(), "{modality}");
    }
    assert!(price("chat", "{ unit = \"tokens\", input = 1, output = 1, cached = 1 }").is_err());
}

#[test]
fn each_quality_that_can_be_chosen_has_a_price() {
    let text = |items: &str| {
        let model = ONE.replace("\"chat\"", "\"image\"");
        let price = format!("{{ unit = \"image\", sizes = [{items}] }}");
        let model = model.replace("{ unit = \"tokens\", input = 1, output = \"2.5\" }", &price);
        format!(
            "{model}parameters = [{{ name = \"quality\", label = \"Q\", type = \"choice\", default = \"low\", choices = \
             [{{ value = \"low\", label = \"L\" }}, {{ value = \"high\", label = \"H\" }}] }}]\n"
        )
    };
    let low = "{ value = \"1024x1024\", quality = \"low\", credits = 1 }";
    let high = "{ value = \"1024x1024\", quality = \"high\", credits = 4 }";
    assert!(Catalogue::parse("test", &text(&format!("{low}, {high}"))).is_ok());
    assert!(Catalogue::parse("test", &text("{ value = \"1024x1024\", credits = 1 }")).is_ok());
    let message = Catalogue::parse("test", &text(low)).unwrap_err();
    assert!(message.contains("`1024x1024` at the quality `high`"), "{message}");
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
fn days_are_counted_across_months_and_leap_years() {
    for (from, to, days) in [
        ("2026-11-22", "2026-12-22", 30),
        ("2028-02-28", "2028-03-01", 2),
        ("2027-02-28", "2027-03-01", 1),
        ("2026-12-31", "2027-01-01", 1),
        ("2027-01-01", "2026-12-31", -1),
    ] {
        assert_eq!(date::days_until(from, to), Some(days), "{from} {to}");
    }
    assert_eq!(date::days_until("2026-11-22", "soon"), None);
}

#[test]
fn days_follow_the_calendar() {
    for (days, text) in
        [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_779, "2026-11-22"), (-1, "1969-12-31")]
    {
        assert_eq!(date::today(days * 86_400_000), text);
    }
}
