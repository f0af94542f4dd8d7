//! Diagrams: Mermaid in, SVG out, as steps that build it; no DOM, no HTML.
//!
//! Flowcharts with subgraphs, state diagrams, sequences and pies are drawn, each by a layout of its own. The input is
//! treated as hostile. The names of elements and attributes are constants of this crate and the attributes' values are
//! numbers or constants too; links, scripts and styles of a diagram are left out, and what it says becomes text only.
//! How much there is in a diagram is bounded. What is not known is an error: the caller shows the source.
//!
//! ```
//! use triptych_diagram::{Step, render};
//!
//! let drawing = render("flowchart TD\n  a[Start] --> b{Ready?}\n  b -- yes --> c(End)").unwrap();
//! assert_eq!(drawing.description, "Start → Ready?; Ready? → End (yes)");
//! assert_eq!(drawing.steps[0], Step::Open("svg"));
//! assert!(render("gantt").is_err());
//! ```

mod canvas;
mod edge;
mod flowchart;
mod graph;
mod layered;
mod pie;
mod place;
mod sequence;
mod shape;
mod state;
mod text;
#[cfg(feature = "wasm")]
pub mod wasm;

/// How long the source of a diagram is at most, in bytes.
pub const MAX_LENGTH: usize = 20_000;

/// How many shapes or messages there are in one at most.
pub const MAX_PARTS: usize = 200;

/// A step that builds SVG, from the root on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Appends an element of this name to the open one, and opens it.
    Open(&'static str),
    /// Sets an attribute of the open element, to numbers or a constant.
    Attribute(&'static str, String),
    /// Appends text to the open element.
    Text(String),
    /// The open element's parent is the open one from here on.
    Close,
}

/// A diagram as it is drawn and as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing {
    /// What builds its `svg` element.
    pub steps: Vec<Step>,
    /// What it says, in words of its own.
    pub description: String,
}

/// Why a diagram is not drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Its kind is none of those that are drawn.
    Kind(String),
    /// A line that was not understood.
    Line(String),
    /// It is too large.
    TooLarge,
}

impl Error {
    /// The part of the diagram in question.
    pub fn part(&self) -> &str {
        match self {
            Self::Kind(part) | Self::Line(part) => part,
            Self::TooLarge => "…",
        }
    }
}

/// Draws a diagram.
pub fn render(source: &str) -> Result<Drawing, Error> {
    if source.len() > MAX_LENGTH {
        return Err(Error::TooLarge);
    }
    let source = text::without_front_matter(source);
    let mut lines = source.lines().map(text::statement).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let (kind, rest) = first.split_once([' ', ';']).unwrap_or((first, ""));
    let drawn = match kind {
        "graph" | "flowchart" | "flowchart-elk" => graph::draw(&flowchart::read(rest, lines)?)?,
        "stateDiagram" | "stateDiagram-v2" => graph::draw(&state::read(lines)?)?,
        "sequenceDiagram" => sequence::draw(lines)?,
        "pie" => pie::draw(rest, lines)?,
        _ => return Err(Error::Kind(text::short(kind, 40))),
    };
    Ok(drawn)
}
