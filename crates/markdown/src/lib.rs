//! Streaming Markdown: text in, minimal tree edits out; no DOM, no HTML.
//!
//! A [`Stream`] takes a message as it arrives and answers each piece with an [`Edit`]: how many top-level nodes stay
//! as they are, and which nodes follow. Finished blocks are not parsed again, so the cost of a token depends on the
//! block it lands in, not on the length of the message. Whatever the pieces were, all edits together give what
//! [`parse`] gives for the whole text.
//!
//! The dialect is CommonMark with GitHub's tables, strikethrough and task lists. The input is treated as hostile:
//! raw HTML comes out as text, a link exists only with a [`Url`] that passed the allow-list, images carry an address
//! but are meant to be drawn as links, and nesting and size of a block are bounded.
//!
//! ```
//! use triptych_markdown::{Stream, parse};
//!
//! let mut nodes = Vec::new();
//! let mut stream = Stream::new();
//! for piece in ["# Fro", "gs\n\nThey *ju", "mp*."] {
//!     stream.push(piece).apply(&mut nodes);
//! }
//! stream.finish().apply(&mut nodes);
//! assert_eq!(nodes, parse("# Frogs\n\nThey *jump*."));
//! ```

mod calm;
mod node;
mod stream;
mod tree;
mod url;

pub use node::{Align, Kind, Node};
pub use stream::{Edit, Stream};
pub use tree::{MAX_DEPTH, MAX_NODES};
pub use url::Url;

/// Parses a whole text at once into its top-level nodes.
pub fn parse(text: &str) -> Vec<Node> {
    tree::parse(text).nodes
}
