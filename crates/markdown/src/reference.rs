//! Link reference definitions: `[label]: destination "title"`.

use crate::{
    link::{self, Scan},
    text::{from, is_blank, line_end, part},
    unicode,
};

/// A definition longer than this does not count: each use of it would repeat it.
const MAX_LENGTH: usize = 2_048;

/// What a label stands for.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) destination: String,
    pub(crate) title: String,
}

/// The definitions of a message, in order of their labels.
#[derive(Default)]
pub(crate) struct References {
    targets: Vec<(String, Target)>,
}

impl References {
    pub(crate) fn len(&self) -> usize {
        self.targets.len()
    }

    pub(crate) fn get(&self, label: &str) -> Option<&Target> {
        self.place(label).ok().and_then(|at| self.targets.get(at)).map(|(_, target)| target)
    }

    /// Adds a definition, unless there is one: the first counts.
    pub(crate) fn insert(&mut self, label: String, target: Target) {
        if let Err(at) = self.place(&label)
            && target.destination.len() + target.title.len() <= MAX_LENGTH
        {
            self.targets.insert(at, (label, target));
        }
    }

    fn place(&self, label: &str) -> Result<usize, usize> {
        self.targets.binary_search_by(|(other, _)| other.as_str().cmp(label))
    }
}

/// The definition at the start of `text`, and its length with its line end.
pub(crate) fn scan(text: &str) -> Scan<(String, Target)> {
    let mut at = match link::label(text) {
        Scan::Found(length, _) => length,
        Scan::No => return Scan::No,
        Scan::Cut => return Scan::Cut,
    };
    let label = part(text, 1..at - 1);
    match text.as_bytes().get(at) {
        Some(b':') => at += 1,
        Some(_) => return Scan::No,
        None => return Scan::Cut,
    }
    at += link::separator(from(text, at));
    let destination = match link::destination(from(text, at)) {
        Scan::Found(0, _) | Scan::Cut if at >= text.len() => return Scan::Cut,
        Scan::Found(length, destination) if length > 0 => {
            at += length;
            destination
        }
        Scan::Cut => return Scan::Cut,
        _ => return Scan::No,
    };
    let found = |at: usize, title: &str| {
        let target = Target { destination: link::unescape(destination), title: link::unescape(title) };
        Scan::Found(at, (unicode::fold(label), target))
    };
    let line = line_end(text, at);
    let space = link::separator(from(text, at));
    let mut cut = false;
    if space > 0 {
        match link::title(from(text, at + space)) {
            Scan::Found(length, title) => {
                let end = at + space + length;
                let line = line_end(text, end);
                if is_blank(part(text, end..line)) {
                    return found((line + 1).min(text.len()), title);
                }
            }
            Scan::Cut => cut = true,
            Scan::No => {}
        }
    }
    // A title that is none may still be the next line of a paragraph.
    if is_blank(part(text, at..line)) {
        return found((line + 1).min(text.len()), "");
    }
    if cut { Scan::Cut } else { Scan::No }
}
