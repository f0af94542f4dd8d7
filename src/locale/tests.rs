#![allow(clippy::unwrap_used)]

use super::*;

const POLISH: Intl = Intl {
    plural: |_, number| match number {
        "1" => "one".into(),
        "2" | "3" | "4" => "few".into(),
        "1.5" => "other".into(),
        _ => "many".into(),
    },
    number: |_, number| number.replace('.', ","),
    date: |_, _| String::new(),
};
const FILE: &str = "PluralForms=one|few|many|other\nSend=Wyślij\nNonsense=x\nno line\n\
                    PriceExact={0} kredyt|{0} kredyty|{0} kredytów|{0} kredytu\n";

#[test]
fn a_number_chooses_among_the_forms_of_its_language() {
    let words = Words::new("pl", FILE, POLISH);
    let texts = ["1", "3", "5", "1.5"].map(|number| words.plural(Text::PriceExact, number));
    assert_eq!(texts, ["1 kredyt", "3 kredyty", "5 kredytów", "1,5 kredytu"]);
}

#[test]
fn what_a_language_lacks_is_said_in_english() {
    let words = Words::new("pl", FILE, POLISH);
    assert_eq!((words.get(Text::Send), words.get(Text::Stop)), ("Wyślij", "Stop"));
    // English has two forms only, whatever the other language would want.
    assert_eq!(words.plural(Text::SaidPicturesReady, "5"), "5 pictures are ready.");
}

#[test]
fn usual_labels_of_the_catalogue_are_translated_and_others_stay() {
    let words = Words::new("pl", "Square=Kwadrat\nSize=Rozmiar\n", POLISH);
    let labels =
        ["Square 1:1", "Size", "Sizeable", "Large square", "Mein Format"].map(|label| words.label(label));
    assert_eq!(labels, ["Kwadrat 1:1", "Rozmiar", "Sizeable", "Large square", "Mein Format"]);
}

#[test]
fn a_file_is_read_once() {
    assert!(Words::new("pl", FILE, POLISH) == Words::new("pl", FILE, POLISH));
    assert!(Words::new("pl", FILE, POLISH) != Words::new("cs", FILE, POLISH));
}

#[test]
fn what_is_filled_in_is_not_looked_at_again() {
    assert_eq!(filled("{0}, {1} {x} {", &["{1}", "b"]), "{1}, b {x} {");
    assert_eq!(filled("{2} ü{", &["a"]), "{2} ü{");
}

#[test]
fn english_numbers_have_their_thousands_apart() {
    let words = Words::english();
    assert_eq!(
        ["1234567.89", "-1000", "0.000001", "12"].map(|n| words.number(n)),
        ["1,234,567.89", "-1,000", "0.000001", "12"]
    );
}

#[test]
fn the_gateways_english_is_for_english_readers() {
    let refusal = Failure::new(FailureKind::Busy, "slow down, ada");
    assert_eq!(Words::english().failure(&refusal), "slow down, ada");
    assert_eq!(Words::new("pl", "RefusedBusy=Za dużo\n", POLISH).failure(&refusal), "Za dużo");
    assert_eq!(
        Words::english().failure(&Failure::from_status(503)),
        "The server answered with status 503. Try again in a moment."
    );
}
