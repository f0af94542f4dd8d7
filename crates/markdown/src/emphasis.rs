//! Runs of `*`, `_` and `~`, and which of them belong together.

use crate::{Kind, calm, inline::Piece, unicode};

/// A run of one mark.
pub(crate) struct Run {
    mark: u8,
    length: usize,
    /// How many of its marks have found no partner.
    left: usize,
    can_open: bool,
    can_close: bool,
    /// What stands before it is such that an opened word is likely.
    begins: bool,
    /// For each element that it ends, in this order, how many marks that took.
    closes: Vec<u8>,
    /// The same for those that it begins, innermost first.
    opens: Vec<u8>,
}

impl Run {
    pub(crate) fn new(mark: u8, length: usize, previous: char, next: Option<char>) -> Self {
        let space_before = previous.is_whitespace();
        let space_after = next.is_none_or(char::is_whitespace);
        let mark_before = unicode::is_punctuation(previous);
        let mark_after = next.is_some_and(unicode::is_punctuation);
        // Within a word only these do anything.
        let within = mark == b'*' || (mark == b'~' && length > 1);
        let doubled = mark == b'~' && length > 1;
        Self {
            mark,
            length,
            left: length,
            can_open: !space_after && (doubled || within && !mark_after || space_before || mark_before),
            can_close: !space_before && (within && !mark_before || space_after || mark_after),
            begins: calm::is_before_word(previous),
            closes: Vec::new(),
            opens: Vec::new(),
        }
    }

    /// Whether it is more than text.
    pub(crate) fn counts(&self) -> bool {
        (self.can_open || self.can_close) && (self.mark != b'~' || self.length < 3)
    }

    /// The marks that are left as text.
    pub(crate) fn literal(&self) -> impl Iterator<Item = char> {
        std::iter::repeat_n(char::from(self.mark), self.left)
    }

    /// How many elements end here.
    pub(crate) fn closes(&self) -> usize {
        self.closes.len()
    }

    /// The elements that begin here, outermost first.
    pub(crate) fn opens(&self) -> impl Iterator<Item = Kind> {
        self.opens.iter().rev().map(|&marks| self.kind(marks))
    }

    fn kind(&self, marks: u8) -> Kind {
        match (self.mark, marks) {
            (b'~', _) => Kind::Strike,
            (_, 1) => Kind::Emphasis,
            _ => Kind::Strong,
        }
    }

    fn fits(&self, closer: &Run) -> bool {
        if self.mark != closer.mark {
            return false;
        }
        if self.mark == b'~' {
            return self.length == closer.length;
        }
        !(closer.can_open || self.can_close)
            || !(self.length + closer.length).is_multiple_of(3)
            || closer.length.is_multiple_of(3)
    }

    /// Which of the bounds counts for a closing run.
    fn bound(&self) -> usize {
        match self.mark {
            b'~' => 12,
            mark => self.length % 3 + 3 * usize::from(self.can_open) + 6 * usize::from(mark == b'_'),
        }
    }
}

/// Runs by the index of their piece.
#[derive(Default)]
pub(crate) struct Emphasis {
    /// Those that wait until it is clear whether they stand in a link.
    waiting: Vec<usize>,
    /// Those that may still open something.
    openers: Vec<usize>,
    /// For each kind of closing run, up to where there is nothing for it among the openers.
    bounds: [usize; 13],
}

impl Emphasis {
    pub(crate) fn add(&mut self, piece: usize) {
        self.waiting.push(piece);
    }

    /// How many runs wait.
    pub(crate) fn added(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.openers.is_empty()
    }

    /// Pairs the runs that wait, from the one at index `from` on. If those are `enclosed`, by a link, they only pair
    /// among themselves.
    pub(crate) fn settle(&mut self, pieces: &mut [Piece], from: usize, enclosed: bool) {
        let floor = if enclosed { self.openers.len() } else { 0 };
        let bounds = self.bounds;
        if enclosed {
            self.bounds = [floor; 13];
        }
        for index in self.waiting.split_off(from.min(self.waiting.len())) {
            if let Some(left) = self.close(pieces, index)
                && left > 0
            {
                self.openers.push(index);
            }
        }
        if enclosed {
            self.openers.truncate(floor);
            self.bounds = bounds;
        }
    }

    /// Lets the run at `index` end what it can, and says how many of its marks may yet open something.
    fn close(&mut self, pieces: &mut [Piece], index: usize) -> Option<usize> {
        let (before, after) = pieces.split_at_mut_checked(index)?;
        let Some(Piece::Run(closer)) = after.first_mut() else {
            return None;
        };
        while closer.can_close && closer.left > 0 {
            let bound = closer.bound();
            let found =
                self.openers.iter().skip(self.bounds[bound]).rposition(
                    |&opener| matches!(&before[opener], Piece::Run(opener) if opener.fits(closer)),
                );
            let Some(offset) = found else {
                self.bounds[bound] = self.openers.len();
                break;
            };
            let place = self.bounds[bound] + offset;
            self.openers.truncate(place + 1);
            if let Some(Piece::Run(opener)) = self.openers.last().and_then(|&opener| before.get_mut(opener)) {
                let mut marks = opener.left.min(closer.left);
                opener.left -= marks;
                closer.left -= marks;
                while marks > 0 {
                    let taken = marks.min(2);
                    opener.opens.push(taken as u8);
                    closer.closes.push(taken as u8);
                    marks -= taken;
                }
                if opener.left == 0 {
                    self.openers.pop();
                }
            }
            for bound in &mut self.bounds {
                *bound = (*bound).min(self.openers.len());
            }
        }
        Some(if closer.can_open { closer.left } else { 0 })
    }

    /// Ends, at the end of the text, what has been opened there and is likely to be closed yet.
    pub(crate) fn anticipate(&mut self, pieces: &mut Vec<Piece>) {
        while let Some(index) = self.openers.pop() {
            let Some(Piece::Run(run)) = pieces.get_mut(index) else {
                continue;
            };
            if !run.begins || run.left > 3 || (run.mark == b'~' && run.left < 2) {
                continue;
            }
            let mut ends = 0;
            while run.left > 0 {
                let taken = run.left.min(2);
                run.opens.push(taken as u8);
                run.left -= taken;
                ends += 1;
            }
            pieces.extend((0..ends).map(|_| Piece::Close));
        }
    }
}
