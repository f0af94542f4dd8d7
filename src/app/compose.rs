//! What the composer does besides sending: commands, and the gateway's own count of what is about to be sent.

use std::rc::Rc;

use triptych_protocol::Role;

use super::{App, Core};
use crate::client::clock::Timer;
use crate::command::{Command, parse};
use crate::config::Panel;

/// The pause in typing after which the gateway is asked, in milliseconds.
const PAUSE: i32 = 600;

impl App {
    /// Does what the draft says where it is a command. True where it was one.
    pub(crate) fn run_draft(self) -> bool {
        let draft = self.signals.draft.get_untracked();
        let parsed = self.signals.panels.with_untracked(|panels| parse(&draft, panels));
        let Some((command, words)) = parsed else { return false };
        self.run_command(command, words);
        true
    }

    /// Does what a command says.
    pub(crate) fn run_command(self, command: Command, words: &str) {
        let signals = self.signals;
        self.type_draft(String::new());
        match command {
            Command::Image => self.hand_over(Panel::Image, words),
            Command::Video => self.hand_over(Panel::Video, words),
            Command::New => self.clear_chat(),
            Command::Model => signals.desk.choosing.set(Some(words.to_owned())),
            Command::Help => signals.desk.helping.set(true),
        }
    }

    /// Puts words into the text box, for the user to go on from.
    pub(crate) fn fill_draft(self, text: String) {
        self.type_draft(text);
        self.want_cursor();
    }

    /// Puts the cursor into the text box.
    pub(crate) fn want_cursor(self) {
        self.signals.desk.cursor.update(|count| *count = count.wrapping_add(1));
    }

    /// The user wants to say the last message differently. False where there is none.
    pub(crate) fn edit_last(self) -> bool {
        let Some(core) = self.core() else { return false };
        let last = core
            .chat
            .borrow()
            .thread()
            .path()
            .iter()
            .rfind(|message| message.role == Role::User)
            .map(|m| m.id);
        if last.is_some() {
            self.signals.editing.set(last);
        }
        last.is_some()
    }

    /// Asks the gateway how much the next send is, once nobody has typed for a moment.
    pub(crate) fn count_soon(self) {
        let Some(core) = self.core() else { return };
        let asked = core.clone();
        let timer = Timer::new(PAUSE, move || asked.count());
        core.count.replace(timer);
    }

    fn hand_over(self, panel: Panel, words: &str) {
        let signals = self.signals;
        if !words.is_empty() {
            let prompt = if panel == Panel::Image { signals.image_prompt } else { signals.video_prompt };
            prompt.set(words.to_owned());
        }
        signals.panel.set(panel);
        signals.desk.handover.set(Some(panel));
    }
}

impl Core {
    fn count(self: &Rc<Self>) {
        let model = self.signals.chat_form.with_untracked(|form| form.model().map(|model| model.id.clone()));
        let Some(model) = model.filter(|_| self.alive.get()) else { return };
        let offer = self.offer(&model);
        let request = self.chat.borrow().draft_request(model.clone(), &offer);
        let cargo = self.cargo();
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let counted = core.client.estimate(&request, &offer).await.ok();
            if core.alive.get() {
                core.signals.desk.counted.set(counted.map(|estimate| ((model, cargo), estimate)));
            }
        });
    }
}
