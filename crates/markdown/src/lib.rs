//! Streaming Markdown: text in, minimal tree edits out; no DOM, no HTML.
//!
//! A [`Stream`] takes a message as it arrives and says, as often as it is asked, with an [`Edit`] what has changed.
//! What is finished is not read again, neither its blocks nor what stands in them, and edits only ever touch the last
//! branches of the tree: the cost of a token depends neither on the length of the message nor on that of the block it
//! lands in. Whatever the pieces were, all edits together give what [`parse`] gives for the whole text.
//!
//! The dialect is CommonMark 0.31.2 with GitHub's tables, strikethrough and task lists. The input is treated as
//! hostile: raw HTML comes out as text, a link exists only with a [`Url`] that passed the allow-list, images carry an
//! address but must not load by themselves, and nesting and size of a block are bounded.
//!
//! ```
//! use triptych_markdown::{Stream, Tree, parse};
//!
//! let mut tree = Tree::new();
//! let mut stream = Stream::new();
//! for piece in ["# Fro", "gs\n\nThey *ju", "mp*."] {
//!     stream.push(piece);
//!     tree.apply(stream.edit());
//! }
//! tree.apply(stream.finish());
//! assert_eq!(tree.nodes(), parse("# Frogs\n\nThey *jump*."));
//! ```

mod block;
mod calm;
mod diff;
mod edit;
mod emit;
mod emphasis;
mod entity;
mod html;
mod inline;
mod leaf;
mod line;
mod link;
mod math;
mod node;
mod paragraph;
mod reference;
mod state;
mod stream;
mod table;
mod text;
mod unicode;
mod url;

pub use edit::{Edit, Op, Tree};
pub use node::{Align, Kind, Node};
pub use stream::Stream;
pub use url::Url;

/// How deep elements nest at most; what is nested deeper becomes content of the last one.
pub const MAX_DEPTH: usize = 64;

/// How many blocks and cells there are in one top-level block at most, and how many nodes in one paragraph, heading or
/// cell, give or take their texts. What follows is plain text. A long answer stays far below, also where it is one
/// table; the rows of a wide table, which are filled up with empty cells, do not.
pub const MAX_NODES: usize = 60_000;

/// Parses a whole text at once into its top-level nodes.
pub fn parse(text: &str) -> Vec<Node> {
    let mut stream = Stream::new();
    stream.push(text);
    let mut tree = Tree::new();
    tree.apply(stream.finish());
    tree.into_nodes()
}
