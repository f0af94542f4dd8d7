use leptos::prelude::*;

use crate::app::App;
use crate::command::{Command, matching};
use crate::locale::Text;

/// The list of commands while one is being typed.
#[derive(Clone, Copy)]
pub(super) struct Commands {
    app: App,
    matching: Memo<Vec<Command>>,
    current: RwSignal<usize>,
    closed: RwSignal<bool>,
}

impl Commands {
    pub(super) fn new(app: App) -> Self {
        let signals = app.signals;
        let (current, closed) = (RwSignal::new(0), RwSignal::new(false));
        let matching = Memo::new(move |_| {
            signals.draft.with(|draft| signals.panels.with(|panels| matching(draft, panels)))
        });
        // What is typed on asks anew.
        Effect::new(move |before: Option<()>| {
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
pub(super) fn list(commands: Commands) -> AnyView {
    view! {
        <ul class="popup" part="commands" id="commands" role="listbox" aria-label=commands.app.text(Text::Commands)>
            <For each=move || commands.matching.get().into_iter().enumerate() key=|item| *item let:item>
                <li role="option" id=format!("command-{}", item.0)
                    aria-selected=move || (commands.current.get() == item.0).to_string()
                    on:mousedown=|event| event.prevent_default()
                    on:click=move |_| commands.choose(item.1)
                >
                    <b>"/"{item.1.word()}</b> " " <span>{commands.app.text(what_it_does(item.1))}</span>
                </li>
            </For>
        </ul>
    }
    .into_any()
}

/// What can be typed and pressed.
pub(super) fn help(app: App) -> AnyView {
    let panels = app.signals.panels.get_untracked();
    let rows: Vec<_> = crate::command::offered(&panels)
        .into_iter()
        .map(|command| (format!("/{}", command.word()), app.text(what_it_does(command))))
        .chain(KEYS.iter().map(|(key, what)| ((*key).to_owned(), app.text(*what))))
        .map(|(what, does)| view! { <dt><kbd>{what}</kbd></dt><dd>{does}</dd> })
        .collect();
    view! {
        <section class="popup help" part="help" aria-label=app.text(Text::Help)>
            <dl>{rows}</dl>
            <button type="button" class="quiet" on:click=move |_| {
                app.signals.desk.helping.set(false);
                app.want_cursor();
            }>{app.text(Text::CloseHelp)}</button>
        </section>
    }
    .into_any()
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
