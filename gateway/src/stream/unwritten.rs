use bytes::Bytes;

use super::log::{Part, Place, StreamLog};

/// What is to be written to the shared log: from event `first` to the place `behind`.
pub(super) struct Unwritten {
    pub(super) first: u64,
    pub(super) behind: Place,
    pub(super) text: Bytes,
    /// Nothing follows.
    pub(super) ends: bool,
}

impl Unwritten {
    /// The call came to nothing, so there is nothing to read, and nobody needs to know of it.
    pub(super) fn is_void(&self) -> bool {
        self.ends && self.behind.events == 0
    }
}

/// How much of a stream the shared log has.
#[derive(Default)]
pub(super) struct Progress {
    written: Place,
    ended: bool,
    /// It stands in the publisher's queue.
    queued: bool,
    /// The shared log takes no more of it.
    fenced: bool,
}

impl StreamLog {
    /// Marks it as standing in the publisher's queue; true where it has to be put there.
    pub(super) fn queue(&self) -> bool {
        let mut progress = self.progress();
        !progress.fenced && !std::mem::replace(&mut progress.queued, true)
    }

    /// What to write next, about `most` bytes. From here on what is pushed queues it again.
    pub(super) fn unwritten(&self, most: usize) -> Unwritten {
        let mut progress = self.progress();
        progress.queued = false;
        let start = self.start();
        if progress.written.events < start.events {
            progress.written = start;
        }
        let mut behind = progress.written;
        let first = behind.events + 1;
        // An end that is seen now has all events before it.
        let ended = self.has_ended();
        let text = match self.read(&mut behind, most) {
            Part::Events(text) => text,
            Part::Gone | Part::Nothing | Part::End => Bytes::new(),
        };
        let ends = ended && self.newest_number() == behind.events;
        Unwritten { first, behind, text, ends }
    }

    /// Takes note of what was written; true where there is more that nobody else has queued.
    pub(super) fn wrote(&self, piece: &Unwritten) -> bool {
        {
            let mut progress = self.progress();
            progress.written = piece.behind;
            progress.ended |= piece.ends;
            if progress.ended || (self.newest_number() == piece.behind.events && !self.has_ended()) {
                return false;
            }
        }
        self.queue()
    }

    /// Everything is to be written again.
    pub(super) fn rewind(&self) {
        let mut progress = self.progress();
        progress.written = Place::default();
        progress.ended = false;
        progress.queued = true;
    }

    /// The shared log has all of it that it will ever have.
    pub(super) fn is_settled(&self) -> bool {
        let progress = self.progress();
        progress.ended || progress.fenced
    }

    /// Nothing more can be written.
    pub(super) fn fence(&self) {
        self.progress().fenced = true;
    }
}
