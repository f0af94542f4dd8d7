//! The files of the other languages, held against the English lines.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;

use super::ENGLISH;

/// The forms of each language in the order of its file. A browser test holds them against `Intl.PluralRules`.
const LANGUAGES: [(&str, &str); 11] = [
    ("ar", "zero|one|two|few|many|other"),
    ("de", "one|other"),
    ("es", "one|many|other"),
    ("fr", "one|many|other"),
    ("he", "one|two|other"),
    ("it", "one|many|other"),
    ("ja", "other"),
    ("nl", "one|other"),
    ("pl", "one|few|many|other"),
    ("pt-BR", "one|many|other"),
    ("zh-Hans", "other"),
];
/// These say their number in words where that is natural.
const WORDED: [&str; 3] = ["zero", "one", "two"];

fn lines(text: &str) -> BTreeMap<&str, &str> {
    text.lines().map(|line| line.split_once('=').unwrap_or_else(|| panic!("no name: {line:?}"))).collect()
}

fn holes(text: &str) -> Vec<&str> {
    let mut found: Vec<_> = ["{0}", "{1}", "{2}"].into_iter().filter(|hole| text.contains(hole)).collect();
    found.dedup();
    found
}

fn check(language: &str, forms: &str, text: &str) -> Vec<String> {
    let (english, own) = (lines(ENGLISH), lines(text));
    let mut problems = Vec::new();
    if own.len() != text.lines().count() {
        problems.push("a name is there twice".to_owned());
    }
    problems.extend(
        own.keys().filter(|name| !english.contains_key(*name)).map(|name| format!("{name}: unknown")),
    );
    let names: Vec<&str> = forms.split('|').collect();
    for (name, usual) in &english {
        let Some(line) = own.get(name) else {
            problems.push(format!("{name}: missing"));
            continue;
        };
        let given: Vec<&str> = line.split('|').collect();
        let has_forms = usual.contains('|');
        if given.len() != if has_forms { names.len() } else { 1 } {
            problems.push(format!("{name}: {} forms", given.len()));
        }
        for (form, of) in given.iter().zip(&names) {
            let may_lack = has_forms && WORDED.contains(of);
            let wanted = holes(usual.rsplit('|').next().unwrap());
            if form.is_empty() || (holes(form) != wanted && !(may_lack && holes(form).is_empty())) {
                problems.push(format!("{name}: {form:?}"));
            }
        }
    }
    if own.get("PluralForms") != Some(&forms) {
        problems.push(format!("PluralForms: not {forms}"));
    }
    problems.into_iter().map(|problem| format!("{language}: {problem}")).collect()
}

fn folder() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("pkg/src/locales")
}

#[test]
fn every_language_has_every_sentence_with_its_holes_and_forms() {
    let mut problems = Vec::new();
    for (language, forms) in LANGUAGES {
        let text = fs::read_to_string(folder().join(format!("{language}.txt"))).unwrap();
        problems.extend(check(language, forms, &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_file_is_one_of_a_known_language_and_can_be_found_by_the_loader() {
    let loader = fs::read_to_string(folder().join("../config.js")).unwrap();
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(LANGUAGES.iter().any(|(language, _)| name == format!("{language}.txt")), "{name}");
        assert!(loader.contains(&format!("new URL(\"./locales/{name}\", import.meta.url)")), "{name}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let text = ENGLISH.replace("{0} held", "held").replace("Send=Send\n", "Sent=x\n");
    let problems = check("xx", "one|other", &text.replace("|{0} pictures are ready.", ""));
    let names: Vec<_> = problems.iter().map(|problem| problem.split(' ').nth(1).unwrap()).collect();
    assert_eq!(names, ["Sent:", "HeldNow:", "SaidPicturesReady:", "Send:"], "{problems:?}");
}
