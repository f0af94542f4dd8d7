//! Sequences: who says what to whom, in order. The language; `sequence/chart.rs` draws it.

mod chart;

use crate::{Drawing, Error, MAX_PARTS, graph::Head, text};

/// How many take part at most.
const MAX_ACTORS: usize = 40;

#[derive(Default)]
struct Sequence {
    title: String,
    /// Who takes part: name and label.
    actors: Vec<(String, String)>,
    rows: Vec<Row>,
    numbered: bool,
}

enum Row {
    Message(Message),
    /// A note from one to another, or beside one: -1 to its left, 1 to its right.
    Note {
        from: usize,
        to: usize,
        side: i8,
        label: String,
    },
    Activate(usize, bool),
    /// A frame begins: its kind and what it says.
    Begin(&'static str, String),
    /// The next part of a frame.
    Part(String),
    End,
}

struct Message {
    from: usize,
    to: usize,
    label: String,
    dotted: bool,
    heads: [Head; 2],
}

/// How messages are written, those first that hold others.
const ARROWS: [(&str, bool, Head, Head); 10] = [
    ("<<-->>", true, Head::Arrow, Head::Arrow),
    ("<<->>", false, Head::Arrow, Head::Arrow),
    ("-->>", true, Head::None, Head::Arrow),
    ("->>", false, Head::None, Head::Arrow),
    ("--x", true, Head::None, Head::Cross),
    ("--)", true, Head::None, Head::Arrow),
    ("-->", true, Head::None, Head::None),
    ("->", false, Head::None, Head::None),
    ("-x", false, Head::None, Head::Cross),
    ("-)", false, Head::None, Head::Arrow),
];

const FRAMES: [&str; 6] = ["loop", "alt", "opt", "par", "critical", "break"];

pub(crate) fn draw<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Drawing, Error> {
    let mut sequence = Sequence::default();
    // Boxes and coloured grounds end like frames do, but are not drawn.
    let mut open = Vec::new();
    for line in lines {
        if sequence.rows.len() > 2 * MAX_PARTS {
            return Err(Error::TooLarge);
        }
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "participant" | "actor" => {
                sequence.actor(rest, true)?;
            }
            "create" => {
                let rest = rest.trim_start_matches("participant ").trim_start_matches("actor ");
                sequence.actor(rest, true)?;
            }
            "autonumber" => sequence.numbered = true,
            "title" | "title:" => sequence.title = text::label(rest),
            "activate" | "deactivate" => {
                let actor = sequence.actor(rest, false)?;
                sequence.rows.push(Row::Activate(actor, word == "activate"));
            }
            "Note" | "note" => {
                let row = sequence.note(rest).ok_or_else(|| Error::Line(text::short(line, 80)))?;
                sequence.rows.push(row?);
            }
            "rect" | "box" => open.push(false),
            "else" | "and" | "option" => sequence.rows.push(Row::Part(text::label(rest))),
            "end" => {
                if open.pop() == Some(true) {
                    sequence.rows.push(Row::End);
                }
            }
            "destroy" | "link" | "links" | "properties" | "accTitle:" | "accDescr:" => {}
            _ => match FRAMES.into_iter().find(|frame| *frame == word) {
                Some(frame) => {
                    open.push(true);
                    sequence.rows.push(Row::Begin(frame, text::label(rest)));
                }
                None => sequence.message(line)?,
            },
        }
    }
    if sequence.actors.is_empty() {
        return Err(Error::Line(String::from("sequenceDiagram")));
    }
    Ok(chart::draw(&sequence))
}

impl Sequence {
    /// The place of who is called this, `A as Alice` where that is declared.
    fn actor(&mut self, name: &str, declared: bool) -> Result<usize, Error> {
        let (id, label) = match name.split_once(" as ") {
            Some((id, label)) if declared => (id.trim(), text::label(label)),
            _ => (name.trim(), text::label(name)),
        };
        if let Some(known) = self.actors.iter().position(|actor| actor.0 == id) {
            return Ok(known);
        }
        if self.actors.len() >= MAX_ACTORS {
            return Err(Error::TooLarge);
        }
        self.actors.push((id.into(), label));
        Ok(self.actors.len() - 1)
    }

    fn note(&mut self, rest: &str) -> Option<Result<Row, Error>> {
        let (place, label) = rest.split_once(':')?;
        let sides = [("over ", 0), ("left of ", -1), ("right of ", 1)];
        let (names, side) =
            sides.into_iter().find_map(|(word, side)| Some((place.strip_prefix(word)?, side)))?;
        let (from, to) = names.split_once(',').unwrap_or((names, names));
        let ends = self.actor(from, false).and_then(|from| self.actor(to, false).map(|to| (from, to)));
        Some(ends.map(|(from, to)| Row::Note {
            from: from.min(to),
            to: from.max(to),
            side,
            label: text::label(label),
        }))
    }

    fn message(&mut self, line: &str) -> Result<(), Error> {
        let unknown = || Error::Line(text::short(line, 80));
        let (ends, label) = line.split_once(':').unwrap_or((line, ""));
        let found = ARROWS.into_iter().find_map(|(arrow, dotted, first, last)| {
            let (from, to) = ends.split_once(arrow)?;
            Some((from.trim(), to.trim(), dotted, [first, last]))
        });
        let (from, to, dotted, heads) = found.filter(|found| !found.0.is_empty()).ok_or_else(unknown)?;
        let change = to.bytes().next().filter(|byte| matches!(byte, b'+' | b'-'));
        let to = to.trim_start_matches(['+', '-']).trim();
        if to.is_empty() {
            return Err(unknown());
        }
        let (from, to) = (self.actor(from, false)?, self.actor(to, false)?);
        self.rows.push(Row::Message(Message { from, to, label: text::label(label), dotted, heads }));
        match change {
            Some(b'+') => self.rows.push(Row::Activate(to, true)),
            Some(_) => self.rows.push(Row::Activate(from, false)),
            None => {}
        }
        Ok(())
    }
}
