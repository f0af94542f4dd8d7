//! Tables: matrices, cases, lines that are aligned.

use crate::{
    Error,
    node::Node,
    parser::{Parser, fenced, unexpected},
    token::Token,
};

/// How the cells of a column stand, and whether a line does before them.
type Column = &'static str;

/// Classes of a table's cells; the widget's sheet says what they look like.
const LEFT: Column = "left";
const RIGHT: Column = "right";
const CENTER: Column = "";

/// What an environment looks like.
#[derive(Clone)]
pub(crate) struct Layout {
    /// What stands around it.
    fences: [&'static str; 2],
    /// The columns, repeated for as many as there are.
    columns: Vec<Column>,
    /// Its cells are set like displayed formulas.
    display: bool,
    /// The class of the table.
    class: &'static str,
}

impl Parser<'_> {
    /// From `\begin` to `\end`.
    pub(crate) fn environment(&mut self) -> Result<Node, Error> {
        let name = self.tokens.raw()?;
        let plain = name.trim_end_matches('*');
        let mut layout = layout(plain).ok_or_else(|| Error::Unknown(name.into()))?;
        match plain {
            "array" => {
                self.tokens.optional()?;
                layout.columns = columns(self.tokens.raw()?);
            }
            "alignat" | "alignedat" | "subarray" => {
                self.tokens.raw()?;
            }
            _ => {
                // Where it stands, and in some dialects how its columns are aligned.
                self.tokens.optional()?;
            }
        }
        let first = self.row()?;
        let node = self.table_from(first, Some(layout.clone()))?;
        match self.tokens.next() {
            Token::Command("end") => {}
            Token::End => return Err(Error::Unexpected(String::from("\\begin{") + name + "}")),
            other => return Err(unexpected(other)),
        }
        let end = self.tokens.raw()?;
        if end != name {
            return Err(Error::Unexpected(String::from("\\end{") + end + "}"));
        }
        let [open, close] = layout.fences;
        Ok(Node::row(fenced(open, vec![node], close)))
    }

    /// A table whose first cell has been read. Without a layout its columns are aligned in pairs.
    pub(crate) fn table_from(&mut self, first: Vec<Node>, layout: Option<Layout>) -> Result<Node, Error> {
        let layout = layout.or_else(|| self::layout("aligned"));
        let Some(layout) = layout else { return Ok(Node::row(first)) };
        let (mut rows, mut cells, mut ruled) = (Vec::new(), Vec::new(), false);
        let mut cell = first;
        loop {
            let column = layout.columns.get(cells.len() % layout.columns.len().max(1)).copied();
            let class = column.unwrap_or(CENTER);
            let node = Node::new("mtd", cell);
            cells.push(if class.is_empty() { node } else { node.with("class", class) });
            match self.tokens.peek() {
                Token::Char('&') => {
                    self.tokens.next();
                }
                Token::Command("\\" | "cr" | "newline") => {
                    self.tokens.next();
                    self.tokens.take(Token::Char('*'));
                    self.tokens.optional()?;
                    rows.push(row(std::mem::take(&mut cells), ruled));
                    ruled = false;
                }
                _ => break,
            }
            while self.tokens.take(Token::Command("hline")) {
                ruled = true;
            }
            cell = self.row()?;
        }
        // A line end after the last line makes no line.
        if cells.len() > 1 || cells.first().is_some_and(|cell| !cell.children.is_empty()) || rows.is_empty() {
            rows.push(row(cells, ruled));
        }
        let table = Node::new("mtable", rows);
        let table = if layout.display { table.with("displaystyle", "true") } else { table };
        Ok(if layout.class.is_empty() { table } else { table.with("class", layout.class) })
    }

    /// The lines in the braces that come next, under one another.
    pub(crate) fn lines_of_group(&mut self) -> Result<Node, Error> {
        let source = self.tokens.raw()?;
        let layout = layout("subarray");
        self.deeper(|parser| {
            let mut inner = parser.inner(source);
            let first = inner.row()?;
            let table = inner.table_from(first, layout)?;
            match inner.tokens.next() {
                Token::End => Ok(table),
                other => Err(unexpected(other)),
            }
        })
    }
}

fn row(cells: Vec<Node>, ruled: bool) -> Node {
    let row = Node::new("mtr", cells);
    if ruled { row.with("class", "ruled") } else { row }
}

fn layout(name: &str) -> Option<Layout> {
    let table = |fences, columns: &[Column], display, class| {
        Some(Layout { fences, columns: columns.to_vec(), display, class })
    };
    let matrix = |open, close| table([open, close], &[CENTER], false, "");
    match name {
        "matrix" | "array" => matrix("", ""),
        "pmatrix" => matrix("(", ")"),
        "bmatrix" => matrix("[", "]"),
        "Bmatrix" => matrix("{", "}"),
        "vmatrix" => matrix("|", "|"),
        "Vmatrix" => matrix("‖", "‖"),
        "smallmatrix" | "subarray" => table(["", ""], &[CENTER], false, "small"),
        "cases" => table(["{", ""], &[LEFT], false, "cases"),
        "dcases" => table(["{", ""], &[LEFT], true, "cases"),
        "rcases" => table(["", "}"], &[LEFT], false, "cases"),
        "aligned" | "align" | "alignat" | "alignedat" | "split" | "eqnarray" | "flalign" => {
            table(["", ""], &[RIGHT, LEFT], true, "lines")
        }
        "gather" | "gathered" | "equation" | "multline" | "displaymath" | "math" => {
            table(["", ""], &[CENTER], true, "lines")
        }
        _ => None,
    }
}

/// The columns that the letters of an array's argument name.
fn columns(source: &str) -> Vec<Column> {
    let (mut columns, mut line) = (Vec::new(), false);
    for letter in source.chars() {
        let class = match (letter, line) {
            ('|', _) => {
                line = true;
                continue;
            }
            ('l', false) => LEFT,
            ('r', false) => RIGHT,
            ('c', false) => CENTER,
            ('l', true) => "left line",
            ('r', true) => "right line",
            ('c', true) => "line",
            _ => continue,
        };
        line = false;
        columns.push(class);
    }
    columns
}
