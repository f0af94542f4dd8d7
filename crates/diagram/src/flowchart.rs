//! The language of flowcharts.

use crate::{
    Error,
    edge::{self, Scanner},
    graph::{Direction, Edge, Graph},
    shape::Shape,
    text,
};

/// Reads a flowchart from what follows its name.
pub(crate) fn read<'a>(header: &'a str, lines: impl Iterator<Item = &'a str>) -> Result<Graph, Error> {
    let (direction, rest) = header.trim().split_once(';').unwrap_or((header.trim(), ""));
    let mut graph = Graph::new(Direction::read(direction).unwrap_or(Direction::Down));
    let mut groups: Vec<usize> = Vec::new();
    for line in std::iter::once(rest).chain(lines).flat_map(statements).map(str::trim) {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "" | "style" | "classDef" | "class" | "click" | "linkStyle" | "accTitle:" | "accDescr:" => {}
            "subgraph" => {
                let (id, title) = title(rest);
                let group = graph.group(id, groups.last().copied())?;
                if !title.is_empty() {
                    graph.vertices[group].label = text::label(title);
                }
                groups.push(group);
            }
            "end" => {
                groups.pop();
            }
            "direction" => {
                let last = groups.last().copied();
                match last {
                    Some(group) => graph.vertices[group].direction = Direction::read(rest),
                    None => graph.direction = Direction::read(rest).unwrap_or(graph.direction),
                }
            }
            _ => chain(&mut graph, line, groups.last().copied())?,
        }
    }
    Ok(graph)
}

/// The statements of a line, between semicolons outside of quotes.
fn statements(line: &str) -> Vec<&str> {
    let (mut parts, mut quoted, mut start) = (Vec::new(), false, 0);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                parts.push(line.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(line.get(start..).unwrap_or_default());
    parts
}

/// The name of a subgraph and what stands over it.
fn title(rest: &str) -> (&str, &str) {
    match rest.split_once('[') {
        Some((id, title)) => (id.trim(), title.trim_end().trim_end_matches(']')),
        None => (rest.trim_matches('"'), rest),
    }
}

/// Vertices with edges between them.
fn chain(graph: &mut Graph, line: &str, group: Option<usize>) -> Result<(), Error> {
    let unknown = || Error::Line(text::short(line, 80));
    let mut scanner = Scanner::new(line);
    let mut from = vertices(graph, &mut scanner, group)?.ok_or_else(unknown)?;
    while !scanner.is_done() {
        let edge = edge::read(&mut scanner).ok_or_else(unknown)?;
        let to = vertices(graph, &mut scanner, group)?.ok_or_else(unknown)?;
        for &from in &from {
            for &to in &to {
                graph.connect(Edge { from, to, ..edge.clone() })?;
            }
        }
        from = to;
    }
    Ok(())
}

/// `a & b[Label]`
fn vertices(
    graph: &mut Graph,
    scanner: &mut Scanner<'_>,
    group: Option<usize>,
) -> Result<Option<Vec<usize>>, Error> {
    let mut found = Vec::new();
    loop {
        scanner.space();
        let id = scanner.id();
        if id.is_empty() {
            return Ok(None);
        }
        let vertex = graph.vertex(id, group)?;
        if let Some((shape, label)) = shape(scanner) {
            graph.vertices[vertex].label = text::label(label);
            graph.vertices[vertex].shape = shape;
        }
        if scanner.take(":::") {
            scanner.id();
        }
        found.push(vertex);
        scanner.space();
        if !scanner.take("&") {
            return Ok(Some(found));
        }
    }
}

/// What stands in brackets after a vertex's name.
fn shape<'a>(scanner: &mut Scanner<'a>) -> Option<(Shape, &'a str)> {
    const SHAPES: [(&str, &str, Shape); 14] = [
        ("(((", ")))", Shape::Double),
        ("((", "))", Shape::Circle),
        ("([", "])", Shape::Stadium),
        ("(", ")", Shape::Round),
        ("[[", "]]", Shape::Subroutine),
        ("[(", ")]", Shape::Cylinder),
        ("[/", "/]", Shape::Slanted),
        ("[/", "\\]", Shape::Trapezoid),
        ("[\\", "\\]", Shape::SlantedBack),
        ("[\\", "/]", Shape::Funnel),
        ("[", "]", Shape::Rect),
        ("{{", "}}", Shape::Hexagon),
        ("{", "}", Shape::Diamond),
        (">", "]", Shape::Flag),
    ];
    SHAPES.into_iter().find_map(|(open, close, shape)| {
        let label = scanner.between(open, close)?;
        Some((shape, label))
    })
}
