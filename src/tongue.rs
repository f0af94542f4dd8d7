//! The language that an answer is written in, as far as its letters tell: the browser is to read it with a voice that
//! can.

/// Letters from one to another, and the language that is written with them mostly.
const SCRIPTS: [(char, char, &str); 26] = [
    ('\u{370}', '\u{3ff}', "el"),
    ('\u{400}', '\u{52f}', "ru"),
    ('\u{531}', '\u{58f}', "hy"),
    ('\u{5d0}', '\u{5f4}', "he"),
    ('\u{620}', '\u{77f}', "ar"),
    ('\u{900}', '\u{97f}', "hi"),
    ('\u{980}', '\u{9ff}', "bn"),
    ('\u{a00}', '\u{a7f}', "pa"),
    ('\u{a80}', '\u{aff}', "gu"),
    ('\u{b80}', '\u{bff}', "ta"),
    ('\u{c00}', '\u{c7f}', "te"),
    ('\u{c80}', '\u{cff}', "kn"),
    ('\u{d00}', '\u{d7f}', "ml"),
    ('\u{d80}', '\u{dff}', "si"),
    ('\u{e01}', '\u{e5b}', "th"),
    ('\u{e81}', '\u{edf}', "lo"),
    ('\u{1000}', '\u{109f}', "my"),
    ('\u{10a0}', '\u{10ff}', "ka"),
    ('\u{1200}', '\u{137f}', "am"),
    ('\u{1780}', '\u{17ff}', "km"),
    ('\u{1f00}', '\u{1fff}', "el"),
    ('\u{3041}', '\u{30ff}', "ja"),
    ('\u{3400}', '\u{9fff}', "zh"),
    ('\u{ac00}', '\u{d7a3}', "ko"),
    ('\u{20000}', '\u{323af}', "zh"),
    // All else counts as Latin, of which the letters tell no language.
    ('A', '\u{24f}', ""),
];

/// Letters that are in one of the languages of a script only: of two that fit the later one is meant.
const TELLTALES: [(&str, &str, &str); 5] = [
    ("zh", "\u{3041}\u{3042}\u{3044}\u{306e}\u{306f}\u{3092}\u{306b}\u{3067}", "ja"),
    ("ru", "\u{456}\u{457}\u{454}\u{491}", "uk"),
    ("ru", "\u{45e}", "be"),
    ("ar", "\u{67e}\u{686}\u{6af}\u{6cc}", "fa"),
    ("ar", "\u{6d2}\u{679}\u{688}\u{6ba}", "ur"),
];

/// The language of a text; the usual one where its letters are of that one, or of none that tells.
pub fn tongue(text: &str, usual: &'static str) -> &'static str {
    let mut counts = [0_u32; SCRIPTS.len()];
    for letter in text.chars().filter(|letter| letter.is_alphabetic()) {
        let place = SCRIPTS.iter().position(|(first, last, _)| (*first..=*last).contains(&letter));
        if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
            // A sign of Chinese is as long as a few letters.
            *count += if letter < '\u{2e80}' { 1 } else { 3 };
        }
    }
    let of = |wanted: &str| {
        SCRIPTS
            .iter()
            .zip(counts)
            .filter(|((.., tag), _)| *tag == wanted)
            .map(|(_, count)| count)
            .sum::<u32>()
    };
    let most = SCRIPTS.iter().map(|(.., tag)| *tag).max_by_key(|tag| (of(tag), tag.is_empty()));
    let most = most.filter(|tag| of(tag) > 0).unwrap_or_default();
    let spoken = usual.split('-').next().unwrap_or(usual);
    let own = SCRIPTS.iter().map(|(.., tag)| *tag).find(|tag| *tag == spoken).unwrap_or_default();
    if most.is_empty() {
        // Without a letter of the usual script it is most likely English.
        return if own.is_empty() || of("") == 0 || of(own) > 0 { usual } else { "en" };
    }
    // Japanese is written with Chinese signs, too.
    if most == own || (own == "ja" && most == "zh") {
        return usual;
    }
    let telling = |(script, letters, _): &&(&str, &str, &str)| {
        *script == most && text.contains(|letter| letters.contains(letter))
    };
    TELLTALES.iter().rfind(telling).map_or(most, |(.., tag)| tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letters_tell_the_language_of_an_answer() {
        for (text, language) in [
            ("Прилив — это подъём воды.", "ru"),
            ("Приплив — це підйом води.", "uk"),
            ("المد هو ارتفاع الماء.", "ar"),
            ("جزر و مد یعنی بالا آمدن آب.", "fa"),
            ("הגאות היא עליית המים.", "he"),
            ("潮汐是海水的涨落。", "zh"),
            ("潮の満ち引きは月の引力による。", "ja"),
            ("조석은 바닷물의 높이 변화이다.", "ko"),
            ("Η παλίρροια.", "el"),
            ("น้ำขึ้นน้ำลง", "th"),
            ("ज्वार", "hi"),
        ] {
            assert_eq!(tongue(text, "de"), language, "{text}");
        }
    }

    #[test]
    fn where_they_do_not_tell_it_is_the_usual_one() {
        assert_eq!(tongue("Les marées montent deux fois par jour.", "fr"), "fr");
        assert_eq!(tongue("12:30 – 14:00", "he"), "he");
        assert_eq!(tongue("", "ja"), "ja");
        assert_eq!(tongue("潮汐是海水的涨落。", "zh-Hans"), "zh-Hans");
        assert_eq!(tongue("満月。", "ja"), "ja");
    }

    #[test]
    fn a_few_foreign_words_change_nothing_and_a_foreign_answer_does() {
        assert_eq!(tongue("Tides are called Прилив in Russian and 潮 in Chinese.", "en"), "en");
        assert_eq!(tongue("הגאות (tide) והשפל (ebb) באים פעמיים ביום", "he"), "he");
        assert_eq!(tongue("The tide rises twice a day.", "he"), "en");
        assert_eq!(tongue("Use `git push` בבקשה to send the commits away.", "he"), "he");
    }
}
