//! The functions that the page offers to the model, and what is let through between the two.

use triptych_protocol::json::Json;

/// How many calls of one answer are run.
pub const MOST_CALLS: usize = 16;
/// How many answers in a row may call something before one has to be words.
pub const MOST_ROUNDS: usize = 8;
/// The longest arguments that are taken from a model, in bytes. What is longer is no JSON any more.
pub const MOST_ARGUMENTS: usize = 100_000;
/// The longest result that a model is told, in bytes.
pub const MOST_RESULT: usize = 20_000;
/// Longer ids are replaced by our own.
const MOST_ID: usize = 128;
/// Longer names are of no tool.
const MOST_NAME: usize = 64;

/// How much of what the page says of a function is shown, in characters.
const MOST_ABOUT: usize = 300;

/// A function of the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// The user is asked before each call.
    pub asks: bool,
    /// What the page says of it, as people are shown it.
    pub about: String,
    /// Differs where anything differs that the model is told of it.
    pub print: String,
}

impl Tool {
    /// A function by its name, which ends with a `?` where the user is asked, and as a chat call has it.
    pub fn read(name: &str, definition: &str) -> Tool {
        let read = Json::parse(definition);
        let about = read.as_ref().and_then(|tool| tool.get("function")?.get("description")?.text());
        Tool {
            name: name.trim_end_matches('?').to_owned(),
            asks: name.ends_with('?'),
            about: plain(about.unwrap_or_default()),
            print: print(definition),
        }
    }
}

/// FNV-1a. Whoever could look for two definitions with one print is the page, and that runs what it wants anyway.
fn print(definition: &str) -> String {
    let hash = definition
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    hash.to_string()
}

/// One paragraph of a stranger's words, without what is not seen or turns the direction of what follows.
fn plain(text: &str) -> String {
    let unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}')
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
    };
    let mut plain = String::new();
    for word in text.split_whitespace() {
        if !plain.is_empty() {
            plain.push(' ');
        }
        plain.extend(word.chars().filter(|letter| !unseen(*letter)));
    }
    if let Some((end, _)) = plain.char_indices().nth(MOST_ABOUT) {
        plain.truncate(end);
        plain.push('…');
    }
    plain
}

/// What a model may say as arguments: an object, or nothing, which is an empty one.
pub fn arguments(text: &str) -> Option<&str> {
    match text.trim() {
        "" => Some("{}"),
        text => is_object(text).then_some(text),
    }
}

/// True for an object as JSON.
pub fn is_object(text: &str) -> bool {
    matches!(Json::parse(text), Some(Json::Object(_)))
}

/// What came of a call, as the model is told.
pub fn bounded(mut result: String) -> String {
    if result.len() > MOST_RESULT {
        let end = (0..=MOST_RESULT).rev().find(|end| result.is_char_boundary(*end)).unwrap_or(0);
        result.truncate(end);
        result.push_str("… (cut: the result is too long)");
    }
    result
}

/// The name of a call as it is repeated to servers, which take only some letters in it. A model may have written any.
pub fn clean_name(name: &str) -> String {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let name: String =
        name.chars().take(MOST_NAME).map(|letter| if fits(letter) { letter } else { '_' }).collect();
    if name.is_empty() { "unnamed".into() } else { name }
}

/// True where the server's name for a call can be repeated to it.
pub fn is_usable_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MOST_ID && !id.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_an_object_or_nothing() {
        for (text, taken) in [
            ("", Some("{}")),
            (" {\"a\": [1.5, {}]}\n", Some("{\"a\": [1.5, {}]}")),
            ("[1]", None),
            ("\"a\"", None),
            ("{\"a\":", None),
            ("{} {}", None),
        ] {
            assert_eq!(arguments(text), taken, "{text}");
        }
    }

    #[test]
    fn a_function_is_read_with_what_is_said_of_it_as_one_plain_paragraph() {
        let definition = r#"{"type":"function","function":{"name":"pay","description":"Pays\n\n  <b>now</b> \u202eyak\u0000!"}}"#;
        let tool = Tool::read("pay?", definition);
        assert_eq!((&*tool.name, tool.asks, &*tool.about), ("pay", true, "Pays <b>now</b> yak!"));
        assert_eq!(tool.print, Tool::read("pay", definition).print);
        assert_ne!(tool.print, Tool::read("pay?", &definition.replace("now", "later")).print);
        let long = format!(r#"{{"function":{{"description":"{}"}}}}"#, "ü".repeat(900));
        assert_eq!(Tool::read("pay", &long).about.chars().count(), MOST_ABOUT + 1);
        assert_eq!(Tool::read("look", "{").about, "");
    }

    #[test]
    fn a_long_result_is_cut_between_characters_and_says_so() {
        assert_eq!(bounded("short".into()), "short");
        let cut = bounded(format!("a{}", "ü".repeat(MOST_RESULT)));
        assert!(cut.len() < MOST_RESULT + 64 && cut.ends_with("too long)"), "{}", cut.len());
    }

    #[test]
    fn a_name_that_a_server_would_refuse_is_made_one_that_it_takes() {
        assert_eq!(clean_name("look_up-2"), "look_up-2");
        assert_eq!(clean_name("söme <b>"), "s_me__b_");
        assert_eq!((clean_name("").as_str(), clean_name(&"x".repeat(99)).len()), ("unnamed", 64));
        assert!(is_usable_id("call_1") && !is_usable_id("") && !is_usable_id("a\nb"));
    }
}
