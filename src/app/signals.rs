use triptych_protocol::{Receipt, Usage};

use super::desk::Desk;
use super::speech::chosen;
use super::threads::Chats;
use super::{Voice, Waiting};
use crate::client::intl::INTL;
use crate::config::{Announce, Config, Mode, Panel, Theme};
use crate::credits::Wallet;
use crate::error::Failure;
use crate::form::Form;
use crate::images::PictureId;
use crate::jobs::JobId;
use crate::locale::{Text, Words};
use crate::part::Parts;
use crate::reactive::{ArcRwSignal, RwSignal};
use crate::session::{Message, MessageId, Pace, Status};
use crate::thread::{Citation, ToolCall};

/// What the views read. Written by `App` alone, but for the forms and the choice of panel, which are the user's.
#[derive(Clone, Copy)]
pub(crate) struct Signals {
    /// The language; everything is drawn anew when it changes.
    pub(crate) words: RwSignal<Words>,
    pub(crate) direction: RwSignal<Option<String>>,
    /// What the screen reader says of answers.
    pub(crate) announces: RwSignal<Announce>,
    pub(crate) theme: RwSignal<Theme>,
    pub(crate) mode: RwSignal<Mode>,
    pub(crate) heading: RwSignal<String>,
    pub(crate) placeholder: RwSignal<String>,
    pub(crate) greeting: RwSignal<String>,
    pub(crate) panels: RwSignal<Vec<Panel>>,
    pub(crate) model: RwSignal<Option<String>>,
    /// Whose images are drawn without a click.
    pub(crate) image_hosts: RwSignal<String>,
    pub(crate) open: RwSignal<bool>,
    pub(crate) panel: RwSignal<Panel>,
    /// All panels stand side by side.
    pub(crate) wide: RwSignal<bool>,
    pub(crate) online: RwSignal<bool>,
    /// What of the widget itself is there.
    pub(crate) parts: RwSignal<Parts>,
    pub(crate) catalogue: RwSignal<Catalogue>,
    pub(crate) wallet: RwSignal<Wallet>,
    pub(crate) announcement: RwSignal<String>,
    /// Wall clock in milliseconds; moves once a second while a job runs.
    pub(crate) now: RwSignal<f64>,
    /// Differs between conversations that are shown one after the other.
    pub(crate) thread: RwSignal<u32>,
    pub(crate) messages: RwSignal<Vec<MessageId>>,
    pub(crate) busy: RwSignal<bool>,
    /// The answer under way can go on without being watched.
    pub(crate) can_leave: RwSignal<bool>,
    /// The user's message that is being said differently.
    pub(crate) editing: RwSignal<Option<MessageId>>,
    /// What is asked for again by itself.
    pub(crate) again: RwSignal<Option<Waiting>>,
    pub(crate) draft: RwSignal<String>,
    pub(crate) chats: Chats,
    pub(crate) desk: Desk,
    pub(crate) voice: Voice,
    pub(crate) chat_form: RwSignal<Form>,
    pub(crate) image_form: RwSignal<Form>,
    pub(crate) image_prompt: RwSignal<String>,
    pub(crate) pictures: RwSignal<Vec<PictureId>>,
    pub(crate) video_form: RwSignal<Form>,
    pub(crate) video_prompt: RwSignal<String>,
    pub(crate) jobs: RwSignal<Vec<JobId>>,
}

/// The state of the catalogue, without which nothing can be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Catalogue {
    /// The widget was not seen yet.
    Unasked,
    /// Under way.
    Loading,
    /// There.
    Ready,
    /// Not there.
    Failed(Failure),
}

/// What a view of one message reads.
#[derive(Clone)]
pub(crate) struct MessageView {
    /// Moves when something small about the message has changed.
    pub(crate) state: ArcRwSignal<MessageState>,
    /// Moves, at most once a frame, when there is more text.
    pub(crate) length: ArcRwSignal<usize>,
    /// Moves, at most once a frame, when there are more thoughts.
    pub(crate) thought: ArcRwSignal<usize>,
    /// In a long conversation most messages are drawn after the first sight of it.
    pub(crate) drawn: ArcRwSignal<bool>,
}

