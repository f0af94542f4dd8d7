//! What can be typed instead of a message: a slash and a word at its beginning.

use crate::config::Panel;

/// A thing to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// The words become the prompt of the image panel.
    Image,
    /// The words become the prompt of the video panel.
    Video,
    /// A new conversation.
    New,
    /// The choice of a model.
    Model,
    /// What can be typed and pressed.
    Help,
}

impl Command {
    /// The word after the slash.
    pub const fn word(self) -> &'static str {
        match self {
            Command::Image => "image",
            Command::Video => "video",
            Command::New => "new",
            Command::Model => "model",
            Command::Help => "help",
        }
    }

    /// True where more words follow.
    pub const fn takes_words(self) -> bool {
        matches!(self, Command::Image | Command::Video | Command::Model)
    }
}

/// What there is beside these panels.
pub fn offered(panels: &[Panel]) -> Vec<Command> {
    let mut commands = Vec::new();
    for (panel, command) in [(Panel::Image, Command::Image), (Panel::Video, Command::Video)] {
        if panels.contains(&panel) {
            commands.push(command);
        }
    }
    commands.extend([Command::New, Command::Model, Command::Help]);
    commands
}

/// What the draft may become: the commands that begin like it, while only their word is typed.
pub fn matching(draft: &str, panels: &[Panel]) -> Vec<Command> {
    match draft.strip_prefix('/') {
        Some(typed) if !typed.contains(char::is_whitespace) => {
            let typed = typed.to_lowercase();
            offered(panels).into_iter().filter(|command| command.word().starts_with(&typed)).collect()
        }
        _ => Vec::new(),
    }
}

/// What the draft says, with the words that follow. None where it is a message like any other.
pub fn parse<'a>(draft: &'a str, panels: &[Panel]) -> Option<(Command, &'a str)> {
    let typed = draft.trim().strip_prefix('/')?;
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let command = offered(panels).into_iter().find(|command| command.word().eq_ignore_ascii_case(word))?;
    let rest = rest.trim();
    (command.takes_words() || rest.is_empty()).then_some((command, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Panel; 3] = [Panel::Chat, Panel::Image, Panel::Video];

    #[test]
    fn the_list_has_what_begins_like_the_draft_and_whose_panel_is_there() {
        assert_eq!(matching("/", &[Panel::Chat]), [Command::New, Command::Model, Command::Help]);
        assert_eq!(matching("/I", &ALL), [Command::Image]);
        assert_eq!(matching("/image ", &ALL), []);
        assert_eq!(matching("a /", &ALL), []);
        assert_eq!(matching("", &ALL), []);
    }

    #[test]
    fn the_words_after_a_command_are_its_own_and_everything_else_is_a_message() {
        assert_eq!(
            parse("/image  a red cup\non a table ", &ALL),
            Some((Command::Image, "a red cup\non a table"))
        );
        assert_eq!(parse("/VIDEO", &ALL), Some((Command::Video, "")));
        assert_eq!(parse("/new", &ALL), Some((Command::New, "")));
        for text in
            ["/new shoes are nice", "/images", "/etc/hosts", "image", "/", "// comment", "/image\u{301}"]
        {
            assert_eq!(parse(text, &ALL), None, "{text}");
        }
        assert_eq!(parse("/image a cup", &[Panel::Chat, Panel::Video]), None);
    }
}
