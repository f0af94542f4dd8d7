use triptych_protocol::json::Json;

use super::{Announce, Config, ConfigError, History, Mode, Theme};

impl Config {
    /// Reads the attributes of the element, an object of texts. What is missing is as usual.
    pub(crate) fn read(json: &Json) -> Result<Config, ConfigError> {
        let text = |name: &str| json.get(name).and_then(Json::text).map(String::from);
        let word = |name: &str| json.get(name).and_then(Json::text).unwrap_or_default();
        let flag = |name: &str| json.get(name) == Some(&Json::Bool(true));
        let usual = Config::default();
        Ok(Config {
            gateway: text("gateway").unwrap_or_default(),
            token_url: text("tokenUrl"),
            site_key: text("siteKey"),
            theme: match word("theme") {
                "" | "auto" => Theme::Auto,
                "light" => Theme::Light,
                "dark" => Theme::Dark,
                other => return Err(wrong("theme", other, "write auto, light or dark")),
            },
            mode: match word("mode") {
                "" | "launcher" => Mode::Launcher,
                "inline" => Mode::Inline,
                other => return Err(wrong("mode", other, "write launcher or inline")),
            },
            panels: text("panels").unwrap_or(usual.panels),
            model: text("model"),
            heading: text("heading"),
            placeholder: text("placeholder"),
            greeting: text("greeting"),
            history: match word("history") {
                "" | "on" => History::On,
                "off" => History::Off,
                other => return Err(wrong("history", other, "write on or off")),
            },
            image_hosts: text("imageHosts"),
            suggestions: text("suggestions"),
            open: flag("open"),
            math: flag("math"),
            diagrams: flag("diagrams"),
            dictation: flag("dictation"),
            announce: match word("announce") {
                "" => Announce::Sentences,
                word => Announce::from_id(word)
                    .ok_or_else(|| wrong("announce", word, "write sentences, end or off"))?,
            },
            locale: text("locale"),
            words: text("words"),
            dir: text("dir"),
        })
    }
}

fn wrong(attribute: &'static str, found: &str, remedy: &'static str) -> ConfigError {
    ConfigError { attribute, found: found.to_owned(), remedy }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        Config::read(&Json::parse(text).unwrap())
    }

    #[test]
    fn what_an_element_does_not_say_is_as_usual() {
        assert_eq!(read("{}"), Ok(Config::default()));
        assert_eq!(read(r#"{"gateway":null,"theme":null,"open":false,"later":1}"#), Ok(Config::default()));
        let config =
            read(r#"{"gateway":"https://a","tokenUrl":"/t","theme":"dark","mode":"inline","open":true}"#);
        let token_url = Some("/t".to_owned());
        let (theme, mode) = (Theme::Dark, Mode::Inline);
        assert_eq!(config, Ok(Config { token_url, theme, mode, open: true, ..Config::new("https://a") }));
    }

    #[test]
    fn a_word_that_an_attribute_does_not_take_is_refused_with_those_it_takes() {
        let error = read(r#"{"theme":"blue"}"#).unwrap_err().to_string();
        assert_eq!(error, r#"theme="blue" does not work: write auto, light or dark"#);
    }
}
