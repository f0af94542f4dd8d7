//! Paragraphs, and the headings and tables that they turn out to be.

use crate::{
    Align, Kind, Node,
    block::Blocks,
    calm,
    edit::Op,
    emit::{Room, emit},
    inline::Inline,
    leaf::columns,
    link::Scan,
    math, reference,
    state::{Leaf, Paragraph, Pending},
    table,
    text::{self, begins, find, from, to},
};

/// A paragraph is handed out in parts of about this many bytes, so that a long one is not read anew for each word.
const PART: usize = 256;

impl Blocks {
    pub(crate) fn begin_paragraph(&mut self, text: &str, task: Option<bool>, may_be_table: bool) {
        self.enter();
        if self.preview && calm::is_half_task(text) {
            return;
        }
        self.clear_content();
        self.content.push_str(text);
        if !self.preview {
            self.missing.clear();
        }
        self.state.certain = calm::is_certain(text) && !(self.math && math::may_begin(text));
        let pipe = (may_be_table && begins(text, "|")).then_some(0);
        let room = Room::new(self.levels_left(1));
        self.state.leaf = Leaf::Paragraph(Paragraph { task, pipe, opened: false, safe: 0, room, index: 0 });
    }

    fn text(&self) -> &str {
        from(&self.content, self.state.start)
    }

    /// Takes link reference definitions off the start of a paragraph.
    fn define(&mut self, paragraph: &mut Paragraph) {
        while paragraph.task.is_none() && !paragraph.opened && begins(self.text(), "[") {
            let Scan::Found(length, (label, target)) = reference::scan(self.text()) else {
                return;
            };
            if !self.preview {
                self.references.insert(label, target);
            }
            self.state.start += length;
            paragraph.pipe = paragraph.pipe.and_then(|pipe| pipe.checked_sub(length));
        }
    }

    /// Makes a heading of the paragraph if the line says so.
    pub(crate) fn underline(&mut self, line: &str) -> bool {
        let Some(level) = crate::line::underline(line) else {
            return false;
        };
        let Leaf::Paragraph(mut paragraph) = self.state.leaf else {
            return false;
        };
        self.define(&mut paragraph);
        if self.text().is_empty() && paragraph.task.is_none() {
            // There were only definitions.
            self.state.leaf = Leaf::None;
            return false;
        }
        self.state.leaf = Leaf::None;
        self.undo(&mut paragraph);
        self.close_paragraph(paragraph, Kind::Heading(level));
        true
    }

    /// Makes a table of the paragraph's first or last line if the line under it says so.
    pub(crate) fn begin_table(&mut self, line: &str) -> bool {
        let Leaf::Paragraph(mut paragraph) = self.state.leaf else {
            return false;
        };
        if self.preview || table::delimiter(line).is_none() {
            return false;
        }
        self.define(&mut paragraph);
        if self.text().is_empty() && paragraph.task.is_none() {
            self.state.leaf = Leaf::None;
            return false;
        }
        self.state.leaf = Leaf::Paragraph(paragraph);
        let start = if find(self.text(), "\n", 0).is_some() { paragraph.pipe } else { Some(0) };
        let Some(start) = start else { return false };
        let head = String::from(from(self.text(), start));
        let Some(columns) = columns(&head, line) else {
            return false;
        };
        self.state.leaf = Leaf::None;
        if paragraph.safe > start || start == 0 {
            self.undo(&mut paragraph);
        }
        if start > 0 {
            self.content.truncate(self.state.start + start);
            self.close_paragraph(paragraph, Kind::Paragraph);
        }
        self.table(&head, columns);
        true
    }

    fn table(&mut self, head: &str, columns: Vec<Align>) {
        let index = self.children();
        self.state.leaf_shown = self.open(Kind::Table);
        if self.state.leaf_shown {
            self.ops.push(Op::Open(Kind::TableHead));
            self.cells(head, &columns, true, &[index, 0, 0]);
            self.ops.extend([Op::Close, Op::Open(Kind::TableBody)]);
        }
        self.state.leaf = Leaf::Table { columns: columns.into(), rows: 0, index };
    }

