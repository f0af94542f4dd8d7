//! The list of threads, and what is done with one: shown, named, deleted, saved as a file.

use std::rc::Rc;

use triptych_protocol::Role;

use super::{App, Core, new_thread};
use crate::client::clock::{self, Timer};
use crate::client::file;
use crate::client::vault::Mark;
use crate::config::Panel;
use crate::locale::Text;
use crate::reactive::RwSignal;
use crate::session::Input as Said;
use crate::threads::{self, Day, Effect, Input, Row, UNDO_MS};

/// How long the words that are looked for have to stand still, in milliseconds.
const SEARCH_AFTER: i32 = 150;

/// What the views of the list read.
#[derive(Clone, Copy)]
pub(crate) struct Chats {
    /// The list is seen.
    pub(crate) open: RwSignal<bool>,
    /// There is somewhere to keep threads.
    pub(crate) kept: RwSignal<bool>,
    /// What is listed, in its order, by day.
    pub(crate) rows: RwSignal<Vec<(Day, Row)>>,
    /// The thread that is shown.
    pub(crate) current: RwSignal<Option<String>>,
    /// The title of what was deleted and can be had back.
    pub(crate) bin: RwSignal<Option<String>>,
    /// Why threads are not kept, as long as the user was not told.
    pub(crate) note: RwSignal<Option<Text>>,
}

impl Default for Chats {
    fn default() -> Self {
        Chats {
            open: RwSignal::new(false),
            kept: RwSignal::new(false),
            rows: RwSignal::default(),
            current: RwSignal::default(),
            bin: RwSignal::default(),
            note: RwSignal::default(),
        }
    }
}

impl App {
    /// Opens or closes the list. It stands beside or over the chat, so that is shown too.
    pub(crate) fn show_threads(self, open: bool) {
        if open {
            self.signals.panel.set(Panel::Chat);
        }
        self.signals.chats.open.set(open);
    }

    /// The user looks for words in titles and texts.
    pub(crate) fn search_threads(self, words: String) {
        self.list(Input::Search(words));
    }

    /// The user wants to see a thread.
    pub(crate) fn choose_thread(self, id: String) {
        self.list(Input::Open(id));
    }

    /// The user calls a thread otherwise.
    pub(crate) fn rename_thread(self, id: String, title: String) {
        self.list(Input::Rename { id, title });
    }

    /// The user deletes a thread.
    pub(crate) fn delete_thread(self, id: String) {
        self.list(Input::Delete { id, now: clock::now() });
        if let Some(core) = self.core() {
            core.announce(core.text(Text::SaidDeleted));
        }
    }

    /// The user wants the last deleted thread back.
    pub(crate) fn undo_delete(self) {
        self.list(Input::Undo);
    }

    /// Saves a thread as a file: as JSON with all that is known of it, or the shown branch as Markdown.
    pub(crate) fn export_thread(self, id: String, json: bool) {
        let Some(core) = self.core() else { return };
        wasm_bindgen_futures::spawn_local(async move {
            core.save_all().await;
            if core.export(&id, json).await.is_none() {
                core.announce(core.text(Text::SaidNotSaved));
            }
        });
    }

    /// Saves all threads as one file.
    pub(crate) fn export_all(self) {
        let Some(core) = self.core() else { return };
        wasm_bindgen_futures::spawn_local(async move {
            core.save_all().await;
            let Some(vault) = core.keeper.vault() else { return };
            let ids: Vec<String> =
                core.keeper.list.borrow().rows().iter().map(|row| row.id.clone()).collect();
            if let Ok(text) = vault.json(&ids).await {
                file::offer("chats.json", "application/json", &text);
            }
        });
    }

    /// The user has read why threads are not kept.
    pub(crate) fn dismiss_note(self) {
        self.signals.chats.note.set(None);
    }

    fn list(self, input: Input) {
        if let Some(core) = self.core() {
            core.list(input);
        }
    }
}

