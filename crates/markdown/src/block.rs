//! Block structure: which containers a line goes on in, and what it begins.

use crate::{
    Kind, MAX_NODES, Node,
    edit::Op,
    html::{self, Until},
    line::{self, Cursor},
    reference::References,
    state::{Holder, Leaf, Level, Pending, State},
    text,
};

/// How many containers nest at most. Markers of more are text.
const MAX_LEVELS: usize = 40;

/// A message's blocks so far.
pub(crate) struct Blocks {
    pub(crate) state: State,
    /// The text of the leaf, from the state's `start` on.
    pub(crate) content: String,
    /// What has been built since somebody took it.
    pub(crate) ops: Vec<Op>,
    /// Lists that are not tight any more.
    pub(crate) loosened: Vec<Op>,
    /// What has been handed out of a paragraph was something else.
    pub(crate) undone: bool,
    /// The line may not be complete: nothing counts for good.
    pub(crate) preview: bool,
    pub(crate) references: References,
    pub(crate) pending: Vec<Pending>,
    /// Labels without a definition in the part of a paragraph that has been handed out.
    pub(crate) missing: Vec<String>,
    /// Whether there are formulas.
    pub(crate) math: bool,
}

impl Blocks {
    pub(crate) fn new() -> Self {
        let state = State {
            levels: Vec::new(),
            leaf: Leaf::None,
            leaf_shown: false,
            start: 0,
            blank: false,
            gap: false,
            roots: 0,
            count: 0,
            certain: false,
        };
        Self {
            state,
            content: String::new(),
            ops: Vec::new(),
            loosened: Vec::new(),
            undone: false,
            preview: false,
            references: References::default(),
            pending: Vec::new(),
            missing: Vec::new(),
            math: false,
        }
    }

    /// Takes a line without its end. Only the last one of a message has not `ended`.
    pub(crate) fn line(&mut self, source: &str, ended: bool) {
        let state = &mut self.state;
        state.gap = std::mem::take(&mut state.blank);
        state.certain = false;
        let mut cursor = Cursor::new(source);
        let matched = self.matching(&mut cursor);
        let all = matched == self.state.levels.len();
        if all && self.go_on(&mut cursor, ended) {
            return;
        }
        // What `matched` keeps from the last line is only closed once it is clear that the line does not go on there.
        let mut keep = Some(matched);
        loop {
            if cursor.is_blank() {
                self.close_to(keep);
                self.state.blank =
                    !matches!(self.state.levels.last(), Some(Level { holder: Holder::Quote, .. }));
                return;
            }
            let paragraph = keep.is_some() && matches!(self.state.leaf, Leaf::Paragraph(_));
            if cursor.indent() >= 4 {
                if paragraph {
                    break;
                }
                self.close_to(keep);
                cursor.skip(4);
                return self.begin_code(&cursor, ended);
            }
            let rest = cursor.trimmed();
            if paragraph && all && (self.underline(rest) || self.begin_table(rest)) {
                return;
            }
            let room = self.state.levels.len() < MAX_LEVELS;
            if room && text::begins(rest, ">") {
                self.close_to(keep.take());
                self.leave_list();
                cursor.take(1);
                cursor.skip(1);
                self.begin_level(Holder::Quote, Kind::Quote);
                continue;
            }
            let rule = line::is_rule(rest);
            if let Some((mark, number, width)) = line::marker(rest).filter(|_| room && !rule) {
                let empty = text::is_blank(text::from(rest, width));
                if !(paragraph && all) || !(empty || (width > 1 && number != 1)) {
                    self.close_to(keep.take());
                    if self.begin_item(&mut cursor, (mark, number, width), empty, ended) {
                        return;
                    }
                    continue;
                }
            }
            let tag = html::block(rest).or_else(|| {
                (!paragraph && text::begins(rest, "<") && html::is_lone_tag(rest)).then_some(Until::Blank)
            });
            if let Some(until) = tag {
                self.close_to(keep);
                return self.begin_html(&cursor, until, ended);
            }
            if rule {
                self.close_to(keep);
                self.enter();
                return self.leaf_node(Node::Rule);
            }
            if let Some(level) = line::heading(rest) {
                self.close_to(keep);
                self.enter();
                return self.heading(level, text::from(rest, usize::from(level)));
            }
            if let Some((mark, length)) = line::fence(rest) {
                self.close_to(keep);
                return self.begin_fence(mark, length, cursor.indent(), text::from(rest, length));
            }
            if let Some(bracket) = self.formula(rest) {
                self.close_to(keep);
                return self.begin_math(bracket, text::from(rest, 2), ended);
            }
            break;
        }
        self.text_line(cursor.trimmed(), keep, all && cursor.indent() < 4);
    }

    /// How many of the open containers the line goes on in.
    fn matching(&self, cursor: &mut Cursor<'_>) -> usize {
        let goes_on = |level: &&Level| match level.holder {
            Holder::List { .. } => true,
            Holder::Quote => {
                let quoted = cursor.indent() < 4 && text::begins(cursor.trimmed(), ">");
                if quoted {
                    cursor.take(1);
                    cursor.skip(1);
                }
                quoted
            }
            // An item may begin with one blank line, not with two.
            Holder::Item { indent } => {
                let inside = if cursor.is_blank() { level.filled } else { cursor.indent() >= indent };
                if inside {
                    cursor.skip(indent);
                }
                inside
            }
        };
        self.state.levels.iter().take_while(goes_on).count()
    }