    /// A row of a table's body, unless the line has no cell.
    pub(crate) fn row(&mut self, line: &str) -> bool {
        let Leaf::Table { columns, rows, index } = &mut self.state.leaf else {
            return false;
        };
        if table::cells(line).is_empty() {
            return false;
        }
        let (columns, place) = (columns.clone(), [*index, 1, *rows]);
        *rows += 1;
        self.cells(line, &columns, false, &place);
        true
    }

    fn cells(&mut self, line: &str, columns: &[Align], header: bool, place: &[usize]) {
        let row = self.open_inner(Kind::TableRow);
        let mut cells = table::cells(line).into_iter();
        for (column, &align) in columns.iter().enumerate() {
            let text = cells.next().unwrap_or_default();
            let shown = self.open_inner(Kind::TableCell { header, align });
            let mut path = self.path(place[0]);
            path.extend_from_slice(&place[1..]);
            path.push(column);
            self.inline(&text, path, None, self.levels_left(4), shown);
            if shown {
                self.ops.push(Op::Close);
            }
        }
        if row {
            self.ops.push(Op::Close);
        }
    }

    /// A block that is complete.
    pub(crate) fn text_block(&mut self, kind: Kind, text: &str) {
        let index = self.children();
        let shown = self.open(kind);
        self.inline(text, self.path(index), None, self.levels_left(1), shown);
        if shown {
            self.ops.push(Op::Close);
        }
    }

    fn inline(&mut self, text: &str, path: Vec<usize>, task: Option<bool>, levels: usize, shown: bool) {
        let text = if self.preview { calm::visible(text) } else { text };
        let inline = Inline::read(text, ' ', &self.references, self.preview, self.math);
        emit(&inline, usize::MAX, &mut Room::new(levels), &mut self.ops);
        let missing = inline.missing;
        if !missing.is_empty() && shown && !self.preview {
            let labels = missing.into_iter().map(|(_, label)| label).collect();
            self.pending.push(Pending { path, text: String::from(text), task, levels, labels });
        }
    }

    /// What has been handed out of a paragraph has to be taken back.
    fn undo(&mut self, paragraph: &mut Paragraph) {
        if std::mem::take(&mut paragraph.opened) {
            self.undone = true;
            *self.children_mut() -= 1;
            paragraph.safe = 0;
            paragraph.room = Room::new(self.levels_left(1));
            self.missing.clear();
        }
    }

    pub(crate) fn close_paragraph(&mut self, mut paragraph: Paragraph, kind: Kind) {
        self.define(&mut paragraph);
        let end = text::trim_lines(self.text()).len();
        if end == 0 && paragraph.task.is_none() {
            return;
        }
        let shown = self.open_paragraph(&mut paragraph, kind);
        self.rest(&mut paragraph, end, false, usize::MAX);
        if shown {
            self.ops.push(Op::Close);
        }
        if !self.preview && shown && !self.missing.is_empty() {
            let labels = std::mem::take(&mut self.missing);
            let levels = self.levels_left(1);
            self.pending.push(Pending {
                path: self.path(paragraph.index),
                text: String::from(to(self.text(), end)),
                task: paragraph.task,
                levels,
                labels,
            });
        }
    }

    fn open_paragraph(&mut self, paragraph: &mut Paragraph, kind: Kind) -> bool {
        if paragraph.opened {
            return true;
        }
        paragraph.index = self.children();
        paragraph.opened = self.open(kind);
        if let Some(done) = paragraph.task {
            self.ops.push(Op::Leaf(Node::TaskMarker(done)));
        }
        paragraph.opened
    }

