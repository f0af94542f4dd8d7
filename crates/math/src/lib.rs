//! Formulas: LaTeX in, MathML out, as steps that build it; no DOM, no HTML, no fonts.
//!
//! What is read is the LaTeX that people and models write in chats: fractions, roots, scripts, sums and integrals,
//! accents, delimiters, alphabets, matrices and aligned lines. The input is treated as hostile. The names of elements
//! and attributes and the attributes' values are all constants of this crate, so nothing in a formula can name a link,
//! a script or a style; what it says becomes text only. Nesting and length are bounded. Commands that are not known are
//! an error, which says what was not understood.
//!
//! ```
//! use triptych_math::{Step, render};
//!
//! let steps = render(r"\frac{a}{2}", false)?;
//! assert!(steps.contains(&Step::Open("mfrac")));
//! assert!(render(r"\href{javascript:alert(1)}{x}", false).is_err());
//! # Ok::<(), triptych_math::Error>(())
//! ```

mod command;
mod environment;
mod font;
mod node;
mod parser;
mod symbol;
mod token;
#[cfg(feature = "wasm")]
pub mod wasm;

use std::fmt;

use node::Node;
use parser::Parser;

/// How long a formula is at most, in bytes.
pub const MAX_LENGTH: usize = 20_000;

/// A step that builds MathML, from the root on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Appends an element of this name to the open one, and opens it.
    Open(&'static str),
    /// Sets an attribute of the open element.
    Attribute(&'static str, &'static str),
    /// Appends text to the open element.
    Text(String),
    /// The open element's parent is the open one from here on.
    Close,
}

/// What of a formula was not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// A command or an environment that is not known.
    Unknown(String),
    /// Something that stands where it means nothing, or a partner that is missing.
    Unexpected(String),
    /// It is too long or nested too deep.
    TooLarge,
}

impl Error {
    /// The part of the formula in question.
    pub fn part(&self) -> &str {
        match self {
            Self::Unknown(part) | Self::Unexpected(part) => part,
            Self::TooLarge => "…",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown(_) => "unknown: ",
            Self::Unexpected(_) => "unexpected: ",
            Self::TooLarge => "too large: ",
        })?;
        f.write_str(self.part())
    }
}

impl std::error::Error for Error {}

/// The steps that build the `math` element of a formula.
pub fn render(source: &str, display: bool) -> Result<Vec<Step>, Error> {
    if source.len() > MAX_LENGTH {
        return Err(Error::TooLarge);
    }
    let mut root = Node::new("math", Parser::new(source).all()?);
    if display {
        root = root.with("display", "block");
    }
    let mut steps = Vec::new();
    root.steps(&mut steps);
    Ok(steps)
}
