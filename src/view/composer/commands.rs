use web_sys::Event;

use crate::app::App;
use crate::command::{Command, matching};
use crate::locale::Text;
use crate::reactive::{Memo, RwSignal, watch};
use crate::view::dom::{El, button, each, el, item, truth};

/// The list of commands while one is being typed.
#[derive(Clone, Copy)]
pub(in crate::view) struct Commands {
    app: App,
    matching: Memo<Vec<Command>>,
    current: RwSignal<usize>,
    closed: RwSignal<bool>,
}

impl Commands {
    pub(super) fn new(app: App) -> Self {
        let signals = app.signals;
        let (current, closed) = (RwSignal::new(0), RwSignal::new(false));
        let matching = Memo::new(move || {
            signals.draft.with(|draft| signals.panels.with(|panels| matching(draft, panels)))
        });
        // What is typed on asks anew.
        watch(move |before: Option<()>| {
            signals.draft.with(|_| ());
            if before.is_some() {
                current.set(0);
                closed.set(false);
            }
        });
        Commands { app, matching, current, closed }
    }

    pub(super) fn is_open(self) -> bool {
        !self.closed.get() && self.matching.with(|matching| !matching.is_empty())
    }

    /// The id of the current item, for the text box that keeps the focus.
    pub(super) fn active(self) -> Option<String> {
        self.is_open().then(|| format!("command-{}", self.current.get()))
    }

    /// Takes a key of the text box. True where it was meant for the list.
    pub(super) fn takes_key(self, key: &str) -> bool {
        let matching = self.matching.get_untracked();
        if self.closed.get_untracked() || matching.is_empty() {
            return false;
        }
        match key {
            "Enter" | "Tab" => {
                if let Some(command) = matching.get(self.current.get_untracked()) {
                    self.choose(*command);
                }
                true
            }
            "Escape" => {
                self.closed.set(true);
                true
            }
            _ => match super::listbox::step(key, self.current.get_untracked(), matching.len()) {
                Some(next) => {
                    self.current.set(next);
                    true
                }
                None => false,
            },
        }
    }

    fn choose(self, command: Command) {
        if matches!(command, Command::Image | Command::Video) {
            self.app.fill_draft(format!("/{} ", command.word()));
        } else {
            self.app.run_command(command, "");
        }
    }
}

/// The list itself.
pub(in crate::view) fn list(commands: Commands) -> El {
    let items = move || {
        let matching = commands.matching.get().into_iter().enumerate();
        matching
            .map(|(place, command)| {
                item(format!("{place} {}", command.word()), move || option(commands, place, command))
            })
            .collect()
    };
    el("ul", "popup")
        .attrs(&[
            ("part", "commands"),
            ("id", "commands"),
            ("role", "listbox"),
            ("aria-label", commands.app.text(Text::Commands)),
        ])
        .child(each(items))
}

fn option(commands: Commands, place: usize, command: Command) -> El {
    el("li", "")
        .attrs(&[("role", "option"), ("id", &format!("command-{place}"))])
        .attr_of("aria-selected", move || truth(commands.current.get() == place))
        .on("mousedown", |event: Event| event.prevent_default())
        .click(move || commands.choose(command))
        .child(el("b", "").text("/").text(command.word()))
        .text(" ")
        .child(el("span", "").text(commands.app.text(what_it_does(command))))
}

/// What can be typed and pressed.
pub(in crate::view) fn help(app: App) -> El {
    let panels = app.signals.panels.get_untracked();
    let rows = crate::command::offered(&panels)
        .into_iter()
        .map(|command| (format!("/{}", command.word()), app.text(what_it_does(command))))
        .chain(KEYS.iter().map(|(key, what)| ((*key).to_owned(), app.text(*what))))
        .fold(el("dl", ""), |rows, (what, does)| {
            rows.child(el("dt", "").child(el("kbd", "").text(&what))).child(el("dd", "").text(does))
        });
    let close = move || {
        app.signals.desk.helping.set(false);
        app.want_cursor();
    };
    el("section", "popup help")
        .attrs(&[("part", "help"), ("aria-label", app.text(Text::Help))])
        .child(rows)
        .child(button("quiet").click(close).text(app.text(Text::CloseHelp)))
}

const KEYS: [(&str, Text); 4] =
    [("Enter", Text::Send), ("Shift+Enter", Text::NewLine), ("↑", Text::Edit), ("/", Text::Commands)];

fn what_it_does(command: Command) -> Text {
    match command {
        Command::Image => Text::CommandImage,
        Command::Video => Text::CommandVideo,
        Command::New => Text::NewChat,
        Command::Model => Text::CommandModel,
        Command::Help => Text::CommandHelp,
    }
}