    /// Builds what the text has up to `end` after the part that has been handed out: `count` pieces, or those that are
    /// safe if that is 0.
    fn rest(&mut self, paragraph: &mut Paragraph, end: usize, live: bool, count: usize) {
        // Field by field, because a long text is not to be copied for each word.
        let text = to(from(&self.content, self.state.start), end);
        let before = text::last(to(text, paragraph.safe)).unwrap_or(' ');
        let inline = Inline::read(from(text, paragraph.safe), before, &self.references, live, self.math);
        let count = if count == 0 { inline.safe.1 } else { count };
        let limit = if count == usize::MAX { usize::MAX } else { inline.safe.0 };
        emit(&inline, count, &mut paragraph.room, &mut self.ops);
        paragraph.safe += inline.safe.0;
        if !self.preview {
            let missing = inline.missing.into_iter().filter(|(at, _)| *at < limit);
            self.missing.extend(missing.map(|(_, label)| label));
        }
    }

    /// Hands out what nothing that may come can change any more of a long paragraph.
    pub(crate) fn advance(&mut self) {
        let Leaf::Paragraph(mut paragraph) = self.state.leaf else {
            return;
        };
        let text = self.text();
        let text = to(text, paragraph.pipe.map_or(text.len(), |pipe| pipe.saturating_sub(1)));
        let define = begins(text, "[") && paragraph.task.is_none() && !paragraph.opened;
        if text.len() < paragraph.safe + PART || (define && !matches!(reference::scan(text), Scan::No)) {
            return;
        }
        let end = text.len();
        let (place, children, count) = (self.ops.len(), self.children(), self.state.count);
        let safe = paragraph.safe;
        if self.open_paragraph(&mut paragraph, Kind::Paragraph) {
            self.rest(&mut paragraph, end, false, 0);
            if paragraph.safe > safe {
                self.state.leaf = Leaf::Paragraph(paragraph);
                return;
            }
        }
        // Nothing is certain yet.
        *self.children_mut() = children;
        self.state.count = count;
        self.ops.truncate(place);
    }

    /// How much of the open paragraph has not been handed out.
    pub(crate) fn unsettled(&self) -> usize {
        match &self.state.leaf {
            Leaf::Paragraph(paragraph) => self.text().len().saturating_sub(paragraph.safe),
            _ => 0,
        }
    }

    /// Draws the open paragraph as what it is about to be.
    pub(crate) fn draw(&mut self) {
        let Leaf::Paragraph(mut paragraph) = self.state.leaf else {
            return;
        };
        self.define(&mut paragraph);
        if !paragraph.opened && paragraph.task.is_none() {
            let defines = matches!(reference::scan(self.text()), Scan::Cut);
            if defines && find(self.text(), "]:", 0).is_some() {
                return;
            }
        }
        let end = text::trim_lines(calm::visible(self.text())).len();
        let head = paragraph.pipe.filter(|&pipe| pipe >= paragraph.safe && paragraph.task.is_none());
        if let Some(pipe) = head.filter(|&pipe| end > pipe + 1) {
            let head = String::from(text::part(self.text(), pipe..end));
            let columns = table::cells(&head).len();
            if pipe > 0 {
                self.open_paragraph(&mut paragraph, Kind::Paragraph);
                let end = text::trim_lines(to(self.text(), pipe)).len();
                self.rest(&mut paragraph, end, false, usize::MAX);
                self.ops.push(Op::Close);
            }
            self.table(&head, vec![Align::Auto; columns]);
            return;
        }
        if end > 0 || paragraph.task.is_some() {
            self.open_paragraph(&mut paragraph, Kind::Paragraph);
            self.rest(&mut paragraph, end, true, usize::MAX);
        }
    }

    /// The steps that build a leaf anew for which a label has found its definition.
    pub(crate) fn rewrite(&self, pending: &mut Pending) -> Option<Op> {
        let known = |label: &String| self.references.get(label).is_some();
        if !pending.labels.iter().any(known) {
            return None;
        }
        pending.labels.retain(|label| !known(label));
        let mut ops = Vec::new();
        ops.extend(pending.task.map(|done| Op::Leaf(Node::TaskMarker(done))));
        let inline = Inline::read(&pending.text, ' ', &self.references, false, self.math);
        emit(&inline, usize::MAX, &mut Room::new(pending.levels), &mut ops);
        Some(Op::Rewrite(pending.path.clone(), ops))
    }
}
