//! How the copilot looks and whom it talks to.

mod attributes;

use std::fmt;

use crate::locale::Text;
use triptych_protocol::json::Json;

/// More than this nobody reads.
const MOST_SUGGESTIONS: usize = 8;

/// How the copilot looks and whom it talks to. The element's attributes, in camel case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The gateway's address, such as `https://ai.example.com`. The only host that is ever called, apart from
    /// `token_url`.
    pub gateway: String,
    /// Where the page's own backend answers with a browser token. Not needed where the host gives `getToken`.
    pub token_url: Option<String>,
    /// For a page without a backend: the key by which the gateway knows the site and hands out tokens itself.
    pub site_key: Option<String>,
    /// Light, dark, or what the system says.
    pub theme: Theme,
    /// A button that opens the copilot, or the copilot itself in the flow of the page.
    pub mode: Mode,
    /// Which panels there are, in their order, separated by spaces.
    pub panels: String,
    /// The chat model to start with; the catalogue's first when absent.
    pub model: Option<String>,
    /// The name at the top.
    pub heading: Option<String>,
    /// The hint in the empty text box.
    pub placeholder: Option<String>,
    /// What an empty conversation says.
    pub greeting: Option<String>,
    /// Whether conversations and drafts are kept in the browser, for the next page and the next visit.
    pub history: History,
    /// Hosts whose images in answers load without a click, separated by spaces: `img.example.com`, or `*.example.com`
    /// for all below it. `https` only. The gateway's own files always load.
    pub image_hosts: Option<String>,
    /// What an empty conversation offers to ask: one a line, or a JSON array.
    pub suggestions: Option<String>,
    /// Whether a launcher starts open.
    pub open: bool,
    /// Whether formulas in answers are drawn: between `$` or `\\(` and `\\)`, between `$$` or `\\[` and `\\]`, and in
    /// blocks of code in the language `math`. Counts for what is painted from then on.
    pub math: bool,
    /// Whether blocks of code in the language `mermaid` are drawn as diagrams.
    pub diagrams: bool,
    /// Whether the user can dictate, where the browser can write down what it hears. Most send the sound to a service
    /// of their maker, so the page decides.
    pub dictation: bool,
    /// What a screen reader says of an answer that comes in, until the user chooses otherwise.
    pub announce: Announce,
    /// The language, such as `de` or `pt-BR`. It is English unless `words` has its sentences.
    pub locale: Option<String>,
    /// The sentences of that language: the text of its file in the npm package's `locales`.
    pub words: Option<String>,
    /// `rtl` or `ltr` where the direction of writing is not that of the page around.
    pub dir: Option<String>,
}

/// Colours of the widget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// Whether anything outlives the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Conversations are kept in the browser, apart by user.
    #[default]
    On,
    /// Nothing is kept, as on machines that strangers share.
    Off,
}

/// Where the widget stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// A button in the corner of the page that opens the copilot.
    #[default]
    Launcher,
    /// In the flow of the page.
    Inline,
}

/// What a screen reader says of an answer that comes in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Announce {
    /// Each sentence, as soon as it is complete.
    #[default]
    Sentences,
    /// That it has come.
    End,
    /// Nothing.
    Off,
}

impl Announce {
    /// All of them, in the order of the menu.
    pub(crate) const ALL: [Announce; 3] = [Announce::Sentences, Announce::End, Announce::Off];

    /// Its name in the configuration.
    pub const fn id(self) -> &'static str {
        match self {
            Announce::Sentences => "sentences",
            Announce::End => "end",
            Announce::Off => "off",
        }
    }

    /// The one of a name.
    pub fn from_id(id: &str) -> Option<Announce> {
        Announce::ALL.into_iter().find(|choice| choice.id() == id)
    }
}

/// One of the three panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Panel {
    /// Text.
    Chat,
    /// Pictures.
    Image,
    /// Clips.
    Video,
}

impl Panel {
    /// Its name for people, which is also the name of its tab.
    pub const fn label(self) -> Text {
        match self {
            Panel::Chat => Text::Chat,
            Panel::Image => Text::Image,
            Panel::Video => Text::Video,
        }
    }

