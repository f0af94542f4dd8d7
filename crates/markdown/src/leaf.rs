//! Blocks that hold text: how they begin, take lines, and end.

use crate::{
    Kind,
    block::Blocks,
    calm,
    edit::{Op, push_text},
    html::Until,
    line::{self, Cursor},
    link, math,
    state::Leaf,
    table,
    text::{self, is_blank, trim_end, trim_start},
};

impl Blocks {
    /// Gives the line to the open leaf, if that is one that takes its lines as they are, and says whether it took it.
    pub(crate) fn go_on(&mut self, cursor: &mut Cursor<'_>, ended: bool) -> bool {
        match self.state.leaf {
            Leaf::None | Leaf::Paragraph(_) => false,
            Leaf::Fence { mark, length, indent } => {
                let rest = cursor.trimmed();
                let run = text::run(rest, mark);
                if run >= length
                    && cursor.indent() < 4
                    && text::from(rest, run).bytes().all(|byte| byte == b' ')
                {
                    self.close_leaf();
                    return true;
                }
                // The end of the code is not shown as code first.
                if self.preview && !rest.is_empty() && run == rest.len() {
                    return true;
                }
                cursor.skip(indent);
                self.source(cursor, ended);
                self.state.certain = run == 0 && !rest.is_empty();
                true
            }
            Leaf::Math { bracket } => {
                self.math_line(bracket, cursor.rest(), ended);
                true
            }
            Leaf::Html(Until::Blank) if cursor.is_blank() => false,
            Leaf::Html(until) => {
                self.html_line(cursor, until, ended);
                true
            }
            Leaf::Indented if cursor.is_blank() => {
                cursor.skip(4);
                self.content.push_str(cursor.rest());
                self.content.push_str(if ended { "\n" } else { "" });
                self.state.blank = true;
                true
            }
            Leaf::Indented if cursor.indent() >= 4 => {
                cursor.skip(4);
                // Blank lines count where more code follows.
                let blank = self.content.get(self.state.start..).unwrap_or_default();
                push_text(&mut self.ops, blank);
                if !self.preview {
                    self.content.truncate(self.state.start);
                }
                self.source(cursor, ended);
                true
            }
            Leaf::Indented => false,
            Leaf::Table { .. } => {
                let rest = cursor.trimmed();
                !is_blank(rest) && !interrupts(rest) && self.formula(rest).is_none() && self.row(rest)
            }
        }
    }

    /// The rest of a line as it is.
    fn source(&mut self, cursor: &Cursor<'_>, ended: bool) {
        push_text(&mut self.ops, "   ".get(..cursor.pad()).unwrap_or_default());
        push_text(&mut self.ops, cursor.rest());
        push_text(&mut self.ops, if ended { "\n" } else { "" });
    }

    fn html_line(&mut self, cursor: &Cursor<'_>, until: Until, ended: bool) {
        self.source(cursor, ended);
        if let Until::Text(end) = until
            && text::find(cursor.rest(), end, 0).is_some()
        {
            self.close_leaf();
        }
    }

    pub(crate) fn begin_html(&mut self, cursor: &Cursor<'_>, until: Until, ended: bool) {
        self.enter();
        self.state.leaf_shown = self.open(Kind::Html);
        self.state.leaf = Leaf::Html(until);
        self.html_line(cursor, until, ended);
    }

    pub(crate) fn begin_code(&mut self, cursor: &Cursor<'_>, ended: bool) {
        self.enter();
        self.clear_content();
        self.state.leaf_shown = self.open(Kind::Code { language: None });
        self.state.leaf = Leaf::Indented;
        self.source(cursor, ended);
    }

    pub(crate) fn begin_fence(&mut self, mark: u8, length: usize, indent: usize, info: &str) {
        // Its language is not known before the line is complete.
        if self.preview {
            return;
        }
        self.enter();
        let info = link::unescape(trim_end(trim_start(info)));
        let word = text::to(&info, info.bytes().take_while(|byte| !b" \t,{".contains(byte)).count());
        let language = Some(String::from(word)).filter(|word| !word.is_empty());
        self.state.leaf_shown = self.open(Kind::Code { language });
        self.state.leaf = Leaf::Fence { mark, length, indent };
    }

