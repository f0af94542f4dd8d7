//! One running widget: holds the state machines, carries out their effects with the client, and keeps the signals
//! that the views read. The only place where the two sides meet.

mod again;
mod attach;
mod chat;
mod compose;
mod consent;
mod credits;
mod desk;
mod follow;
mod images;
mod jobs;
mod keep;
mod narration;
mod page;
mod parts;
mod place;
mod question;
mod recording;
mod save;
mod signals;
mod slot;
mod speech;
mod stream;
mod table;
mod talk;
mod threads;
mod tools;
mod transcript;
mod voice;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use futures_util::future::join;
use reactive_graph::owner::{LocalStorage, StoredValue};
use reactive_graph::traits::WithValue as _;
use triptych_protocol::Modality;

pub(crate) use crate::client::files::Shrunk;
pub(crate) use again::Waiting;
pub(crate) use desk::{Attached, Hindrance};
pub(crate) use question::Question;
pub(crate) use signals::{Catalogue, MessageState, MessageView, Signals};
pub(crate) use threads::Chats;
pub(crate) use voice::Voice;

use crate::client::storage::Shelf;
use crate::client::token::{Source, Tokens};
use crate::client::{Client, Reader, clock, unique_key};
use crate::config::{Config, ConfigError, History, Mode};
use crate::error::Failure;
use crate::form::Form;
use crate::host::{Emit, Functions, HostEvent};
use crate::images::{Images, PictureId, PictureSet};
use crate::jobs::{Job, JobId, Jobs};
use crate::locale::{Text, Words};
use crate::reactive::ArcRwSignal;
use crate::session::{MessageId, Session};
use crate::thread::{Thread, ThreadId};

/// A handle on a running widget that views pass around.
#[derive(Clone, Copy)]
pub(crate) struct App {
    core: StoredValue<Rc<Core>, LocalStorage>,
    /// What the views read.
    pub(crate) signals: Signals,
}

/// What a running widget owns. Nothing here is borrowed across a call to the outside.
pub(crate) struct Core {
    gateway: String,
    client: Client,
    emit: Emit,
    signals: Signals,
    alive: Cell<bool>,
    shelf: RefCell<Option<Shelf>>,
    slot: RefCell<Option<slot::Slot>>,
    keeper: keep::Keeper,
    history: History,
    chat: RefCell<Session>,
    /// Counts calls, so that what a call that was given up still brings is told from the next one's.
    turn: Cell<u32>,
    /// What the answer under way is read from.
    reader: RefCell<Option<Reader>>,
    /// What the page wants to send and could not yet.
    unsent: RefCell<VecDeque<Question>>,
    page: tools::Page,
    messages: RefCell<table::Table<MessageId, MessageView>>,
    grown: RefCell<Vec<MessageId>>,
    /// Messages that are to be drawn, the next one last.
    undrawn: RefCell<Vec<MessageId>>,
    paint: RefCell<Option<page::Frame>>,
    /// Files that wait to be read.
    inbox: attach::Inbox,
    /// The wait for a pause in typing.
    count: RefCell<Option<clock::Timer>>,
    images: RefCell<Images>,
    pictures: RefCell<table::Table<PictureId, ArcRwSignal<PictureSet>>>,
    jobs: RefCell<Jobs>,
    job_views: RefCell<table::Table<JobId, ArcRwSignal<Job>>>,
    wake: RefCell<Option<clock::Timer>>,
    hold: RefCell<Option<clock::Timer>>,
    again: RefCell<Option<clock::Timer>>,
    tick: RefCell<Option<clock::Timer>>,
    asking_balance: Cell<bool>,
    waiting: parts::Waiting,
    listeners: RefCell<Vec<page::Listener>>,
    speech: speech::Announcer,
    voice: voice::Speaker,
}

/// A conversation that has not begun.
pub(crate) fn new_thread() -> Thread {
    Thread::new(ThreadId(unique_key()), clock::now())
}

impl App {
    /// Starts a widget. To be called within a reactive owner that lives as long as the widget.
    pub(crate) fn start(
        config: &Config,
        tokens: Source,
        emit: Emit,
        functions: Functions,
    ) -> Result<App, ConfigError> {
        let gateway = config.gateway()?.to_owned();
        let signals = Signals::new(config);
        let core = Rc::new(Core {
            client: Client::new(gateway.clone(), Tokens::new(tokens)),
            gateway,
            emit,
            signals,
            alive: Cell::new(true),
            shelf: RefCell::new(None),
            slot: RefCell::new(None),
            keeper: keep::Keeper::default(),
            history: config.history,
            chat: RefCell::new(Session::new(new_thread())),
            turn: Cell::new(0),
            reader: RefCell::default(),
            unsent: RefCell::default(),
            page: tools::Page::new(functions),
            messages: RefCell::default(),
            grown: RefCell::default(),
            undrawn: RefCell::default(),
            paint: RefCell::default(),
            inbox: attach::Inbox::default(),
            count: RefCell::default(),
            images: RefCell::default(),
            pictures: RefCell::default(),
            jobs: RefCell::default(),
            job_views: RefCell::default(),
            wake: RefCell::default(),
            hold: RefCell::default(),
            again: RefCell::default(),
            tick: RefCell::default(),
            asking_balance: Cell::new(false),
            waiting: parts::Waiting::default(),
            listeners: RefCell::default(),
            speech: speech::Announcer::default(),
            voice: voice::Speaker::default(),
        });
        core.speech.begin(Rc::downgrade(&core));
        core.listeners.replace(page::listen(&core));
        let app = App { core: StoredValue::new_local(core.clone()), signals };
        if config.mode == Mode::Inline || config.open {
            core.connect();
        }
        core.tell(HostEvent::Ready);
        if config.mode == Mode::Launcher && config.open {
            core.tell(HostEvent::Opened);
        }
        Ok(app)
    }