    /// Its name in the configuration.
    pub const fn id(self) -> &'static str {
        match self {
            Panel::Chat => "chat",
            Panel::Image => "image",
            Panel::Video => "video",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            gateway: String::new(),
            token_url: None,
            site_key: None,
            theme: Theme::Auto,
            mode: Mode::Launcher,
            panels: "chat image video".into(),
            model: None,
            heading: None,
            placeholder: None,
            greeting: None,
            history: History::On,
            image_hosts: None,
            suggestions: None,
            open: false,
            math: false,
            diagrams: false,
            dictation: false,
            announce: Announce::Sentences,
            locale: None,
            words: None,
            dir: None,
        }
    }
}

impl Config {
    /// The configuration for a gateway, all else as usual.
    pub fn new(gateway: impl Into<String>) -> Self {
        Config { gateway: gateway.into(), ..Config::default() }
    }

    /// The panels in their order, each once. All three where none is named.
    pub fn panels(&self) -> Vec<Panel> {
        let mut panels = Vec::new();
        for word in self.panels.split([' ', ',']) {
            let panel = match word {
                "chat" => Panel::Chat,
                "image" => Panel::Image,
                "video" => Panel::Video,
                _ => continue,
            };
            if !panels.contains(&panel) {
                panels.push(panel);
            }
        }
        if panels.is_empty() { vec![Panel::Chat, Panel::Image, Panel::Video] } else { panels }
    }

    /// What an empty conversation offers to ask.
    pub fn suggestions(&self) -> Vec<String> {
        let text = self.suggestions.as_deref().unwrap_or_default().trim();
        let all: Vec<String> = match Json::parse(text) {
            Some(Json::List(list)) => list.iter().filter_map(|item| item.text().map(str::to_owned)).collect(),
            _ => text.lines().map(str::to_owned).collect(),
        };
        let all = all.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        all.take(MOST_SUGGESTIONS).collect()
    }

    /// The gateway's address without a slash at its end.
    pub fn gateway(&self) -> Result<&str, ConfigError> {
        let gateway = self.gateway.trim().trim_end_matches('/');
        let scheme = ["https://", "http://"].into_iter().find(|scheme| gateway.starts_with(scheme));
        match scheme {
            Some(scheme) if gateway.len() > scheme.len() => Ok(gateway),
            _ => Err(ConfigError {
                attribute: "gateway",
                found: self.gateway.clone(),
                remedy: "write the gateway's address, such as https://ai.example.com",
            }),
        }
    }
}

/// The configuration cannot be worked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The attribute at fault.
    pub attribute: &'static str,
    /// What it said.
    pub found: String,
    /// What it takes.
    pub remedy: &'static str,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=\"{}\" does not work: {}", self.attribute, self.found, self.remedy)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_panels_come_in_the_order_of_the_attribute_and_only_once() {
        let panels = |text: &str| Config { panels: text.into(), ..Config::default() }.panels();
        assert_eq!(panels("video, chat video"), [Panel::Video, Panel::Chat]);
        assert_eq!(panels("nonsense"), [Panel::Chat, Panel::Image, Panel::Video]);
    }

    #[test]
    fn suggestions_come_as_lines_or_as_an_array() {
        let parsed =
            |text: &str| Config { suggestions: Some(text.into()), ..Config::default() }.suggestions();
        assert_eq!(parsed(" What can you do?\n\n  Write a poem "), ["What can you do?", "Write a poem"]);
        assert_eq!(parsed(r#"["a, b", 7, "c\nd", " "]"#), ["a, b", "c\nd"]);
        assert_eq!(parsed("[not JSON"), ["[not JSON"]);
        assert_eq!(Config::default().suggestions(), [""; 0]);
    }

    #[test]
    fn a_gateway_that_is_no_address_is_refused_by_name() {
        assert_eq!(Config::new("https://ai.example/").gateway(), Ok("https://ai.example"));
        for wrong in ["", "ai.example", "ftp://x", "javascript:alert(1)", "https://"] {
            let config = Config::new(wrong);
            assert!(
                config.gateway().is_err_and(|error| error.to_string().starts_with("gateway=")),
                "{wrong}"
            );
        }
    }
}
