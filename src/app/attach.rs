//! What is sent along with a message: read when it comes, kept until it is sent.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use web_sys::{File, FileList, HtmlCanvasElement};

use super::desk::{Attached, Hindrance, Reading};
use super::{App, Core};
use crate::attachment::{Attachment, Cargo, Kind, MOST_BYTES, MOST_FILES, Refusal, Takes};
use crate::attachment::{biggest, clean_name, kind_of, room};
use crate::client::files;
use crate::part::{Part, entries};
use crate::session::{Input, MessageId};

/// Files that the user chose and that are not read yet.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: RefCell<VecDeque<File>>,
    busy: Cell<bool>,
    next: Cell<u32>,
}

/// What is called of it from outside of its part.
struct Calls {
    read: fn(&Rc<Core>),
}

static CALLS: Calls = Calls { read: Core::read_all };

entries! { more: fn calls() -> Calls = CALLS }

impl App {
    /// The user chose, dropped or pasted files.
    pub(crate) fn attach(self, list: &FileList) {
        let Some(core) = self.core() else { return };
        self.signals.desk.refusal.set(None);
        core.inbox.waiting.borrow_mut().extend((0..list.length()).filter_map(|index| list.get(index)));
        core.within(Part::More, |core| {
            if let Some(calls) = calls() {
                (calls.read)(core);
            }
        });
    }

    /// The user takes something off again.
    pub(crate) fn detach(self, id: u32) {
        self.signals.desk.attached.update(|attached| attached.retain(|item| item.id != id));
        self.signals.desk.refusal.set(None);
        if let Some(core) = self.core() {
            core.hand_attachments();
        }
    }

    /// Shows a picture in a canvas, as soon as it is decoded.
    pub(crate) fn draw_attachment(self, canvas: HtmlCanvasElement, attachment: Attachment) {
        wasm_bindgen_futures::spawn_local(async move {
            // What cannot be shown is still named beside it.
            let _ = files::draw(&canvas, &attachment).await;
        });
    }

    /// What went along with a message.
    pub(crate) fn attachments_of(self, id: MessageId) -> Vec<Attachment> {
        let Some(core) = self.core() else { return Vec::new() };
        core.chat.borrow().message(id).map(|message| message.attachments.clone()).unwrap_or_default()
    }

    /// Whether anything went along with a message.
    pub(crate) fn has_attachments(self, id: MessageId) -> bool {
        let has =
            |core: Rc<Core>| core.chat.borrow().message(id).map(|message| !message.attachments.is_empty());
        self.core().and_then(has).unwrap_or_default()
    }

    /// What the next send carries. Follows the draft, what is attached and the conversation.
    pub(crate) fn cargo(self) -> Cargo {
        self.signals.draft.with(|_| ());
        self.signals.desk.attached.with(|_| ());
        self.signals.messages.with(|_| ());
        self.signals.busy.with(|_| ());
        self.signals.desk.shared.with(|_| ());
        self.signals.desk.offered.with(|_| ());
        self.core().map(|core| core.cargo()).unwrap_or_default()
    }

    /// Why what is there cannot be sent to the chosen model.
    pub(crate) fn hindrance(self) -> Option<Hindrance> {
        let cargo = self.cargo();
        self.signals.chat_form.with(|form| {
            let model = form.model()?;
            let takes = Takes::of(model);
            let name = || model.triptych.name.clone();
            let kinds = [
                (Kind::Picture, cargo.pictures),
                (Kind::Sound, cargo.seconds),
                (Kind::Document, cargo.documents),
            ];
            if let Some((kind, _)) = kinds.iter().find(|(kind, count)| *count > 0 && !takes.takes(*kind)) {
                return Some(Hindrance::NotTaken { kind: *kind, model: name() });
            }
            let speaks = model.triptych.modality == triptych_protocol::Modality::Audio;
            (speaks && cargo.seconds == 0).then(|| Hindrance::NoSound { model: name() })
        })
    }
}

impl Core {
    fn read_all(self: &Rc<Self>) {
        if self.inbox.busy.replace(true) {
            return;
        }
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            core.read_files().await;
            core.inbox.busy.set(false);
        });
    }

    async fn read_files(self: &Rc<Self>) {
        let desk = self.signals.desk;
        loop {
            let Some(file) = self.inbox.waiting.borrow_mut().pop_front() else { break };
            let name = clean_name(&file.name());
            desk.reading.set(Some(Reading { name: name.clone(), percent: 0 }));
            let read = self.read_file(&file, name).await;
            if !self.alive.get() {
                return;
            }
            match read {
                Ok((attachment, shrunk)) => {
                    let id = self.inbox.next.replace(self.inbox.next.get() + 1);
                    desk.attached.update(|attached| attached.push(Attached { id, attachment, shrunk }));
                    self.hand_attachments();
                }
                Err(refusal) => desk.refusal.set(Some(refusal)),
            }
        }
        desk.reading.set(None);
    }

    async fn read_file(self: &Rc<Self>, file: &File, name: String) -> Result<files::Taken, Refusal> {
        let desk = self.signals.desk;
        if desk.attached.with_untracked(Vec::len) >= MOST_FILES {
            return Err(Refusal::TooMany);
        }
        let Some((kind, mime)) = kind_of(&name, &file.type_()) else { return Err(Refusal::Unknown { name }) };
        let form = self.signals.chat_form.get_untracked();
        let Some(model) = form.model() else { return Err(Refusal::NoRoom { name }) };
        if !Takes::of(model).takes(kind) {
            return Err(Refusal::NotTaken { name, kind, model: model.triptych.name.clone() });
        }
        let size = file.size() as u64;
        let left = room(model, &self.cargo());
        let Some(most) = biggest(kind, left) else { return Err(Refusal::NoRoom { name }) };
        let readable = if kind == Kind::Picture { MOST_BYTES } else { most };
        if size > readable {
            return Err(Refusal::TooBig { name, size, most: readable });
        }
        let progress = move |percent| {
            desk.reading.update(|reading| {
                if let Some(reading) = reading {
                    reading.percent = percent;
                }
            });
        };
        files::read(file, name.clone(), (kind, mime), most, progress)
            .await
            .ok_or(Refusal::Unreadable { name })
    }

    /// The machine sends what is attached; it is told after each change.
    fn hand_attachments(self: &Rc<Self>) {
        let attached = self.signals.desk.attached;
        self.chat(Input::Attach(
            attached.with_untracked(|all| all.iter().map(|item| item.attachment.clone()).collect()),
        ));
        // The price follows the machine, which has changed only now.
        attached.update(|_| ());
    }
}
