/// A message as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    /// The user said it, and not the model.
    pub by_user: bool,
    /// Its Markdown.
    pub text: &'a str,
}

/// A thread as a Markdown file, with what the user and the model are called.
pub fn markdown<'a>(
    title: &str,
    user: &str,
    model: &str,
    messages: impl IntoIterator<Item = Said<'a>>,
) -> String {
    let mut file = format!("# {}\n", title.replace(['\r', '\n'], " "));
    for message in messages {
        let speaker = if message.by_user { user } else { model };
        file.extend(["\n## ", speaker, "\n\n"]);
        file.push_str(message.text.trim_end());
        file.push('\n');
        if let Some(fence) = open_fence(message.text) {
            // An answer that was cut within code must not swallow what follows.
            file.push_str(&fence);
            file.push('\n');
        }
    }
    file
}

/// A name for a file, from a title: letters and digits of any script, and nothing that a path could be made of.
pub fn file_name(title: &str, ending: &str) -> String {
    let mut name = String::new();
    for mark in title.chars() {
        if name.chars().count() >= 60 {
            break;
        }
        if mark.is_alphanumeric() {
            name.push(mark);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_end_matches('-');
    format!("{}.{ending}", if name.is_empty() { "chat" } else { name })
}

fn open_fence(text: &str) -> Option<String> {
    let mut open: Option<(char, usize)> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let Some(mark) = line.chars().next().filter(|mark| matches!(mark, '`' | '~')) else { continue };
        let length = line.chars().take_while(|other| *other == mark).count();
        let bare = line.trim_end().chars().all(|other| other == mark);
        match open {
            None if length >= 3 => open = Some((mark, length)),
            Some((of, least)) if of == mark && length >= least && bare => open = None,
            _ => {}
        }
    }
    open.map(|(mark, length)| mark.to_string().repeat(length))
}