    /// The running widget; none once it was stopped.
    pub(crate) fn core(self) -> Option<Rc<Core>> {
        self.core.try_with_value(Rc::clone).filter(|core| core.alive.get())
    }

    /// The language of the widget. Where it changes everything is drawn anew, so nobody has to listen to it.
    pub(crate) fn words(self) -> Words {
        self.signals.words.get_untracked()
    }

    /// A sentence in the language of the widget.
    pub(crate) fn text(self, text: Text) -> &'static str {
        self.words().get(text)
    }

    /// Ends all calls, timers and listeners.
    pub(crate) fn stop(self) {
        if let Some(core) = self.core() {
            core.stop();
        }
    }

    /// Takes over what can change while the widget runs.
    pub(crate) fn configure(self, config: &Config) {
        self.signals.configure(config);
        if !config.dictation
            && let Some(core) = self.core()
        {
            core.stop_dictation();
        }
        if let Some(model) = &config.model {
            self.signals.chat_form.update(|form| form.select(model));
        }
        if config.mode == Mode::Launcher {
            self.set_open(config.open);
        }
    }

    /// What the addresses of the gateway's files begin with.
    pub(crate) fn own_files(self) -> String {
        self.core().map(|core| [&core.gateway, "/v1/assets/"].concat()).unwrap_or_default()
    }

    /// Opens or closes a launcher.
    pub(crate) fn set_open(self, open: bool) {
        if self.signals.open.with_untracked(|is| *is == open) {
            return;
        }
        self.signals.open.set(open);
        if let Some(core) = self.core() {
            if open {
                core.connect();
            } else {
                core.fall_silent();
            }
            core.tell(if open { HostEvent::Opened } else { HostEvent::Closed });
        }
    }

    /// Has the screen reader say a sentence.
    pub(crate) fn announce(self, sentence: &str) {
        if let Some(core) = self.core() {
            core.announce(sentence);
        }
    }

    /// Asks for the catalogue, the balance and the jobs once more.
    pub(crate) fn reconnect(self) {
        if let Some(core) = self.core() {
            self.signals.catalogue.set(Catalogue::Unasked);
            core.connect();
        }
    }
}

impl Core {
    /// Asks for what the panels are drawn from. Nothing is asked before the widget is seen.
    fn connect(self: &Rc<Self>) {
        if !self.signals.catalogue.with_untracked(|catalogue| *catalogue == Catalogue::Unasked) {
            return;
        }
        self.signals.catalogue.set(Catalogue::Loading);
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let user = core.client.user().await.ok().filter(|_| core.alive.get());
            let (models, ()) = join(core.client.models(), core.settle_in(user)).await;
            if !core.alive.get() {
                return;
            }
            match models {
                Ok(models) => {
                    let signals = core.signals;
                    let preferred = signals.model.with_untracked(Clone::clone);
                    signals.chat_form.set(Form::new(&models, Modality::Chat, preferred.as_deref()));
                    signals.image_form.set(Form::new(&models, Modality::Image, None));
                    signals.video_form.set(Form::new(&models, Modality::Video, None));
                    core.find_voices(&models);
                    signals.catalogue.set(Catalogue::Ready);
                    core.ask_balance();
                    core.say_next();
                }
                Err(failure) => {
                    core.report(&failure);
                    core.refuse_questions(&failure);
                    core.signals.catalogue.set(Catalogue::Failed(failure));
                }
            }
        });
    }

    fn words(&self) -> Words {
        self.signals.words.get_untracked()
    }

    fn text(&self, text: Text) -> &'static str {
        self.words().get(text)
    }

    fn tell(&self, event: HostEvent) -> bool {
        (self.emit)(event)
    }

    fn report(&self, failure: &Failure) {
        self.tell(HostEvent::Failed(failure.clone()));
    }

    fn stop(self: &Rc<Self>) {
        self.flush();
        self.fall_silent();
        self.alive.set(false);
        self.close_page();
        self.client.close();
        self.listeners.borrow_mut().clear();
        self.wake.take();
        self.hold.take();
        self.again.take();
        self.tick.take();
        self.count.take();
        self.paint.take();
        self.keeper.close();
        self.slot.take();
    }
}
