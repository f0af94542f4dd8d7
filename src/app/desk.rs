use triptych_protocol::Estimate;

use crate::attachment::{Attachment, Cargo, Kind, Refusal};
use crate::client::files::Shrunk;
use crate::config::Panel;
use crate::reactive::RwSignal;

/// What the views of the composer read.
#[derive(Clone, Copy, Default)]
pub(crate) struct Desk {
    /// What goes along with the next message.
    pub(crate) attached: RwSignal<Vec<Attached>>,
    /// The file that is being read.
    pub(crate) reading: RwSignal<Option<Reading>>,
    /// Why the last file is not there.
    pub(crate) refusal: RwSignal<Option<Refusal>>,
    /// Files are being dragged over the panel.
    pub(crate) dragging: RwSignal<bool>,
    /// The choice of models is open, with what is looked for in it.
    pub(crate) choosing: RwSignal<Option<String>>,
    /// What can be typed and pressed is shown.
    pub(crate) helping: RwSignal<bool>,
    /// The gateway's own count of the next send, and what it was of.
    pub(crate) counted: RwSignal<Option<(Counted, Estimate)>>,
    /// Bytes of a large call that is on its way to the gateway.
    pub(crate) sending: RwSignal<Option<u64>>,
    /// The panel that was handed a prompt, until its field has the cursor.
    pub(crate) handover: RwSignal<Option<Panel>>,
    /// What an empty conversation offers to ask.
    pub(crate) suggestions: RwSignal<Vec<String>>,
    /// What the page shares with the model.
    pub(crate) shared: RwSignal<Option<Shared>>,
    /// How many functions the page offers. It moves also where what is said of them, or who is trusted, has changed.
    pub(crate) offered: RwSignal<usize>,
    /// A decision on a call waits for another tab.
    pub(crate) deciding: RwSignal<bool>,
    /// Moves when the cursor is wanted in the text box.
    pub(crate) cursor: RwSignal<u32>,
}

impl Desk {
    /// Whether there are files to show, or a reason why there are none.
    pub(crate) fn has_files(self) -> bool {
        let any = self.attached.with(|all| !all.is_empty());
        any | self.reading.with(Option::is_some) | self.refusal.with(Option::is_some)
    }
}

/// What the page shares with the model, as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    /// What the page calls it; may be empty.
    pub(crate) title: String,
    /// All of it.
    pub(crate) text: String,
}

/// What a count was of.
pub(crate) type Counted = (String, Cargo);

/// Something that goes along with the next message.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attached {
    pub(crate) id: u32,
    pub(crate) attachment: Attachment,
    /// What became of a picture that was too large.
    pub(crate) shrunk: Option<Shrunk>,
}

/// A file on its way in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) name: String,
    pub(crate) percent: u32,
}

/// Why the next send cannot be, apart from its price.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Hindrance {
    /// The conversation has something that the model does not take.
    NotTaken { kind: Kind, model: String },
    /// A model for sound has nothing to hear.
    NoSound { model: String },
    /// The model cannot read so much.
    Full { model: String },
}