    /// Whether the line begins a formula of its own, and if so whether with a bracket.
    pub(crate) fn formula(&self, line: &str) -> Option<bool> {
        if self.math { math::block(line) } else { None }
    }

    pub(crate) fn begin_math(&mut self, bracket: bool, text: &str, ended: bool) {
        self.enter();
        self.state.leaf_shown = self.open(Kind::Code { language: Some(String::from("math")) });
        self.state.leaf = Leaf::Math { bracket };
        if !is_blank(text) {
            self.math_line(bracket, trim_start(text), ended);
        }
    }

    fn math_line(&mut self, bracket: bool, text: &str, ended: bool) {
        let Some(end) = math::closing(text, bracket) else {
            // Half of what ends it is not shown.
            let half = self.preview && text.ends_with(if bracket { '\\' } else { '$' });
            push_text(&mut self.ops, text::to(text, text.len() - usize::from(half)));
            push_text(&mut self.ops, if ended { "\n" } else { "" });
            return;
        };
        let last = trim_end(text::to(text, end));
        push_text(&mut self.ops, last);
        push_text(&mut self.ops, if last.is_empty() { "" } else { "\n" });
        self.close_leaf();
        let after = trim_start(text::from(text, end + 2));
        if !after.is_empty() {
            self.begin_paragraph(after, None, false);
        }
    }

    pub(crate) fn heading(&mut self, level: u8, text: &str) {
        let text = trim_end(trim_start(text));
        let inner = text::to(text, text.len() - text::run_back(text, b'#'));
        let text =
            if trim_end(inner).len() < inner.len() || inner.is_empty() { trim_end(inner) } else { text };
        self.text_block(Kind::Heading(level), text);
    }

    /// A line of text, which begins a paragraph or goes on with one. `keep` containers, if any, are still open from the
    /// line before, and it may be the head of a table or not.
    pub(crate) fn text_line(&mut self, text: &str, keep: Option<usize>, may_be_head: bool) {
        // What may begin a block is not shown as text first.
        let hidden = self.preview && calm::is_half_tag(text);
        if keep.is_some()
            && let Leaf::Paragraph(paragraph) = &mut self.state.leaf
        {
            if !hidden {
                self.content.push('\n');
                paragraph.pipe =
                    (may_be_head && text::begins(text, "|")).then_some(self.content.len() - self.state.start);
                self.content.push_str(text);
                self.state.certain = calm::is_certain(text) && !(self.math && math::may_begin(text));
            }
            return;
        }
        self.close_to(keep);
        if !hidden {
            self.begin_paragraph(text, None, true);
        }
    }

    pub(crate) fn clear_content(&mut self) {
        if self.preview {
            self.state.start = self.content.len();
        } else {
            self.content.clear();
            self.state.start = 0;
        }
    }

    /// Adds to the line that the leaf took last, which was certain to be only text.
    pub(crate) fn more(&mut self, text: &str) {
        match self.state.leaf {
            Leaf::Paragraph(_) => self.content.push_str(text),
            _ => push_text(&mut self.ops, text),
        }
    }

    /// The line that the leaf took last has ended.
    pub(crate) fn end_line(&mut self) {
        if !matches!(self.state.leaf, Leaf::Paragraph(_)) {
            push_text(&mut self.ops, "\n");
        }
    }

    pub(crate) fn close_leaf(&mut self) {
        match std::mem::replace(&mut self.state.leaf, Leaf::None) {
            Leaf::None => {}
            Leaf::Paragraph(paragraph) => self.close_paragraph(paragraph, Kind::Paragraph),
            // The body and the table.
            Leaf::Table { .. } if self.state.leaf_shown => self.ops.extend([Op::Close, Op::Close]),
            _ if self.state.leaf_shown => self.ops.push(Op::Close),
            _ => {}
        }
    }
}

/// Whether a line ends a table, because something else begins.
fn interrupts(text: &str) -> bool {
    text::begins(text, ">")
        || line::is_rule(text)
        || line::heading(text).is_some()
        || line::fence(text).is_some()
        || line::marker(text).is_some()
        || crate::html::block(text).is_some()
}

/// The columns of the table that a line makes of `head`, the line before.
pub(crate) fn columns(head: &str, delimiter: &str) -> Option<Vec<crate::Align>> {
    table::delimiter(delimiter).filter(|columns| table::head_columns(head) == Some(columns.len()))
}
