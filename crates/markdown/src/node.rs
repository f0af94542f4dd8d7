use crate::Url;

/// A piece of a message, as a tree. Top-level nodes are blocks, never [`Node::Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Plain text, also where the source had raw HTML. A line end inside a paragraph is `\n`. Two texts never touch.
    Text(String),
    /// A hard line break.
    Break,
    /// A thematic break.
    Rule,
    /// Anything with children.
    Element {
        /// What it is.
        kind: Kind,
        /// What it holds, in order.
        children: Vec<Node>,
    },
    /// An image, which must not load by itself: its address may carry away what was said.
    Image {
        /// Its description as plain text, possibly empty.
        alt: String,
        /// Where it is; `None` if the address is not allowed or the image stands inside a link.
        url: Option<Url>,
        /// Its title.
        title: Option<String>,
    },
    /// A formula within a line, where they are [asked for](crate::Stream::with_math).
    Math {
        /// Its LaTeX, without the marks around it.
        source: String,
        /// Whether it stands on a line of its own.
        display: bool,
    },
    /// The box of a task list's item, and whether it is ticked.
    TaskMarker(bool),
}

/// What a [`Node::Element`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A paragraph, also in a tight list, where it is drawn without space around it.
    Paragraph,
    /// A heading of level 1 to 6.
    Heading(u8),
    /// `*emphasis*`
    Emphasis,
    /// `**strong**`
    Strong,
    /// `~~struck~~`
    Strike,
    /// Code within a line; its only child is a text.
    InlineCode,
    /// A block quote.
    Quote,
    /// A list; its children are items.
    List {
        /// Numbered or not.
        ordered: bool,
        /// Number of the first item; 1 if not ordered.
        start: u64,
        /// Whether no blank line separates its items or what is in them. A list begins as tight.
        tight: bool,
    },
    /// An item of a list.
    Item,
    /// A table; its children are one head and one body.
    Table,
    /// A table's head, with one row.
    TableHead,
    /// A table's body, with any number of rows.
    TableBody,
    /// A row of cells, as many in each row of a table.
    TableRow,
    /// A cell.
    TableCell {
        /// Whether it stands in the head.
        header: bool,
        /// How its column is aligned.
        align: Align,
    },
    /// A link to an allowed address.
    Link {
        /// Where it leads.
        url: Url,
        /// Its title.
        title: Option<String>,
    },
    /// A fenced or indented block of code. Its only child, if it has one, is a text, usually with its last line end.
    Code {
        /// First word of the fence's info string; `math` for a block between `$$` or `\\[` and `\\]` where formulas are
        /// asked for.
        language: Option<String>,
    },
    /// A block of raw HTML, shown as its source: its only child is a text with line ends that matter.
    Html,
}

/// Alignment of a table's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// The table does not say.
    Auto,
    /// `:--`
    Left,
    /// `:-:`
    Center,
    /// `--:`
    Right,
}
