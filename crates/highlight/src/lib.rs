//! Streaming syntax highlighting: code in, classes of its parts out; no DOM.
//!
//! A [`Highlighter`] takes a block of code as it arrives and says what the new text is made of. A finished line is
//! never read again, and of an unfinished one only the last 512 bytes are: the cost of a piece depends neither on what
//! came before nor on what the code means. Whatever the pieces were, the spans together are the same.
//!
//! This is for the eye. Languages are read by tables of words and a few rules, not by their grammars, and code in no
//! language at all is read in linear time.
//!
//! ```
//! use triptych_highlight::{Class, Highlighter};
//!
//! let mut code = Highlighter::new("rs").unwrap();
//! let update = code.push("let frogs = 3;");
//! assert_eq!(update.spans[0].class, Class::Keyword);
//! assert_eq!(update.settled, 0, "the line may go on");
//! ```

mod class;
mod code;
mod css;
mod data;
mod highlighter;
mod language;
mod languages;
mod markup;
mod shell;
mod state;
mod string;
mod text;
#[cfg(feature = "wasm")]
pub mod wasm;

pub use class::Class;
pub use highlighter::{Highlighter, Span, Update};