/// What of a message changes seldom.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MessageState {
    pub(crate) status: Status,
    pub(crate) receipt: Option<Receipt>,
    pub(crate) usage: Option<Usage>,
    pub(crate) pace: Pace,
    pub(crate) feedback: Option<bool>,
    pub(crate) refusal: String,
    pub(crate) calls: Vec<ToolCall>,
    pub(crate) citations: Vec<Citation>,
    /// Which one of how many versions it is, where there are several.
    pub(crate) version: Option<(u32, u32)>,
}

impl MessageState {
    pub(super) fn new(message: &Message, version: Option<(u32, u32)>) -> Self {
        MessageState {
            status: message.status.clone(),
            receipt: message.receipt,
            usage: message.usage,
            pace: message.pace,
            feedback: message.feedback,
            refusal: message.refusal.clone(),
            calls: message.calls.clone(),
            citations: message.citations.clone(),
            version,
        }
    }
}

impl Signals {
    pub(super) fn new(config: &Config) -> Self {
        let panels = config.panels();
        let signals = Signals {
            words: RwSignal::new(words(config)),
            direction: RwSignal::default(),
            announces: RwSignal::default(),
            theme: RwSignal::default(),
            mode: RwSignal::default(),
            heading: RwSignal::default(),
            placeholder: RwSignal::default(),
            greeting: RwSignal::default(),
            panel: RwSignal::new(panels.first().copied().unwrap_or(Panel::Chat)),
            panels: RwSignal::default(),
            model: RwSignal::default(),
            image_hosts: RwSignal::default(),
            open: RwSignal::new(config.open),
            wide: RwSignal::new(false),
            online: RwSignal::new(true),
            parts: RwSignal::new(Parts::default()),
            catalogue: RwSignal::new(Catalogue::Unasked),
            wallet: RwSignal::default(),
            announcement: RwSignal::default(),
            now: RwSignal::new(crate::client::clock::now()),
            thread: RwSignal::default(),
            messages: RwSignal::default(),
            busy: RwSignal::new(false),
            can_leave: RwSignal::new(false),
            editing: RwSignal::default(),
            again: RwSignal::new(None),
            draft: RwSignal::default(),
            chats: Chats::default(),
            desk: Desk::default(),
            voice: Voice::default(),
            chat_form: RwSignal::default(),
            image_form: RwSignal::default(),
            image_prompt: RwSignal::default(),
            pictures: RwSignal::default(),
            video_form: RwSignal::default(),
            video_prompt: RwSignal::default(),
            jobs: RwSignal::default(),
        };
        signals.configure(config);
        signals
    }

    pub(super) fn configure(self, config: &Config) {
        let words = words(config);
        let text =
            |given: &Option<String>, usual| given.clone().unwrap_or_else(|| words.get(usual).to_owned());
        self.direction.set(config.dir.clone());
        self.announces.set(chosen().unwrap_or(config.announce));
        self.theme.set(config.theme);
        self.mode.set(config.mode);
        self.panels.set(config.panels());
        self.model.set(config.model.clone());
        self.image_hosts.set(config.image_hosts.clone().unwrap_or_default());
        self.desk.suggestions.set(config.suggestions());
        self.voice.offered.set(config.dictation);
        self.heading.set(text(&config.heading, Text::Copilot));
        self.placeholder.set(text(&config.placeholder, Text::AskAnything));
        self.greeting.set(text(&config.greeting, Text::Greeting));
        if self.words.get_untracked() != words {
            self.words.set(words);
        }
    }
}

/// The language that a configuration asks for. Where its file could not be had it is English.
fn words(config: &Config) -> Words {
    match (&config.locale, &config.words) {
        (Some(locale), Some(words)) => Words::new(locale, words, INTL),
        _ => Words::new("en", config.words.as_deref().unwrap_or_default(), INTL),
    }
}
