//! The language of state diagrams, which become graphs.

use crate::{
    Error,
    graph::{Direction, Edge, Graph, Head},
    shape::Shape,
    text,
};

pub(crate) fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Graph, Error> {
    let mut graph = Graph::new(Direction::Down);
    let mut groups: Vec<usize> = Vec::new();
    let mut note = false;
    for line in lines {
        let unknown = || Error::Line(text::short(line, 80));
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let group = groups.last().copied();
        if note {
            note = line != "end note";
            continue;
        }
        match word {
            "classDef" | "class" | "style" | "hide" | "--" | "accTitle:" | "accDescr:" => {}
            "note" => note = !rest.contains(':'),
            "direction" => match group {
                Some(group) => graph.vertices[group].direction = Direction::read(rest),
                None => graph.direction = Direction::read(rest).unwrap_or(graph.direction),
            },
            "}" => {
                groups.pop();
            }
            "state" => {
                let (rest, opens) =
                    rest.trim_end().strip_suffix('{').map_or((rest, false), |rest| (rest, true));
                let (label, id) = match rest.split_once(" as ") {
                    Some((label, id)) => (label, id),
                    None => ("", rest),
                };
                let (id, kind) = id.split_once("<<").unwrap_or((id, ""));
                let id = id.trim().trim_matches('"');
                if opens {
                    let inner = graph.group(id, group)?;
                    groups.push(inner);
                }
                let vertex = state(&mut graph, id, group, true)?;
                if !label.is_empty() {
                    graph.vertices[vertex].label = text::label(label);
                }
                match kind.trim_end_matches('>') {
                    "choice" => {
                        graph.vertices[vertex].shape = Shape::Diamond;
                        graph.vertices[vertex].label.clear();
                    }
                    "fork" | "join" => graph.vertices[vertex].shape = Shape::Bar,
                    _ => {}
                }
            }
            _ => match line.split_once("-->") {
                Some((from, to)) => {
                    let (to, label) = to.split_once(':').unwrap_or((to, ""));
                    let from = state(&mut graph, from.trim(), group, true)?;
                    let to = state(&mut graph, to.trim(), group, false)?;
                    let label = text::label(label);
                    graph.connect(Edge {
                        from,
                        to,
                        label,
                        heads: [Head::None, Head::Arrow],
                        ..Edge::default()
                    })?;
                }
                None => {
                    let (id, label) = line.split_once(':').unwrap_or((line, ""));
                    if id.trim().contains(char::is_whitespace) {
                        return Err(unknown());
                    }
                    let vertex = state(&mut graph, id.trim(), group, true)?;
                    if !label.is_empty() {
                        graph.vertices[vertex].label = text::label(label);
                    }
                }
            },
        }
    }
    Ok(graph)
}

/// The state of this name. That of the start and the end is the same, and each group has its own.
fn state(graph: &mut Graph, name: &str, group: Option<usize>, begins: bool) -> Result<usize, Error> {
    let id = name.split(":::").next().unwrap_or_default();
    if id != "[*]" {
        let known = graph.vertices.len();
        let vertex = graph.vertex(id, group)?;
        if vertex == known {
            graph.vertices[vertex].shape = Shape::Round;
        }
        return Ok(vertex);
    }
    // No name that a source can give has a space in it.
    let mut own = String::from(if begins { "start of " } else { "end of " });
    own.push_str(group.and_then(|group| graph.vertices.get(group)).map_or("", |group| &group.id));
    let vertex = graph.vertex(&own, group)?;
    graph.vertices[vertex].shape = if begins { Shape::Start } else { Shape::Stop };
    graph.vertices[vertex].label.clear();
    Ok(vertex)
}
