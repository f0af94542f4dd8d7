//! What of a message is still open.

use std::rc::Rc;

use crate::{Align, emit::Room, html::Until};

/// What may hold blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    Quote,
    List { mark: u8, tight: bool },
    Item { indent: usize },
}

#[derive(Clone, Copy)]
pub(crate) struct Level {
    pub(crate) holder: Holder,
    /// Whether it has an element.
    pub(crate) shown: bool,
    /// Whether a block has begun in it.
    pub(crate) filled: bool,
    /// Its place among its parent's children.
    pub(crate) index: usize,
    /// How many children it has.
    pub(crate) children: usize,
}

/// The block at the end that lines are added to.
#[derive(Clone)]
pub(crate) enum Leaf {
    None,
    Paragraph(Paragraph),
    Fence {
        mark: u8,
        length: usize,
        indent: usize,
    },
    Indented,
    Html(Until),
    /// A formula, which ends with a bracket or with dollars.
    Math {
        bracket: bool,
    },
    Table {
        columns: Rc<[Align]>,
        rows: usize,
        index: usize,
    },
}

/// A paragraph whose text is still growing.
#[derive(Clone, Copy)]
pub(crate) struct Paragraph {
    /// The box before it, if it is a task.
    pub(crate) task: Option<bool>,
    /// Where its last line begins, if that may be the head of a table.
    pub(crate) pipe: Option<usize>,
    /// Its element has been handed out.
    pub(crate) opened: bool,
    /// How much of its text has been handed out.
    pub(crate) safe: usize,
    pub(crate) room: Room,
    pub(crate) index: usize,
}

/// All that a line can change, but for texts that only grow.
#[derive(Clone)]
pub(crate) struct State {
    pub(crate) levels: Vec<Level>,
    pub(crate) leaf: Leaf,
    /// Whether the leaf has an element.
    pub(crate) leaf_shown: bool,
    /// Where the leaf's text begins.
    pub(crate) start: usize,
    /// The last line was blank, and where it stood that separates blocks.
    pub(crate) blank: bool,
    /// The same of the line before.
    pub(crate) gap: bool,
    /// How many top-level nodes there are.
    pub(crate) roots: usize,
    /// How many blocks the last of them has.
    pub(crate) count: usize,
    /// However the line goes on, it is only text.
    pub(crate) certain: bool,
}

/// A leaf in which labels stand that have no definition yet.
pub(crate) struct Pending {
    pub(crate) path: Vec<usize>,
    pub(crate) text: String,
    pub(crate) task: Option<bool>,
    pub(crate) levels: usize,
    pub(crate) labels: Vec<String>,
}