    /// Closes the leaf, and all containers but the first `keep`.
    pub(crate) fn close_to(&mut self, keep: Option<usize>) {
        let Some(keep) = keep else { return };
        self.close_leaf();
        while self.state.levels.len() > keep {
            self.leave();
        }
    }

    fn leave(&mut self) {
        if let Some(level) = self.state.levels.pop() {
            if level.holder == Holder::Quote {
                self.state.gap = false;
            }
            if level.shown {
                self.ops.push(Op::Close);
            }
        }
    }

    /// Only items stand in lists.
    fn leave_list(&mut self) {
        if matches!(self.state.levels.last(), Some(Level { holder: Holder::List { .. }, .. })) {
            self.leave();
        }
    }

    /// Minds that a block begins where the last line was: an item or list with a blank line between its blocks is
    /// loose.
    pub(crate) fn enter(&mut self) {
        self.leave_list();
        self.enter_holder();
    }

    fn enter_holder(&mut self) {
        let gap = self.state.gap;
        let Some(level) = self.state.levels.last_mut() else {
            self.state.count = 0;
            return;
        };
        let loose = std::mem::replace(&mut level.filled, true) && gap;
        let list = match level.holder {
            Holder::Quote => return,
            Holder::List { .. } => self.state.levels.len() - 1,
            Holder::Item { .. } => self.state.levels.len().saturating_sub(2),
        };
        if loose {
            self.loosen(list);
        }
    }

    fn loosen(&mut self, list: usize) {
        if self.preview {
            return;
        }
        let path = self
            .state
            .levels
            .iter()
            .take(list + 1)
            .filter(|level| level.shown)
            .map(|level| level.index)
            .collect();
        if let Some(Level { holder: Holder::List { tight, .. }, shown, .. }) = self.state.levels.get_mut(list)
            && std::mem::take(tight)
            && *shown
        {
            self.loosened.push(Op::Loosen(path));
        }
    }

    fn begin_level(&mut self, holder: Holder, kind: Kind) {
        self.enter_holder();
        let index = self.children();
        let shown = self.open(kind);
        self.state.levels.push(Level { holder, shown, filled: false, index, children: 0 });
    }

    /// Begins an item, and says whether that was all of the line.
    fn begin_item(
        &mut self,
        cursor: &mut Cursor<'_>,
        (mark, number, width): (u8, u64, usize),
        empty: bool,
        ended: bool,
    ) -> bool {
        let outer = cursor.indent();
        cursor.take(width);
        let space = if empty || cursor.indent() > 4 { 1 } else { cursor.indent() };
        cursor.skip(space);
        let same = |level: &Level| matches!(level.holder, Holder::List { mark: other, .. } if other == mark);
        if !self.state.levels.last().is_some_and(same) {
            self.leave_list();
            let ordered = width > 1;
            let start = if ordered { number } else { 1 };
            let kind = Kind::List { ordered, start, tight: true };
            self.begin_level(Holder::List { mark, tight: true }, kind);
        }
        self.begin_level(Holder::Item { indent: outer + width + space }, Kind::Item);
        if empty {
            return true;
        }
        let rest = cursor.trimmed();
        let done = match rest.as_bytes() {
            [b'[', b' ' | b'\t', b']', ..] => false,
            [b'[', b'x' | b'X', b']', ..] => true,
            _ => return false,
        };
        let after = text::from(rest, 3);
        if cursor.indent() > 3 || !(after.starts_with([' ', '\t']) || after.is_empty() && ended) {
            return false;
        }
        if text::is_blank(after) {
            self.leaf_node(Node::TaskMarker(done));
        } else {
            self.begin_paragraph(text::trim_start(after), Some(done), false);
        }
        true
    }

    /// Where the children of the innermost element are counted.
    pub(crate) fn children_mut(&mut self) -> &mut usize {
        let level = self.state.levels.iter_mut().rev().find(|level| level.shown);
        level.map_or(&mut self.state.roots, |level| &mut level.children)
    }

    pub(crate) fn children(&mut self) -> usize {
        *self.children_mut()
    }

    /// Opens a block's element, if there is room for it.
    pub(crate) fn open(&mut self, kind: Kind) -> bool {
        let shown = self.open_inner(kind);
        *self.children_mut() += usize::from(shown);
        shown
    }

    /// Opens an element within a block.
    pub(crate) fn open_inner(&mut self, kind: Kind) -> bool {
        let shown = self.state.count < MAX_NODES;
        if shown {
            self.state.count += 1;
            self.ops.push(Op::Open(kind));
        }
        shown
    }

    pub(crate) fn leaf_node(&mut self, node: Node) {
        if self.state.count < MAX_NODES {
            self.state.count += 1;
            *self.children_mut() += 1;
            self.ops.push(Op::Leaf(node));
        }
    }

    /// The path to the element at place `index` of the innermost container.
    pub(crate) fn path(&self, index: usize) -> Vec<usize> {
        let shown = self.state.levels.iter().filter(|level| level.shown);
        shown.map(|level| level.index).chain([index]).collect()
    }

    /// How many levels of elements there may be in one that stands `below` the innermost container.
    pub(crate) fn levels_left(&self, below: usize) -> usize {
        crate::MAX_DEPTH.saturating_sub(self.state.levels.len() + below)
    }
}