impl Core {
    pub(super) fn list(self: &Rc<Self>, input: Input) {
        if !self.alive.get() {
            return;
        }
        let effects = self.keeper.list.borrow_mut().handle(input);
        for effect in effects {
            self.run_list(effect);
        }
    }

    fn run_list(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::List => self.draw_list(),
            Effect::Search(query) => {
                let core = self.clone();
                let timer = Timer::new(SEARCH_AFTER, move || core.search(query));
                self.keeper.search.replace(timer);
            }
            Effect::Open(id) => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.show_thread(id, false).await });
            }
            Effect::New => self.switch(Said::Load(Box::new(new_thread()), None), false),
            Effect::Rename { id, title } => {
                if self.is_shown(&id) {
                    self.chat(Said::Title(title.clone()));
                }
                self.mark(id, "title", Mark::Text(title));
            }
            Effect::Hide { id, at } => self.mark(id, "deleted", Mark::Time(at)),
            Effect::Restore(id) => self.mark(id, "deleted", Mark::Nothing),
            Effect::Erase(id) => {
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move { core.erase(&id).await });
            }
            Effect::Wait => {
                let core = self.clone();
                self.keeper.undo.replace(Timer::new(UNDO_MS as i32, move || core.list(Input::Forget)));
            }
        }
    }

    fn draw_list(&self) {
        let list = self.keeper.list.borrow();
        let (now, offset) = (clock::now(), clock::offset());
        let rows: Vec<(Day, Row)> =
            list.shown().into_iter().map(|row| (Day::of(row.updated, now, offset), row)).collect();
        let current = list.current().map(str::to_owned);
        let bin = list.bin().map(|row| row.title.clone());
        drop(list);
        let chats = self.signals.chats;
        if chats.current.get_untracked() != current {
            chats.current.set(current);
        }
        if chats.bin.get_untracked() != bin {
            chats.bin.set(bin);
        }
        chats.rows.update(|shown| *shown = rows);
    }

    fn search(self: &Rc<Self>, query: String) {
        let Some(vault) = self.keeper.vault() else { return };
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            // A search that fails finds nothing; titles are found without it.
            let _ = vault
                .search(query.trim(), |ids| {
                    core.list(Input::Found { query: query.clone(), ids });
                    core.alive.get() && core.keeper.list.borrow().query() == query
                })
                .await;
        });
    }

    /// Changes one thing of a kept thread and tells the other tabs.
    fn mark(self: &Rc<Self>, id: String, name: &'static str, mark: Mark) {
        let Some(vault) = self.keeper.vault() else { return };
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            if vault.mark(&id, name, mark).await.is_ok() {
                core.tell_tabs(&id);
            }
        });
    }

    /// Forgets a thread for good. An answer that is being written in it is nobody's any more, so it is stopped.
    async fn erase(self: &Rc<Self>, id: &str) {
        let Some(vault) = self.keeper.vault() else { return };
        let live = vault.load(id).await.ok().flatten().and_then(|(_, live)| live);
        if let Some(stream) = live.and_then(|live| live.stream) {
            let _ = self.client.stop_stream(&stream).await;
        }
        if vault.erase(id).await.is_ok() {
            self.tell_tabs(id);
        }
    }

    async fn export(&self, id: &str, json: bool) -> Option<()> {
        let vault = self.keeper.vault()?;
        let title = self.keeper.list.borrow().row(id).map(|row| row.title.clone()).unwrap_or_default();
        if json {
            let text = vault.json(&[id.to_owned()]).await.ok()?;
            return file::offer(&threads::file_name(&title, "json"), "application/json", &text);
        }
        let (thread, _) = vault.load(id).await.ok()??;
        let messages = thread
            .path()
            .into_iter()
            .filter(|message| !message.said().is_empty())
            .map(|message| threads::Said { by_user: message.role == Role::User, text: message.said() });
        let text = threads::markdown(&title, self.text(Text::You), self.text(Text::Copilot), messages);
        file::offer(&threads::file_name(&title, "md"), "text/markdown", &text)
    }
}
